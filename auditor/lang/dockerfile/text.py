"""Logical strings that remember where each of their characters stands in the source. Knows no Dockerfile grammar."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from auditor.core.span import Span

#: What Go's unicode.IsSpace accepts; `str.isspace` differs (it has U+001C to U+001F).
SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000"
)


class Text:
    """A logical string and where each character came from.

    Stored as runs: run k begins at logical offset `starts[k]`, at source offset `sources[k]`, and its last
    character ends at source offset `ends[k]`. Inside a run logical and source offsets advance together; a decoded
    escape is a run of one character whose source is wider. There is always at least one run, so that an empty
    string has a place too.
    """

    __slots__ = ("_ends", "_sources", "_starts", "text")

    def __init__(self, text: str, starts: Sequence[int], sources: Sequence[int], ends: Sequence[int]) -> None:
        self.text = text
        self._starts = starts
        self._sources = sources
        self._ends = ends

    @classmethod
    def at(cls, text: str, source: int) -> Text:
        """Text that stands in one piece at a source offset."""
        return cls(text, (0,), (source,), (source + len(text),))

    def source(self, index: int) -> int:
        """Source offset of a logical character; for `len(text)` the end of the last character."""
        if index >= len(self.text) > 0:
            return self._ends[-1]
        run = bisect_right(self._starts, index) - 1
        return self._sources[run] + index - self._starts[run]

    def span(self, start: int, end: int) -> Span:
        """Source range of the logical range [start, end)."""
        if end <= start:
            place = self.source(start)
            return Span(place, place)
        return Span(self.source(start), self._end_of(end - 1))

    @property
    def whole(self) -> Span:
        """Source range of all of it."""
        return self.span(0, len(self.text))

    def slice(self, start: int, end: int) -> Text:
        """The logical range [start, end) as a text of its own."""
        text = self.text[start:end]
        if not text:
            return Text.at("", self.source(start))
        starts = self._starts
        if len(starts) == 1:
            return Text(text, (0,), (self._sources[0] + start,), (self._end_of(end - 1),))
        first = bisect_right(starts, start) - 1
        last = bisect_right(starts, end - 1) - 1
        new_starts = [0, *(begin - start for begin in starts[first + 1 : last + 1])]
        new_sources = [self._sources[first] + start - starts[first], *self._sources[first + 1 : last + 1]]
        new_ends = [*self._ends[first:last], self._end_of(end - 1)]
        return Text(text, new_starts, new_sources, new_ends)

    def runs(self) -> Iterator[tuple[str, int, int]]:
        """Its runs: characters, source offset, source end."""
        bounds = [*self._starts, len(self.text)]
        for run, (source, end) in enumerate(zip(self._sources, self._ends, strict=True)):
            yield self.text[bounds[run] : bounds[run + 1]], source, end

    def strip(self) -> Text:
        """Without leading and trailing white space, as Go's strings.TrimSpace."""
        text = self.text
        bare = text.lstrip(SPACE)
        start = len(text) - len(bare)
        end = start + len(bare.rstrip(SPACE))
        return self if end - start == len(text) else self.slice(start, end)

    def _end_of(self, index: int) -> int:
        starts = self._starts
        run = bisect_right(starts, index) - 1
        following = starts[run + 1] if run + 1 < len(starts) else len(self.text)
        if index + 1 == following:
            return self._ends[run]
        return self._sources[run] + index - starts[run] + 1

    def __repr__(self) -> str:
        return f"Text({self.text!r} at {self.source(0)})"


class TextBuilder:
    """Collects runs of characters in order and makes one Text of them."""

    __slots__ = ("_ends", "_length", "_parts", "_sources", "_starts")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._starts: list[int] = []
        self._sources: list[int] = []
        self._ends: list[int] = []
        self._length = 0

    def add(self, part: str, source: int, end: int = -1) -> None:
        """Append characters that stand at `source`; `end` where their source is wider than they are."""
        if not part:
            return
        self._parts.append(part)
        self._starts.append(self._length)
        self._sources.append(source)
        self._ends.append(end if end >= 0 else source + len(part))
        self._length += len(part)

    def build(self, fallback: int) -> Text:
        """The text; `fallback` is the source offset to give an empty one."""
        if not self._parts:
            return Text.at("", fallback)
        return Text("".join(self._parts), self._starts, self._sources, self._ends)
