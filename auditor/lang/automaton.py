"""Text matching in linear time: a row of items run as an automaton of bits. Knows no pattern syntax."""

from __future__ import annotations

from auditor.core.record import NamedTuple

TOP = 0x10FFFF
_MAX_STATES = 4096

Ranges = tuple[tuple[int, int], ...]

ONE, OPTIONAL, STAR, CROSSING, ASSERT = range(5)
START, END, BOUNDARY, NOT_BOUNDARY = "^", "z", "b", "B"


class Item(NamedTuple):
    """One step: a character set (once, at most once or repeated), `(.*/)?` (CROSSING), or an assertion."""

    kind: int
    ranges: Ranges = ()
    assertion: str = ""


def complement(ranges: Ranges) -> Ranges:
    """Every other character."""
    result: list[tuple[int, int]] = []
    low = 0
    for start, end in sorted(ranges):
        if low < start:
            result.append((low, start - 1))
        low = max(low, end + 1)
    if low <= TOP:
        result.append((low, TOP))
    return tuple(result)


class Automaton:
    """Whole-text matcher: bit i of a state means "the items before i are matched". Cost: one look-up a character."""

    __slots__ = ("_assertions", "_crossing", "_items", "_literal", "_masks", "_skippable", "_star", "_start", "_steps")

    def __init__(self, items: list[Item]) -> None:
        self._items = items
        self._star = self._bits(STAR)
        self._crossing = self._bits(CROSSING)
        self._skippable = self._star | self._crossing | self._bits(OPTIONAL)
        self._assertions = self._bits(ASSERT)
        self._literal = _longest_literal(items)
        self._masks: dict[str, int] = {}
        self._steps: dict[tuple[int, str, str], int] = {}
        self._start = self._closure(1)

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        if self._literal not in text:
            return False
        state, previous = self._start, ""
        steps = self._steps
        for char in text:
            key = (state, previous, char)
            following = steps.get(key)
            if following is None:
                following = self._step(state, previous, char)
                if len(steps) >= _MAX_STATES:
                    steps.clear()
                steps[key] = following
            if not following:
                return False
            state = following
            if self._assertions:
                previous = char
        state = self._assert(state, previous, "")
        return bool(state >> len(self._items) & 1)

    def _bits(self, kind: int) -> int:
        return sum(1 << at for at, item in enumerate(self._items) if item.kind == kind)

    def _closure(self, state: int) -> int:
        """Also enter what lies behind items that may match nothing."""
        while new := (state & self._skippable) << 1 & ~state:
            state |= new
        return state

    def _step(self, state: int, previous: str, char: str) -> int:
        state = self._assert(state, previous, char)
        accepted = state & self._mask(char)
        inside = accepted & self._crossing
        moved = accepted & ~(self._star | self._crossing)
        if char == "/":
            moved |= state & self._crossing
        return self._closure(moved << 1 | accepted & self._star) | inside

    def _mask(self, char: str) -> int:
        """Bits of the items whose set holds this character."""
        mask = self._masks.get(char)
        if mask is None:
            if len(self._masks) >= _MAX_STATES:
                self._masks.clear()
            code = ord(char)
            mask = 0
            for at, item in enumerate(self._items):
                if any(low <= code <= high for low, high in item.ranges):
                    mask |= 1 << at
            self._masks[char] = mask
        return mask

    def _assert(self, state: int, previous: str, following: str) -> int:
        """Pass the assertions that hold between two characters ("" beyond the ends)."""
        if not state & self._assertions:
            return state
        held = 0
        for at, item in enumerate(self._items):
            if item.kind == ASSERT and _holds(item.assertion, previous, following):
                held |= 1 << at
        while new := self._closure((state & held) << 1) & ~state:
            state |= new
        return state


def _holds(assertion: str, previous: str, following: str) -> bool:
    if assertion == START:
        return not previous
    if assertion == END:
        return not following
    return (_is_word(previous) != _is_word(following)) == (assertion == BOUNDARY)


def _is_word(char: str) -> bool:
    return char != "" and char.isascii() and (char.isalnum() or char == "_")


def _longest_literal(items: list[Item]) -> str:
    """Longest run of fixed characters: a text without it cannot match."""
    best = run = ""
    for item in items:
        single = item.kind == ONE and len(item.ranges) == 1 and item.ranges[0][0] == item.ranges[0][1]
        run = run + chr(item.ranges[0][0]) if single else ""
        if len(run) > len(best) and "\ufffd" not in run:
            best = run
    return best
