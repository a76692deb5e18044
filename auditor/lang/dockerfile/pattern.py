"""Shell patterns (`*`, `?`) of `${x#p}`, `${x%p}` and `${x/p/r}` as BuildKit matches them, without backtracking.

BuildKit turns them into regular expressions. A pattern is a row of pieces between stars, so the longest match puts
every piece as late and the shortest as early as it can: plain searches do, whatever the input.
"""

from __future__ import annotations

import re

from auditor.core.pattern import Pattern

#: Bound on pattern length times value length, and on the length of a result; beyond it the expansion is refused.
MAX_WORK = 1_000_000

_TEMPLATE = Pattern(r"\$(?:\$|\{(\w+)\}|(\w+))")


class PatternError(ValueError):
    """A pattern that BuildKit refuses; `pattern` is the one at fault."""

    def __init__(self, message: str, pattern: str = "") -> None:
        super().__init__(message)
        self.pattern = pattern


#: A piece is a list of characters, None standing for `?`.
_Piece = list[str | None]


def _pieces(pattern: str) -> list[_Piece]:
    """Split at stars and undo escapes. Raises PatternError."""
    pieces: list[_Piece] = [[]]
    characters = iter(pattern.removeprefix("\ufeff"))
    for character in characters:
        if character == "*":
            pieces.append([])
        elif character == "?":
            pieces[-1].append(None)
        elif character == "\\":
            following = next(characters, "")
            if following not in ("*", "?", "\\", "}", "/"):
                raise PatternError(f"invalid escape '\\{following or chr(0xFFFD)}'", pattern)
            pieces[-1].append(following)
        else:
            pieces[-1].append(character)
    return pieces


def _finder(piece: _Piece) -> re.Pattern[str]:
    return re.compile("".join("." if c is None else re.escape(c) for c in piece), re.DOTALL)


def _find(piece: _Piece, value: str, start: int) -> int:
    """Offset of the first place of a piece at or after `start`; -1 for none."""
    if None not in piece:
        return value.find("".join(c or "" for c in piece), start)
    match = _finder(piece).search(value, start)
    return match.start() if match else -1


def _find_last(piece: _Piece, value: str, start: int) -> int:
    """Offset of the last place of a piece at or after `start`; -1 for none."""
    if None not in piece:
        return value.rfind("".join(c or "" for c in piece), start)
    finder = _finder(piece)
    for at in range(len(value) - len(piece), start - 1, -1):
        if finder.match(value, at):
            return at
    return -1


def _end(pieces: list[_Piece], value: str, start: int, longest: bool) -> int:
    """End of the match that begins at `start`; -1 for none."""
    if not _finder(pieces[0]).match(value, start):
        return -1
    at = start + len(pieces[0])
    for index, piece in enumerate(pieces[1:], 2):
        last = longest and index == len(pieces)
        found = _find_last(piece, value, at) if last else _find(piece, value, at)
        if found < 0:
            return -1
        at = found + len(piece)
    return at


def _check_work(pattern: str, value: str) -> None:
    if len(pattern) * len(value) > MAX_WORK:
        raise PatternError("pattern too costly", pattern)


def remove_prefix(pattern: str, value: str, *, longest: bool) -> str:
    """`${value#pattern}`, or `##` for the longest. Raises PatternError."""
    _check_work(pattern, value)
    end = _end(_pieces(pattern), value, 0, longest)
    return value if end < 0 else value[end:]


def remove_suffix(pattern: str, value: str, *, longest: bool) -> str:
    """`${value%pattern}`, or `%%` for the longest. Raises PatternError."""
    return remove_prefix(_backward(pattern), value[::-1], longest=longest)[::-1]


def _backward(pattern: str) -> str:
    """The pattern read from its end, escapes kept before what they escape; one that escapes nothing comes first."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        width = 2 if pattern[at] == "\\" and at + 1 < len(pattern) else 1
        parts.append(pattern[at : at + width])
        at += width
    return "".join(reversed(parts))


def replace(pattern: str, value: str, replacement: str, *, everywhere: bool) -> str:
    """`${value/pattern/replacement}`, or `//` for every match. Raises PatternError.

    With `//` BuildKit reads `$0`, `$1` and `$name` in the replacement as group references; only group 0 exists.
    """
    _check_work(pattern, value)
    pieces = _pieces(pattern)
    result: list[str] = []
    at, previous, room = 0, -1, MAX_WORK
    while at <= len(value):
        start = _find(pieces[0], value, at) if len(pieces) == 1 or pieces[0] else at
        end = _end(pieces, value, start, True) if start >= 0 else -1
        if end < 0:
            break
        result.append(value[at:start])
        if end > start or start != previous:
            part = _template(replacement, value[start:end]) if everywhere else replacement
            room -= len(part) + len(pattern)
            if room < 0:
                raise PatternError("result too long", pattern)
            result.append(part)
        previous = at = end
        if end == start:
            result.append(value[at : at + 1])
            at += 1
        if not everywhere:
            break
    result.append(value[at:])
    return "".join(result)


def _template(replacement: str, found: str) -> str:
    def group(match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2)
        if name is None:
            return "$"
        return found if name.isdecimal() and int(name) == 0 else ""

    return _TEMPLATE.sub(group, replacement) if "$" in replacement else replacement
