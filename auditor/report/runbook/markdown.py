"""Values inside Markdown: on one line, and nothing in them is markup, HTML, a link, or a command to a build service."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.report.plain import clean
from auditor.report.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 300
_CUT = "…"
#: Begins markup wherever it stands in a line. Underscores inside of words do not; `$` begins a formula on some sites.
_MARKUP = Pattern(r"[\\`*\[\]<>|~$]|_(?!(?<=[^\W_]_)[^\W_])|&(?=[#\w])|(?<=:)/(?=/)|(?<=\bwww)\.")
#: What hosting services take for a person to be told, or for an issue, merge request or commit.
_CALLS = Pattern(r"@(?=\w)|[#!](?=\d)|(?<=\bGH)-(?=\d)|(?<=\b[0-9a-f]{6})(?=[0-9a-f])")
_NOTHING = "\u200b"
_TICKS = Pattern(r"`+")
#: Words that a shell takes as they are.
_PLAIN = Pattern(r"[A-Za-z0-9_][A-Za-z0-9_./:@+-]*\Z")


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def finalize(value: object) -> str:
    """A value as a template may put it out."""
    return value if isinstance(value, Markdown) else text(str(value))


def text(value: str) -> Markdown:
    """Words in running text."""
    return Markdown(_MARKUP.sub(lambda found: f"\\{found[0]}", _line(value)))


def remark(value: str) -> Markdown:
    """Words in a comment on a hosting service: nobody is told of it, and no issue gets a reference."""
    return Markdown(_CALLS.sub(lambda found: f"{found[0]}{_NOTHING}", text(value)))


def code(value: str) -> Markdown:
    """A name or path as it is: a code span, whose fence is longer than any run of backticks in it."""
    line = _line(value) or " "
    fence = "`" * (max((len(run[0]) for run in _TICKS.finditer(line)), default=0) + 1)
    pad = " " if line.startswith(("`", " ")) or line.endswith(("`", " ")) else ""
    return Markdown(f"{fence}{pad}{line}{pad}{fence}")


def fence(lines: Sequence[str], indent: str = "", language: str = "") -> list[str]:
    """A block of code, whose marks are longer than any run of backticks in it."""
    shown = [clean(escape(line)).rstrip()[:_LONGEST] for line in lines]
    marks = "`" * max(3, 1 + max((len(run[0]) for line in shown for run in _TICKS.finditer(line)), default=0))
    return [f"{indent}{line}".rstrip() for line in (marks + language, *shown, marks)]


def word(value: str, otherwise: str) -> Markdown:
    """An argument of a command; a word to be filled in where a shell would make something else of it."""
    return Markdown(value if len(value) <= _LONGEST and _PLAIN.match(value) else otherwise)


def _line(value: str) -> str:
    line = clean(escape(value.strip()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]}{_CUT}{line[-_LONGEST // 2 :]}"
