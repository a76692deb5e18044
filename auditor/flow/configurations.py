"""Servers' configuration that a build puts into its image, and the private keys that it names.

Read are files of the build context that COPY and ADD bring, and heredocs of the Dockerfile; how, is said by
`rules/configurations/`. Facts only: whether a key that is named may leave the image is for others to say.
"""

from __future__ import annotations

from functools import lru_cache

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.resources import load_rules
from auditor.flow.facts import Step
from auditor.flow.paths import absolute
from auditor.flow.placements import placements
from auditor.lang.directives import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.ruledata import ConfigurationEntry
    from auditor.core.span import Span
    from auditor.flow.build import Build
    from auditor.lang.directives import Word
    from auditor.lang.dockerfile.nodes import Heredoc, Instruction

_LIMIT = 256 * 1024
_MOST_BYTES = 8 * 1024 * 1024
_MOST_NAMINGS, _MOST_OF_ONE = 1_000, 200
#: A path that stands for itself in every notation.
_PLAIN = Pattern(r"[\w./@+,=:~-]+")
#: Texts about configuration, and programs that write one.
_NO_CONFIGURATION = (
    ".md", ".rst", ".adoc", ".html", ".htm", ".js", ".ts", ".py", ".rb", ".go", ".php", ".java", ".sh", ".bash", ".css",
    ".svg", ".png", ".jpg", ".ico", ".pem", ".key", ".crt", ".map", ".lock",
)  # fmt: skip


class Naming(NamedTuple):
    """A setting that names a file of TLS material.

    `server` is the table's entry, `directive` the setting, `paths` the absolute paths that it may name (none: what it
    names is not a plain path), `word` how it is written, `span` where, in the text of the configuration. `is_key`: the
    setting is one for keys.
    """

    server: ConfigurationEntry
    directive: str
    paths: tuple[str, ...]
    word: str
    span: Span
    is_key: bool


class Configuration(NamedTuple):
    """A configuration in the image.

    `source` is its path in the build context ("" for a heredoc), `target` its path in the image ("" unknown). `step`
    and `span` are where the Dockerfile brings it. `heredoc` is the one that holds it. `comments` are spans of the
    text; `sure`: all of the text could be read.
    """

    source: str
    target: str
    text: str
    step: Step
    span: Span
    heredoc: Heredoc | None
    namings: tuple[Naming, ...]
    comments: tuple[Span, ...]
    sure: bool

    @property
    def shown(self) -> str:
        """What to call it."""
        return self.source or (f"the heredoc for {self.target}" if self.target else "a heredoc of a RUN")

    def line(self, naming: Naming) -> int:
        """The line of a naming in the file, from 1."""
        return self.text.count("\n", 0, naming.span.start) + 1


@lru_cache(maxsize=4)
def configurations(build: Build) -> tuple[Configuration, ...]:
    """The configuration of all servers of the table that the final image has, as far as it can be seen.

    Bounded in settings: texts beyond are left out, as if they were no configuration.
    """
    found: list[Configuration] = []
    room = _MOST_NAMINGS
    for one in (*_inline(build), *_copied(build)):
        read = _read(*one) if room > 0 else None
        if read is not None:
            room -= len(read.namings)
            found.append(read)
    return tuple(found)


def naming(build: Build, path: str) -> list[tuple[Configuration, Naming]]:
    """What names a file of the image (absolute path) as a private key, and as a certificate that is in it, too."""
    found = _by_path(build).get(path, [])
    return found if any(each.is_key for _one, each in found) else []


def naming_folder(build: Build, path: str) -> list[tuple[Configuration, Naming]]:
    """What names a folder above a file as one of keys."""
    known = _by_path(build)
    above = [path[:at] for at, char in enumerate(path) if char == "/" and at]
    return [pair for folder in above for pair in known.get(folder, []) if pair[1].is_key]


@lru_cache(maxsize=4)
def _by_path(build: Build) -> dict[str, list[tuple[Configuration, Naming]]]:
    found: dict[str, list[tuple[Configuration, Naming]]] = {}
    for one in configurations(build):
        for each in one.namings:
            for path in dict.fromkeys(each.paths):
                found.setdefault(path, []).append((one, each))
    return found


