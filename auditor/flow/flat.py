"""A shell word as one string, with the way back: which part, which place in the source each character has."""

from __future__ import annotations

from auditor.core.span import Span
from auditor.lang.shell.nodes import Literal, Part, Word


class Flat:
    """The rendered form of one or more words (`${NAME}` for variables, `$(...)` for substitutions).

    `span(start, end)` gives the source span; `parts(start, end)` the parts that the range touches.
    """

    __slots__ = ("_pieces", "text")

    def __init__(self, words: list[Word], separator: str = " ") -> None:
        self._pieces: list[tuple[int, int, Part]] = []
        out: list[str] = []
        at = 0
        for number, word in enumerate(words):
            if number:
                out.append(separator)
                at += len(separator)
            for part in word.parts:
                text = part.text if isinstance(part, Literal) else _hole(part)
                self._pieces.append((at, at + len(text), part))
                out.append(text)
                at += len(text)
        self.text = "".join(out)

    def parts(self, start: int, end: int) -> list[Part]:
        """The parts that overlap [start, end)."""
        return [part for a, b, part in self._pieces if a < end and start < b]

    def span(self, start: int, end: int) -> Span:
        """Source span of the rendered range; for text that escapes shifted, the whole literal it stands in."""
        touched = [(a, b, part) for a, b, part in self._pieces if a < end and start < b]
        if not touched:
            return self._pieces[0][2].span if self._pieces else Span(0, 0)
        return Span(self._place(touched[0], start, False), self._place(touched[-1], end, True))

    def source(self, index: int) -> int:
        """Source offset of one rendered character: what nested scripts are mapped with."""
        for a, b, part in self._pieces:
            if index < b:
                return self._place((a, b, part), max(index, a), False)
        return self._pieces[-1][2].span.end if self._pieces else 0

    @staticmethod
    def _place(piece: tuple[int, int, Part], index: int, is_end: bool) -> int:
        a, b, part = piece
        span = part.span
        if isinstance(part, Literal) and span.end - span.start == b - a:
            return span.start + min(max(index - a, 0), b - a)
        return span.end if is_end else span.start


def _hole(part: Part) -> str:
    name = getattr(part, "name", None)
    return "${" + name + "}" if name else "$(...)"
