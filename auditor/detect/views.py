"""Everything a text says in other words: what is encoded in it, decoded, with the place of every character."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor.core.record import NamedTuple
from auditor.detect.decoding.letters import base64_stretches, hex_stretches
from auditor.detect.decoding.plain import Decoded, decode
from auditor.detect.decoding.stretch import Cut, Fresh, Room, Stretch
from auditor.detect.decoding.written import spelled_stretches, telling_stretches, wide_stretches

__all__ = ["TELLING", "WIDE", "WRITTEN", "Bounds", "Cut", "Decoded", "View", "decode", "views"]

_Find = Callable[[str, Room, "Fresh | None"], Iterator[Stretch]]
_NESTED: tuple[_Find, ...] = (base64_stretches, hex_stretches)
#: What is written with escapes, references or zeros in between; as far as it may interest the detector's own finders;
#: and the last of these alone.
WRITTEN: tuple[_Find, ...] = (spelled_stretches, wide_stretches)
TELLING: tuple[_Find, ...] = (telling_stretches, wide_stretches)
WIDE: tuple[_Find, ...] = (wide_stretches,)
_KINDS = (*_NESTED, *WRITTEN)


class Bounds(NamedTuple):
    """How far to decode: views inside of views, and characters of all views (`ratio` times the text, `total` at most).

    `least` is allowed for any text, so that a short compressed one can be read.
    """

    depth: int = 3
    ratio: int = 4
    total: int = 8 * 1024 * 1024
    least: int = 1024 * 1024


class View:
    """One decoded stretch.

    `kind` is base64, base64url, hex, gzip (compressed inside of base64 or hexadecimal), percent, escapes, html or
    utf-16. `start` and `end` are its place in the parent's text (the original text where `parent` is None). `binary`:
    bytes of a known format, one character for each.
    """

    __slots__ = ("_place", "binary", "end", "kind", "parent", "start", "text")

    def __init__(self, stretch: Stretch, parent: View | None) -> None:
        self.kind = stretch.kind
        self.text = stretch.text
        self.start = stretch.start
        self.end = stretch.end
        self.binary = stretch.binary
        self.parent = parent
        self._place = stretch.place

    @property
    def depth(self) -> int:
        """1 for a stretch of the original text, 2 for one inside of that, and so on."""
        depth, outer = 1, self.parent
        while outer is not None:
            depth, outer = depth + 1, outer.parent
        return depth

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The range of the original text that produced the characters `start` to `end` of this view."""
        view: View | None = self
        while view is not None:
            start, end = view._place.source(start, end)
            view = view.parent
        return start, end

    def decoded(self, start: int, end: int) -> bool:
        """Whether the range holds a character that the parent writes otherwise; False for text copied along."""
        return self._place.decoded(start, end)


def views(
    text: str, *, bounds: Bounds | None = None, cuts: list[Cut] | None = None, kinds: tuple[_Find, ...] = _KINDS
) -> Iterator[View]:
    """Yield every stretch worth decoding, each before those inside of it. Linear in the text; never raises.

    What `bounds` leaves undecoded is appended to `cuts`. `kinds` are looked for in the text itself (WRITTEN: no base64
    and no hexadecimal, which take most of the time), all kinds in what is decoded.
    """
    bounds = bounds or Bounds()
    room = Room(min(max(bounds.ratio * len(text), bounds.least), bounds.total))
    notes = [] if cuts is None else cuts
    pending = [(_stretches(text, room, None, kinds), None)] if bounds.depth > 0 else []
    stack: list[tuple[Iterator[Stretch], View | None]] = [*pending]
    while stack:
        source, parent = stack[-1]
        stretch = next(source, None)
        if room.cut:
            room.cut = False
            place = (0, len(text)) if parent is None else parent.origin(0, len(parent.text))
            _note(notes, *place, "decoded text exceeds the limit")
        if stretch is None:
            stack.pop()
            continue
        view = View(stretch, parent)
        yield view
        if len(stack) < bounds.depth:
            stack.append((_stretches(view.text, room, view.decoded), view))
        elif cuts is not None and _holds_more(view):
            _note(notes, *view.origin(0, len(view.text)), f"encoded more than {bounds.depth} times")


#: Different characters of the shortest text that may hold more.
_LEAST_LETTERS = 8
#: Takes away what text has besides printable characters.
_NO_BREAKS = dict.fromkeys(map(ord, "\t\r\n"))


def _note(notes: list[Cut], start: int, end: int, reason: str) -> None:
    """Note a cut unless the last one of its kind says it already."""
    if not notes or notes[-1].reason != reason or notes[-1].end < end:
        notes.append(Cut(start, end, reason))


def _holds_more(view: View) -> bool:
    """Whether a view is text with base64 or hexadecimal of its own; escapes of escapes hide nothing."""
    readable = view.text.isascii() and view.text.translate(_NO_BREAKS).isprintable()
    if not readable or len(set(view.text)) < _LEAST_LETTERS:
        return False  # decoded by chance, or a filler
    room = Room(len(view.text))
    return any(True for find in _NESTED for _ in find(view.text, room, view.decoded))


def _stretches(text: str, room: Room, fresh: Fresh | None, kinds: tuple[_Find, ...] = _KINDS) -> Iterator[Stretch]:
    for find in kinds:
        if room.left <= 0:
            return
        yield from find(text, room, fresh)
