"""Secrets in a compose file: the entries of its environments, judged as ENV is in a Dockerfile. Facts only."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.flow.variables import literal_beside, literal_of, unquoted
from auditor.lang.compose.interpolation import interpolated

if TYPE_CHECKING:
    from auditor.core.span import Span
    from auditor.flow.facts import Literal
    from auditor.lang.compose.services import ComposeText, Entry
    from auditor.lang.dockerfile.substitution import VariableUse
    from auditor.lang.dockerfile.text import Text


class Setting(NamedTuple):
    """An entry of an environment whose value is a literal secret or holds one; `uses` are the variables in it, with
    offsets of its `text`."""

    entry: Entry
    literal: Literal
    uses: list[VariableUse]
    text: Text

    def at(self, use: VariableUse) -> Span:
        """The place of a variable in the file."""
        return self.text.span(use.start, use.end)

    @property
    def label(self) -> str:
        """Where it belongs and its name: `db.POSTGRES_PASSWORD`."""
        return f"{self.entry.section.label}.{self.entry.name}"


class ComposeFacts:
    """What a compose file says; `path` is how the file is shown."""

    def __init__(self, path: str, file: ComposeText) -> None:
        self.path = path
        self.file = file
        self.settings = [s for section in file.sections for e in section.entries if (s := _setting(e)) is not None]


def _setting(entry: Entry) -> Setting | None:
    if entry.raw is None or not entry.raw.text:
        return None
    text, uses = interpolated(unquoted(entry.raw))
    literal = literal_beside(entry.name, text, uses) if uses else literal_of(entry.name, text)
    return Setting(entry, literal, uses, text) if literal is not None else None
