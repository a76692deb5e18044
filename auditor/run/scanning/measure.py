"""Lines and columns of byte offsets, and the lines around them, without ever decoding a whole file."""

from __future__ import annotations

from auditor.core.record import NamedTuple
from auditor.core.span import Position
from auditor.detect.views import decode

#: Bytes of a content that tell its encoding.
HEAD = 8192
_UNITS = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
_CONTINUED = range(0x80, 0xC0)


class Coding(NamedTuple):
    """How a content is written: a codec, bytes per code unit, and whether it is no text at all (then Latin-1)."""

    codec: str
    unit: int
    binary: bool
    marked: bool

    @classmethod
    def of(cls, head: bytes) -> Coding:
        """The coding of a content that begins with `head`."""
        decoded = decode(head)
        return cls(decoded.encoding, _UNITS.get(decoded.encoding, 1), decoded.binary, decoded.text.startswith("\ufeff"))

    def text(self, data: bytes) -> str:
        """The bytes as text; what is not valid becomes something that can be shown."""
        if self.unit == 1:
            return data.decode(self.codec, "surrogateescape")
        whole = data[: len(data) - len(data) % self.unit]
        return whole.decode(self.codec, "surrogatepass" if self.unit == 2 else "replace")

    def find_newline(self, data: bytes, start: int, end: int) -> int:
        """Offset of the first line feed in data[start:end], -1 if there is none. `start` begins a character."""
        newline = self._newline
        at = data.find(newline, start, end)
        while at >= 0 and (at - start) % self.unit:
            at = data.find(newline, at + 1, end)
        return at

    def rfind_newline(self, data: bytes, start: int, end: int) -> int:
        """Offset of the last one. `end` ends a character."""
        newline = self._newline
        at = data.rfind(newline, start, end)
        while at >= 0 and (end - at) % self.unit:
            at = data.rfind(newline, start, at + self.unit - 1)
        return at

    @property
    def _newline(self) -> bytes:
        return "\n".encode(self.codec)


class Ruler:
    """Where in a content a reader is who moves through it from its beginning to its end: line and column from 1."""

    __slots__ = ("_binary", "_column", "_line", "coding")

    def __init__(self, coding: Coding) -> None:
        self.coding = coding
        self._line = 1
        # A byte order mark takes no column.
        self._column = 0 if coding.marked else 1

    @property
    def position(self) -> Position:
        """The place reached."""
        return Position(self._line, max(self._column, 1))

    def move(self, passed: bytes) -> None:
        """Move over these bytes, which end where a character ends."""
        if self.coding.binary:
            self._column += len(passed)
            return
        if self.coding.unit > 1:
            text = self.coding.text(passed)
            lines, after = text.count("\n"), len(text) - text.rfind("\n") - 1
        else:
            lines = passed.count(b"\n")
            tail = passed[passed.rfind(b"\n") + 1 :] if lines else passed
            after = len(tail) if tail.isascii() else len(self.coding.text(tail))
        self._line += lines
        self._column = after + 1 if lines else self._column + after

    def beyond(self, passed: bytes) -> Position:
        """The place that `move` would reach, without moving."""
        other = Ruler(self.coding)
        other._line, other._column = self._line, self._column
        other.move(passed)
        return other.position


class Line(NamedTuple):
    """The line around a place, or as much of it as `reach` allows: data[start:end] without the line end."""

    start: int
    end: int
    cut_left: bool
    cut_right: bool


def line_at(data: bytes, place: int, coding: Coding, reach: int) -> Line:
    """The line that holds the character at `place`. `reach`: bytes looked at on either side, a multiple of 4."""
    low = max(place - reach, 0)
    before = coding.rfind_newline(data, low, place)
    after = coding.find_newline(data, place, min(place + reach, len(data)))
    start = before + coding.unit if before >= 0 else _character(data, low, place, coding)
    end = after if after >= 0 else min(place + reach, len(data))
    return Line(start, end, before < 0 and low > 0, after < 0 and end < len(data))


def line_above(data: bytes, line: Line, coding: Coding, reach: int) -> str:
    """Text of the line above, at most the last `reach` bytes of it; "" above the first one."""
    if line.cut_left or line.start < coding.unit:
        return ""
    end = line.start - coding.unit
    low = max(end - reach, 0)
    before = coding.rfind_newline(data, low, end)
    return coding.text(data[before + coding.unit if before >= 0 else low : end])


def printable_run(data: bytes, start: int, end: int, reach: int) -> Line:
    """The printable ASCII around data[start:end], at most `reach` bytes on either side."""
    low, high = start, end
    while low > max(start - reach, 0) and 0x20 <= data[low - 1] < 0x7F:
        low -= 1
    while high < min(end + reach, len(data)) and 0x20 <= data[high] < 0x7F:
        high += 1
    return Line(low, high, False, False)


def _character(data: bytes, at: int, limit: int, coding: Coding) -> int:
    """The first place from `at` on where a character begins."""
    while coding.codec == "utf-8" and 0 < at < limit and data[at] in _CONTINUED:
        at += 1
    return at
