"""How a part of a regular expression is reached: from how many places, in how many ways. See `steps`."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.regexes.charsets import ANY, normal, overlap
from auditor.detect.regexes.sets import last, may_be_empty
from auditor.lang.automaton import complement

if TYPE_CHECKING:
    from auditor.detect.regexes.sets import Parts
    from auditor.lang.automaton import Ranges

INFINITE = float("inf")
_MAX_MARKS, _MAX_DISTANCE = 8, 64


class Mark(NamedTuple):
    """Characters that stand `near` to `far` before a place; `clean`: and none of them in between."""

    ranges: Ranges
    near: float
    far: float
    clean: bool


class State(NamedTuple):
    """How a part is reached: `raw` visits per character on average, counted forwards; at most `peak` at one place.

    Of the ways counted in `raw`, `spread` differ in nothing but the place where they are now; `since` are the
    characters read meanwhile. `before`: what can stand right before the part. `run`: the single characters right before
    it, which keep the places where it begins apart.
    """

    raw: float
    peak: float
    spread: float
    since: Ranges
    before: Ranges
    marks: tuple[Mark, ...]
    run: tuple[Ranges, ...] = ()

    @property
    def visits(self) -> float:
        """The smaller one of the two bounds."""
        return min(self.raw, self.peak / self.gap)

    @property
    def gap(self) -> int:
        """Least distance of two places where the part can begin: shifted by less, the run cannot match again."""
        run = self.run
        for shift in range(1, len(run)):
            if all(overlap(one, other) for one, other in zip(run, run[shift:], strict=False)):
                return shift
        return max(1, len(run))


def either(ways: list[tuple[Ranges, State, Ranges]]) -> State:
    """The states after alternatives as one; each comes with what it can begin and what it can end with.

    Alternatives count together only where the same character can begin, or for the peak end, both.
    """
    raw, met = 0.0, 0.0
    for begin, _, _ in ways:
        group = [state for other, state, _ in ways if overlap(begin, other)]
        raw = max(raw, sum(state.raw for state in group))
        met = max(met, sum(state.raw / state.spread for state in group))
    peak = max(sum(state.peak for _, state, other in ways if overlap(end, other)) for _, _, end in ways)
    states = [state for _, state, _ in ways]
    return State(
        max(raw, *(state.raw for state in states)),
        max(peak, *(state.peak for state in states)),
        max(1.0, raw / met) if 0 < met < INFINITE else 1.0,
        normal(one for state in states for one in state.since),
        normal(one for state in states for one in state.before),
        _shared([state.marks for state in states]),
    )


def _shared(each: list[tuple[Mark, ...]]) -> tuple[Mark, ...]:
    """Marks that stand before the place whichever alternative was taken."""
    found = []
    for mark in each[0]:
        same = [next((one for one in marks if one.ranges == mark.ranges), None) for marks in each]
        there = [one for one in same if one is not None]
        if len(there) == len(each):
            near, far = min(one.near for one in there), max(one.far for one in there)
            found.append(Mark(mark.ranges, near, far, all(one.clean for one in there)))
    return tuple(found)


def moved(state: State, ranges: Ranges, least: float, most: float) -> tuple[Mark, ...]:
    """The marks after something of these characters and this width, and a new one for what stood right before it."""
    known = [*state.marks, *([Mark(state.before, 1, 1, True)] if state.before != ANY else [])]
    moved = [
        Mark(mark.ranges, mark.near + least, mark.far + most, mark.clean and not overlap(mark.ranges, ranges))
        for mark in known
        if mark.far + most <= _MAX_DISTANCE
    ]
    return tuple(moved[-_MAX_MARKS:])


def near(state: State, ranges: Ranges) -> float:
    """At how many places a repeat of these characters can have been entered from which it reaches one place."""
    if not overlap(state.before, ranges):
        return 1
    apart = [mark for mark in state.marks if not overlap(mark.ranges, ranges)]
    return min((mark.far - mark.near + 1 if mark.clean else mark.far for mark in apart), default=INFINITE)


def common(one: Ranges, other: Ranges) -> Ranges:
    """Characters in both sets."""
    return complement(normal((*complement(one), *complement(other))))


def ends(parts: Parts, state: State, fold: bool) -> Ranges:
    """Characters that stand before the place after these parts."""
    found: Ranges = ()
    for part in reversed(parts):
        found = normal((*found, *last(part, fold)))
        if not may_be_empty(part):
            return found
    return normal((*found, *state.before))
