"""Secrets in a compose file, where they stand as text: entries judged as ENV and ARG are in a Dockerfile, command
lines as CMD, contents as COPY with a heredoc. Facts only."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Secret
from auditor.detect import values
from auditor.flow.clients import is_client_config
from auditor.flow.facts import Literal
from auditor.flow.variables import literal_beside, literal_of, unquoted
from auditor.lang.compose.interpolation import interpolated
from auditor.lang.compose.parts import Parts

if TYPE_CHECKING:
    from auditor.core.span import Span
    from auditor.flow.mounted import Mounted
    from auditor.flow.place import Place
    from auditor.flow.secretfiles import SecretFile
    from auditor.flow.spoken import Spoken
    from auditor.lang.compose.services import ComposeText, Entry, Section
    from auditor.lang.dockerfile.substitution import VariableUse
    from auditor.lang.dockerfile.text import Text


class Setting(NamedTuple):
    """An entry of a section whose value is a literal secret or holds one; `uses` are the variables in it, with
    offsets of its `text`."""

    entry: Entry
    literal: Literal
    uses: list[VariableUse]
    text: Text

    def at(self, use: VariableUse) -> Span:
        """The place of a variable in the file."""
        return self.text.span(use.start, use.end)

    @property
    def kind(self) -> str:
        """Of its section: `environment`, `args`, `labels`, `options`."""
        return self.entry.section.kind

    @property
    def label(self) -> str:
        """Where it belongs and its name: `db.POSTGRES_PASSWORD`."""
        return f"{self.entry.section.label}.{self.entry.name}"


class ComposeFacts:
    """What a compose file says; `path` is how the file is shown, `place` what lies beside it (None: not looked at).

    `settings` are those of `environment`, `given` those of the other sections, `spoken` what stands in command lines
    and contents, `mounted` the folders of credentials that services get, `files` the files of secrets that leak.
    """

    def __init__(self, path: str, file: ComposeText, place: Place | None = None) -> None:
        from auditor.flow.mounted import mounts  # start-up: files without findings of a kind need no table of it
        from auditor.flow.spoken import spoken

        self.path = path
        self.file = file
        self.place = place
        self.parts = Parts(file)
        self.settings = _settings(file.sections)
        self.given = _settings(self.parts.sections)
        self.spoken: list[Spoken] = spoken(file, self.parts)
        self.mounted: list[Mounted] = mounts(self.parts)
        self.files: list[SecretFile] = []
        if place is not None:
            from auditor.flow.secretfiles import secret_files  # start-up: only where the disk may be looked at

            self.files = secret_files(file, self.parts, place)


def _settings(sections: list[Section]) -> list[Setting]:
    return [s for section in sections for e in section.entries if (s := _setting(e)) is not None]


def _in_mount_options(text: Text, uses: list[VariableUse]) -> Literal | None:
    """The secret among the options of `mount -o`, which commas divide."""
    at = 0
    for option in text.text.split(","):
        name, equals, _value = option.partition("=")
        start = at + len(name) + 1
        at += len(option) + 1
        if equals and not any(use.start < at and start < use.end for use in uses):
            literal = literal_of(name, text.slice(start, at - 1))
            if literal is not None:
                return literal
    return None


def _setting(entry: Entry) -> Setting | None:
    if entry.raw is None or not entry.raw.text:
        return None
    name = entry.name if entry.section.kind != "labels" else entry.name.rpartition(".")[2]
    text, uses = interpolated(unquoted(entry.raw))
    literal = _in_mount_options(text, uses) if entry.section.kind == "options" and name == "o" else None
    literal = literal or (literal_beside(name, text, uses) if uses else literal_of(name, text))
    if literal is not None and entry.section.kind == "labels" and values.is_hash(literal.secret.reveal()):
        return None  # what a reverse proxy compares passwords with
    if not uses and (literal is None or literal.kind == "value") and is_client_config(text.text):
        literal = Literal(Secret(text.text, "keeper-config"), text.whole, "secret", "value", name)
    return Setting(entry, literal, uses, text) if literal is not None else None
