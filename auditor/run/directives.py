"""Reads comments that silence findings: our own, and those of the tools that teams already use.

Knows where a comment applies (file, instruction, line); whether anything is silenced is `suppress`'s business.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from auditor.core.span import LineIndex, Span

    class Lined(Protocol):
        """A part of a file: its first and last line."""

        @property
        def line(self) -> int:
            """From 1."""

        @property
        def end_line(self) -> int:
            """From 1."""

    class Commented(Protocol):
        """A file as read, with its comments; `instructions` are the parts that a comment may belong to."""

        @property
        def text(self) -> str:
            """All of it."""

        @property
        def lines(self) -> LineIndex:
            """Of the text."""

        @property
        def instructions(self) -> Sequence[Lined]:
            """In the order of the file."""

        @property
        def comments(self) -> Sequence[Span]:
            """In the order of the file."""

        @property
        def directives(self) -> Mapping[str, str]:
            """Of the head of the file."""


#: Rules for the same idea as BuildKit's SecretsUsedInArgOrEnv check and hadolint's DL3064.
VARIABLE_RULES = ("arg-secret", "arg-default-secret", "env-secret")
HADOLINT_RULE = "DL3064"
BUILDKIT_CHECK = "secretsusedinargorenv"
#: Markers of secret scanners: each silences whatever is found on its line or on the line below it.
MARKERS = (
    "pragma: allowlist nextline secret",
    "pragma: allowlist secret",
    "gitleaks:allow",
    "betterleaks:allow",
    "trufflehog:ignore",
    "kingfisher:ignore",
    "ggignore",
)
_NEXT_LINE_ONLY = MARKERS[0]
#: What ends a comment in the languages that end it before the line does.
CLOSERS = ("*/", "-->", "-}", "*)")
_LONGEST = 2000
_OURS = re.compile(r"#\s*audit:\s*(ignore-file|ignore)(?![\w-])\s*(?:\[([^\]]*)\])?\s*(.*)", re.DOTALL)
_HADOLINT_CODES = re.compile(r"(?:[A-Za-z]{2}[0-9]+[,\s]*)*")
_HADOLINT = re.compile(r"#\s*hadolint\s+(global\s+)?ignore\s*=\s*(.*)", re.DOTALL)


class Ignore:
    """One comment that asks for silence. `line` is the instruction it belongs to (None: the whole file, or nothing
    if `problem` says why it has no effect). `ours` ones are reported when they silence nothing. `explained`: whether
    somebody wrote why."""

    __slots__ = ("explained", "line", "ours", "problem", "reason", "rules", "span", "used")

    def __init__(self, rules: tuple[str, ...], reason: str, line: int | None, span: Span, *, ours: bool) -> None:
        self.rules = rules
        self.reason = reason
        self.line = line
        self.span = span
        self.ours = ours
        self.explained = ours and bool(reason)
        self.problem = ""
        self.used: set[str] = set()


class _Place(NamedTuple):
    """Where a comment stands: the line of the instruction it belongs to, and whether it is at the file's head."""

    instruction: int | None
    head: bool


class Lines:
    """Which instruction a line belongs to."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, document: Commented) -> None:
        instructions = document.instructions
        self._starts = [node.line for node in instructions]
        self._ends = [node.end_line for node in instructions]

    def instruction(self, line: int) -> int | None:
        """First line of the instruction that covers this line."""
        at = bisect_right(self._starts, line) - 1
        return self._starts[at] if at >= 0 and line <= self._ends[at] else None

    def following(self, line: int) -> int | None:
        """First line of the next instruction below this line."""
        at = bisect_right(self._starts, line)
        return self._starts[at] if at < len(self._starts) else None


def ignores(document: Commented, lines: Lines, part: str = "instruction") -> list[Ignore]:
    """Every comment that silences by instruction (called `part` in messages) or by file, in the order of the file."""
    found = [_buildkit(document)] if document.directives.get("check") else []
    comment_lines = {document.lines.line(span.start) for span in document.comments}
    blocks = _block_ends(sorted(line for line in comment_lines if lines.instruction(line) is None))
    for span in document.comments:
        text = document.text[span.start : min(span.end, span.start + _LONGEST)].rstrip("\r\n")
        if "audit:" in text or "hadolint" in text:
            found.append(_read(text, span, _place(document.lines.line(span.start), lines, blocks), part))
    return [ignore for ignore in found if ignore is not None]


def marker(line: str) -> str:
    """The secret scanner's marker in a comment of this line, or ""."""
    lowered = line.lower()
    for word in MARKERS:
        at = lowered.find(word)
        start = lowered.find("#")
        while 0 <= start < at:
            if start == 0 or lowered[start - 1].isspace():
                return word
            start = lowered.find("#", start + 1)
    return ""