def places(build: Build, source: str, path: str) -> list[str]:
    """Where a file of the build context lies in the final image; `path` where that cannot be seen."""
    plain = source.removeprefix("./").lstrip("/")
    return list(dict.fromkeys([*_by_source(build).get(plain, ()), path]))


@lru_cache(maxsize=4)
def _by_source(build: Build) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in placements(build):
        if each.step.ships:
            found.setdefault(each.source, []).append(each.target)
    return found


def _copied(build: Build) -> Iterator[tuple[str, str, str, Step, Span, None]]:
    room = _MOST_BYTES
    seen: set[str] = set()
    for placement in placements(build):
        source = placement.source
        if source in seen or not placement.step.ships or source.lower().endswith(_NO_CONFIGURATION):
            continue
        seen.add(source)
        data = build.context.read(source, _LIMIT) if build.context is not None else None
        if data is None or b"\0" in data or data.startswith(b"#!"):
            continue
        room -= len(data)
        if room < 0:
            return
        yield source, placement.target, data.decode("utf-8", "surrogateescape"), placement.step, placement.span, None


def _inline(build: Build) -> Iterator[tuple[str, str, str, Step, Span, Heredoc]]:
    for stage in build.stages:
        for node in stage.instructions if stage.index in build.ships else ():
            for heredoc in node.heredocs if node.keyword in ("COPY", "ADD", "RUN") else ():
                step = Step(node, stage.index, True, False)
                span = node.keyword_span if node.keyword == "RUN" else node.words[-1].whole
                yield "", _target(node), heredoc.body.text, step, span, heredoc


def _target(node: Instruction) -> str:
    goal = node.words[-1].text if node.keyword != "RUN" and node.words else ""
    return goal if goal.startswith("/") and "$" not in goal else ""


def _read(source: str, target: str, text: str, step: Step, span: Span, heredoc: Heredoc | None) -> Configuration | None:
    """The configuration that a text is; None where it has no setting of the table."""
    namings: dict[int, Naming] = {}
    comments: tuple[Span, ...] = ()
    sure = True
    lowered = text.lower()
    for entry in load_rules()["tables"]["configurations"]:
        if not any(name in (lowered if entry.get("caseless") else text) for name in entry["directives"]):
            continue
        known = {*entry["directives"], *entry.get("others", ()), entry.get("base", "")}
        read = settings(text, entry["syntax"], known, caseless=entry.get("caseless", False))
        base = next((s.words[0].text for s in read.found if s.name == entry.get("base") and s.words), "")
        own: list[Naming] = []
        for setting in read.found:
            word = _path_word(setting.words, entry)
            if setting.name == entry.get("base") or word is None or len(own) >= _MOST_OF_ONE:
                continue
            is_key = (setting.name.lower() if entry.get("caseless") else setting.name) in entry["directives"]
            own.append(Naming(entry, setting.name, _paths(word.text, base, entry), word.text, word.span, is_key))
        if any(each.is_key for each in own) or not read.sure:
            sure = sure and read.sure
            comments = comments + read.comments
            namings.update((each.span.start, each) for each in own)
    if not namings:
        return None
    return Configuration(source, target, text, step, span, heredoc, tuple(namings.values()), comments, sure)


def _path_word(words: tuple[Word, ...], entry: ConfigurationEntry) -> Word | None:
    """The word that is the path; None where there is none."""
    at = entry.get("position", 1) - 1
    return words[at] if at < len(words) else None


def _paths(word: str, base: str, entry: ConfigurationEntry) -> tuple[str, ...]:
    """The absolute paths that a word may name; none for one that is not plain."""
    if not _PLAIN.fullmatch(word) or ("/" not in word and "." not in word):
        return ()
    if word.startswith("/"):
        return (absolute(word, "/", "/"),)
    if ":" in word or word.startswith("~"):
        return ()
    folders = [base] if base.startswith("/") else entry.get("folders", [])
    return tuple(absolute(word, folder, "/") for folder in folders)
