"""Places in a text: character spans, and the line and column they fall on. Knows no file format."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from auditor.core.record import NamedTuple


class Span(NamedTuple):
    """Half-open range of characters of a decoded text (BOM and carriage returns counted)."""

    start: int
    end: int

    def covers(self, offset: int) -> bool:
        """Whether the character at this offset lies inside."""
        return self.start <= offset < self.end


def mapped(start: int, end: int, at: Callable[[int], int] | None) -> Span:
    """The source span of a range of a derived text; `at` gives the source offset of a character (None: the same)."""
    if at is None:
        return Span(start, end)
    if end <= start:
        return Span(at(start), at(start))
    return Span(at(start), at(end - 1) + 1)


class Position(NamedTuple):
    """1-based line, 1-based column in characters (a leading BOM takes no column)."""

    line: int
    column: int


class LineIndex:
    """Line starts of one text. Lines end at LF only, as BuildKit's scanner counts them; a CR belongs to its line."""

    __slots__ = ("_bom", "_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._bom = text.startswith("\ufeff")
        starts = [0]
        at = text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = text.find("\n", at + 1)
        self._starts = starts

    @property
    def count(self) -> int:
        """Number of lines, the empty one after a final newline included."""
        return len(self._starts)

    def line(self, offset: int) -> int:
        """1-based line of an offset."""
        return bisect_right(self._starts, offset)

    def position(self, offset: int) -> Position:
        """Line and column of an offset."""
        line = bisect_right(self._starts, offset)
        column = offset - self._starts[line - 1] + 1
        if self._bom and line == 1 and column > 1:
            column -= 1
        return Position(line, column)

    def bounds(self, line: int) -> Span:
        """Span of a 1-based line without its line end (LF or CRLF) and BOM. Raises IndexError beyond the last line."""
        start = self._starts[line - 1] + (1 if line == 1 and self._bom else 0)
        end = self._starts[line] - 1 if line < len(self._starts) else len(self._text)
        if end > start and self._text[end - 1] == "\r":
            end -= 1
        return Span(start, end)
