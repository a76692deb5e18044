"""A shell word as one string, with the way back: which part, which place in the source each character has."""

from __future__ import annotations

from bisect import bisect_right

from auditor.core.span import Span
from auditor.lang.shell.nodes import Literal, Part, Word


class Flat:
    """The rendered form of one or more words (`${NAME}` for variables, `$(...)` for substitutions).

    `span(start, end)` gives the source span; `parts(start, end)` the parts that the range touches.
    """

    __slots__ = ("_parts", "_starts", "text")

    def __init__(self, words: list[Word], separator: str = " ") -> None:
        self._parts: list[Part] = []
        self._starts: list[int] = []
        out: list[str] = []
        at = 0
        for number, word in enumerate(words):
            if number:
                out.append(separator)
                at += len(separator)
            for part in word.parts:
                text = part.text if isinstance(part, Literal) else _hole(part)
                self._parts.append(part)
                self._starts.append(at)
                out.append(text)
                at += len(text)
        self.text = "".join(out)

    def parts(self, start: int, end: int) -> list[Part]:
        """The parts that overlap [start, end), literals cut to it."""
        found: list[Part] = []
        for index in self._touched(start, end):
            part, begin = self._parts[index], self._starts[index]
            if isinstance(part, Literal):
                part = part.cut(max(start - begin, 0), min(end - begin, len(part.text)))
            found.append(part)
        return found

    def is_literal(self, start: int, end: int) -> bool:
        """Whether nothing in [start, end) is expanded."""
        return all(isinstance(self._parts[index], Literal) for index in self._touched(start, end))

    def span(self, start: int, end: int) -> Span:
        """Source span of the rendered range."""
        touched = self._touched(start, end)
        if not touched:
            return self._parts[0].span if self._parts else Span(0, 0)
        return Span(self._place(touched[0], start, False), self._place(touched[-1], end, True))

    def source(self, index: int) -> int:
        """Source offset of one rendered character: what nested scripts are mapped with."""
        if not self._parts:
            return 0
        return self._place(max(bisect_right(self._starts, index) - 1, 0), index, False)

    def _touched(self, start: int, end: int) -> range:
        """Indexes of the parts that overlap [start, end)."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        last = bisect_right(self._starts, max(end - 1, start))
        while first < last and self._starts[first] + self._width(first) <= start:
            first += 1
        return range(first, last)

    def _width(self, index: int) -> int:
        part = self._parts[index]
        return len(part.text) if isinstance(part, Literal) else len(_hole(part))

    def _place(self, index: int, at: int, is_end: bool) -> int:
        part = self._parts[index]
        if not isinstance(part, Literal):
            return part.span.end if is_end else part.span.start
        inside = min(max(at - self._starts[index], 0), len(part.text))
        return part.place(inside - 1) + 1 if is_end and inside else part.place(inside)


def _hole(part: Part) -> str:
    name = getattr(part, "name", None)
    return "${" + name + "}" if name else "$(...)"
