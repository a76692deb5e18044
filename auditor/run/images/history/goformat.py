"""Reads what Go's fmt package prints: lists of quoted strings, `[a b]`, and the structs of health checks."""

from __future__ import annotations

import re
import sys

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple

_QUOTED = Pattern(r'"((?:[^"\\]|\\.)*+)"|`([^`]*+)`')
#: Most strings of one list.
_MOST_PIECES = 10_000
_BETWEEN = Pattern(r"[ \t,]*+")
_ESCAPE = Pattern(r"(?s)\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))")
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_MAP_KEY = Pattern(r"([^\s\[\]:]+(?:/(?:tcp|udp|sctp))?):\{\}")


class Piece(NamedTuple):
    """One string of a printed list, decoded, and where it stands (half-open, without its quotes)."""

    text: str
    start: int
    end: int


def decoded(text: str) -> str:
    """A Go or JSON string literal without its quotes; an escape that means nothing stays as it is."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    for digits, base in zip(match.groups()[:4], (16, 16, 16, 8), strict=True):
        if digits:
            number = int(digits, base)
            return chr(number) if number <= sys.maxunicode else match[0]
    return _PLAIN.get(match[5], match[5])


def quoted_list(text: str, start: int = 0) -> tuple[list[Piece], int] | None:
    """The strings of `["a" "b"]` or `["a", "b"]` that begins at `start`, and where it ends; None if none does,
    or one with too many."""
    if text[start : start + 1] != "[":
        return None
    found: list[Piece] = []
    at = start + 1
    while len(found) < _MOST_PIECES:
        at = _end(text, at)
        if text[at : at + 1] == "]":
            return found, at + 1
        match = _QUOTED.match(text, at)
        if match is None:
            return None
        group = 1 if match[1] is not None else 2
        found.append(Piece(decoded(match[1]) if group == 1 else match[2], *match.span(group)))
        at = match.end()
    return None


def healthcheck(text: str) -> list[Piece]:
    """The test of a health check as a history prints it; [] if it is something else.

    Builders print the struct with `%q` (`&{["CMD-SHELL" "x"] "0s" ...}`), newer ones with `%v`
    (`{Test:[CMD-SHELL x y] Interval:0s ...}`), which does not tell one string from the next: what follows the first
    word is one piece.
    """
    at = text.find("[")
    if at < 0:
        return []
    listed = quoted_list(text, at)
    if listed is not None:
        return listed[0]
    end = text.find("] Interval:", at)
    if end < 0:
        end = text.rfind("]")
    if end <= at:
        return []
    first, blank, rest = text[at + 1 : end].partition(" ")
    pieces = [Piece(first, at + 1, at + 1 + len(first))]
    return [*pieces, Piece(rest, end - len(rest), end)] if blank else pieces


def words(text: str) -> list[str]:
    """The words of `["a" "b"]`, `["a", "b"]` or `[a b]` (of the last one only blanks tell where each ends)."""
    listed = quoted_list(text)
    if listed is not None:
        return [piece.text for piece in listed[0]]
    return text[1:-1].split() if text[:1] == "[" and text[-1:] == "]" else []


def map_keys(text: str) -> list[str]:
    """The keys of `map[80/tcp:{} 443/tcp:{}]`."""
    return [match[1] for match in _MAP_KEY.finditer(text.removeprefix("map["))]


def _end(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match is not None else at