def same_line_marker(line: str) -> str:
    """As `marker`, without the ones that speak of the next line only."""
    word = marker(line)
    return "" if word == _NEXT_LINE_ONLY else word


def gives_reason(line: str, word: str) -> bool:
    """Whether words follow this marker in its comment; other markers are none."""
    rest = line.lower().partition(word)[2] if word else ""
    for closer in CLOSERS:
        rest = rest.partition(closer)[0]
    for other in MARKERS:
        rest = rest.replace(other, "")
    return any(char.isalnum() for char in rest)


def _block_ends(comment_lines: list[int]) -> dict[int, int]:
    """For every comment line the last line of its unbroken block of comment lines."""
    ends: dict[int, int] = {}
    last = 0
    for line in reversed(comment_lines):
        last = last if line + 1 in ends else line
        ends[line] = last
    return ends


def _place(line: int, lines: Lines, blocks: dict[int, int]) -> _Place:
    inside = lines.instruction(line)
    if inside is not None:
        return _Place(inside, False)
    below = blocks[line] + 1
    head = lines.following(0) is None or line < (lines.following(0) or 0)
    return _Place(below if lines.following(below - 1) == below else None, head)


def _buildkit(document: Commented) -> Ignore | None:
    """`# check=skip=NAME,...;error=...`: a directive for the whole file."""
    value = document.directives["check"]
    for part in value.split(";"):
        key, _, names = part.partition("=")
        skipped = [name.strip().lower() for name in names.split(",")]
        if key.strip().lower() == "skip" and (BUILDKIT_CHECK in skipped or "all" in skipped):
            start = document.lines.bounds(1)
            return Ignore(VARIABLE_RULES, f"check={value.strip()}", None, start, ours=False)
    return None


def _read(text: str, span: Span, place: _Place, part: str) -> Ignore | None:
    ours = _OURS.match(text)
    if ours:
        return _own(ours, span, place, part)
    other = _HADOLINT.match(text)
    if other is None or HADOLINT_RULE not in re.split(r"[,\s]+", other[2]):
        return None
    if not other[1] and place.instruction is None:
        return None
    what = "hadolint global ignore" if other[1] else f"hadolint ignore={HADOLINT_RULE}"
    ignore = Ignore(VARIABLE_RULES, what, None if other[1] else place.instruction, span, ours=False)
    ignore.explained = any(char.isalnum() for char in _HADOLINT_CODES.sub("", other[2], count=1))
    return ignore


def _own(match: re.Match[str], span: Span, place: _Place, part: str) -> Ignore:
    rules = tuple(dict.fromkeys(name.strip() for name in (match[2] or "").split(",") if name.strip()))
    whole = match[1] == "ignore-file"
    ignore = Ignore(rules, " ".join(match[3].split()), None if whole else place.instruction, span, ours=True)
    if not rules:
        ignore.problem = f"This ignore names no rule: write audit: {match[1]}[rule-id] and the reason."
    elif whole and not place.head:
        ignore.problem = f"This ignore-file has no effect: it must stand above the first {part}."
    elif not whole and place.instruction is None:
        ignore.problem = f"This ignore has no effect: it must stand on the line above an {part}, or inside one."
    return ignore
