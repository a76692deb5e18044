"""Where decoded characters came from. Knows no encoding of secrets, only lengths."""

from __future__ import annotations

from array import array
from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Place(Protocol):
        """Maps ranges of a decoded text to ranges of the text it was decoded from."""

        def source(self, start: int, end: int) -> tuple[int, int]:
            """The range that produced the decoded characters `start` to `end`; empty ranges give empty ranges."""

        def decoded(self, start: int, end: int) -> bool:
            """Whether a character of the range was written otherwise in the source."""


_STEP = 1024


class Pieces:
    """Runs of decoded characters, each run with one width: the number of source characters behind each of its own.

    A copied stretch has width 1, a run of `%41%42` has width 3. Gaps between runs (line ends of wrapped text) belong
    to nobody. Runs are added in order.
    """

    __slots__ = ("_at", "_next", "_start", "_width", "length")

    def __init__(self) -> None:
        self._at = array("q")
        self._start = array("q")
        self._width = array("q")
        self._next = -1
        self.length = 0

    def add(self, count: int, start: int, width: int) -> None:
        """Append `count` characters whose source begins at `start`, `width` source characters for each."""
        if count <= 0:
            return
        if start != self._next or width != self._width[-1]:
            self._at.append(self.length)
            self._start.append(start)
            self._width.append(width)
        self.length += count
        self._next = start + count * width

    def source(self, start: int, end: int) -> tuple[int, int]:
        """The source range of a decoded range; out of range is clipped."""
        if not self.length:
            return 0, 0
        start = min(max(start, 0), self.length)
        end = min(max(end, start), self.length)
        if start == self.length:
            return self._next, self._next
        first = self._begin(start)
        return first, self._end(end - 1) if end > start else first

    def decoded(self, start: int, end: int) -> bool:
        """Whether the range has a character of a run that is not a plain copy."""
        if end <= start or not self.length:
            return False
        first = max(bisect_right(self._at, start) - 1, 0)
        last = bisect_right(self._at, end - 1)
        return any(self._width[run] != 1 for run in range(first, min(last, first + _STEP)))

    def _begin(self, index: int) -> int:
        run = bisect_right(self._at, index) - 1
        return self._start[run] + (index - self._at[run]) * self._width[run]

    def _end(self, index: int) -> int:
        run = bisect_right(self._at, index) - 1
        return self._start[run] + (index - self._at[run] + 1) * self._width[run]


class ByteOffsets:
    """Byte offset of every character of a text that was decoded from bytes.

    `encoding` and `errors` are the codec's, and must give the same bytes back. Built at the first question, in one
    pass; a question costs at most one step of it.
    """

    __slots__ = ("_encoding", "_errors", "_marks", "_plain", "_text", "_unit")

    def __init__(self, text: str, encoding: str, errors: str = "strict") -> None:
        self._text = text
        self._encoding = encoding
        self._errors = errors
        wide = encoding.startswith("utf-16")
        self._unit = 2 if wide else 1
        self._plain = encoding == "latin-1" or (not wide and text.isascii())
        self._marks = array("q")

    def offset(self, index: int) -> int:
        """Bytes before the character `index`; the text's length gives the number of bytes. Clipped."""
        index = min(max(index, 0), len(self._text))
        if self._plain:
            return index * self._unit
        if not self._marks:
            self._build()
        mark = index // _STEP
        return self._marks[mark] + self._size(mark * _STEP, index)

    def _build(self) -> None:
        total = 0
        for start in range(0, len(self._text) + 1, _STEP):
            self._marks.append(total)
            total += self._size(start, start + _STEP)

    def _size(self, start: int, end: int) -> int:
        return len(self._text[start:end].encode(self._encoding, self._errors))


class Quads:
    """Text decoded from bytes that were written as base64: four characters for every three bytes."""

    __slots__ = ("_bytes", "_letters")

    def __init__(self, offsets: ByteOffsets, letters: Pieces) -> None:
        self._bytes = offsets
        self._letters = letters

    def source(self, start: int, end: int) -> tuple[int, int]:
        """The letters that hold at least one bit of the decoded range."""
        first, last = self._bytes.offset(start), self._bytes.offset(end)
        begin = first // 3 * 4 + first % 3
        if last <= first:
            return self._letters.source(begin, begin)
        return self._letters.source(begin, (last - 1) // 3 * 4 + (last - 1) % 3 + 2)

    def decoded(self, start: int, end: int) -> bool:
        """True for every range that is not empty."""
        return end > start


class Pairs:
    """Text decoded from bytes that were written as two letters each (hexadecimal)."""

    __slots__ = ("_bytes", "_letters")

    def __init__(self, offsets: ByteOffsets, letters: Pieces) -> None:
        self._bytes = offsets
        self._letters = letters

    def source(self, start: int, end: int) -> tuple[int, int]:
        """The letters of the bytes of the decoded range."""
        return self._letters.source(2 * self._bytes.offset(start), 2 * self._bytes.offset(end))

    def decoded(self, start: int, end: int) -> bool:
        """True for every range that is not empty."""
        return end > start


class Whole:
    """Text whose characters cannot be told apart in the source (compressed): every range comes from all of it."""

    __slots__ = ("_end", "_start")

    def __init__(self, start: int, end: int) -> None:
        self._start = start
        self._end = end

    def source(self, start: int, end: int) -> tuple[int, int]:
        """The whole stretch, for every range."""
        return self._start, self._end

    def decoded(self, start: int, end: int) -> bool:
        """True for every range that is not empty."""
        return end > start
