"""A text taken out of a file (a recipe, a scalar of YAML), with the way back to the file. Knows no format."""

from __future__ import annotations

from auditor.core.span import Span

#: Stands for each character of an expression of the format around a shell script: `$(MAKE_VARIABLE)`, `${{ ... }}`.
FOREIGN = "\ue000"


class Derived:
    """Characters with the place of each one in the file; `end` is the place behind the last."""

    __slots__ = ("_places", "end", "text")

    def __init__(self, text: str, places: list[int], end: int) -> None:
        self.text = text
        self._places = places
        self.end = end

    def with_text(self, text: str) -> Derived:
        """Other characters at the same places."""
        return Derived(text, self._places, self.end)

    def at(self, index: int) -> int:
        """Place of a character; of the end, for the length of the text."""
        return self._places[index] if index < len(self._places) else self.end

    def span(self, start: int, end: int) -> Span:
        """Span of the file for a range; an empty range clings to the character before it."""
        if end > start:
            return Span(self.at(start), self.at(end - 1) + 1)
        place = self.at(start - 1) + 1 if start > 0 else self.at(start)
        return Span(place, place)


class Builder:
    """Collects the characters of a derived text."""

    __slots__ = ("chars", "places")

    def __init__(self) -> None:
        self.chars: list[str] = []
        self.places: list[int] = []

    def add(self, char: str, place: int) -> None:
        """One character, which stands at a place of the file."""
        self.chars.append(char)
        self.places.append(place)

    def run(self, text: str, start: int, end: int) -> None:
        """A stretch of the file as it stands there."""
        self.chars += text[start:end]
        self.places += range(start, end)

    def hide(self, start: int, end: int) -> None:
        """A stretch that is an expression of the file's own format."""
        self.chars += FOREIGN * (end - start)
        self.places += range(start, end)

    def done(self, end: int) -> Derived:
        """What was collected; `end` is the place behind it."""
        return Derived("".join(self.chars), self.places, end)


def plain(text: str) -> Derived:
    """A whole file, without the carriage returns before its line feeds and without a BOM."""
    places = range(len(text))
    if "\r\n" not in text and not text.startswith("\ufeff"):
        return Derived(text, list(places), len(text))
    kept = [
        i
        for i in places
        if not (text[i] == "\r" and text[i + 1 : i + 2] == "\n") and not (i == 0 and text[0] == "\ufeff")
    ]
    return Derived("".join(text[i] for i in kept), kept, len(text))
