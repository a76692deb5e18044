"""How many steps a search with a Python regular expression takes at worst, for each character of the text.

An upper bound from the parsed pattern, no measurement. Each part is visited so and so often: by attempts that begin at
different places, and by one attempt that tries different lengths of what stands before. Two counts bound that, and the
smaller one holds. Forwards, a repeat that can end at n places multiplies the visits of what follows by n, unless what
follows cannot begin within it; where a character comes that cannot be in anything tried so far, all those ways meet in
one place again. Backwards, a repeat can have been entered only so near to a character that it cannot read itself, and
only so often as the fixed text before it fits into the stretch that it reads.
"""

from __future__ import annotations

import re

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple, cast
from auditor.detect.regexes import sets
from auditor.detect.regexes.charsets import ANY, NEWLINE, normal, overlap
from auditor.detect.regexes.sets import LOOKS, OTHERS, REPEATS, SINGLE, WORDS, alphabet, characters, first, last
from auditor.detect.regexes.state import INFINITE, State, common, either, ends, moved, near
from auditor.lang.automaton import complement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.detect.regexes.sets import Part, Parts
    from auditor.lang.automaton import Ranges

_UNLIMITED = 1 << 30
_MAX_RUN = 16
_SCOPED_LINES = Pattern(r"\(\?[aiLsux]{0,6}m")


def steps(pattern: str, *, length: int, flags: int = 0, anchored: bool = False) -> float:
    """Upper bound of the steps per character of a text of `length` characters, over all attempts of one search.

    `flags` are those of `re`; `anchored` means that only one place is tried (`match`, `fullmatch`). Infinite where
    the work grows exponentially. Raises re.error for an invalid pattern and RecursionError for one nested too deeply.
    """
    from importlib import import_module  # the parser has no public name

    parsed = import_module("re._parser").parse(pattern, flags)
    # `(?m:...)` is not told apart from a flag for all: the worse one counts.
    lines = bool(parsed.state.flags & re.MULTILINE) or bool(_SCOPED_LINES.search(pattern))
    count = _Count(length, parsed.state.groupwidths, lines)
    start = State(1 / length if anchored else 1.0, 1.0, 1.0, (), () if anchored else ANY, ())
    count.row(list(parsed), start, Follow(ANY, False, not anchored), bool(parsed.state.flags & re.IGNORECASE))
    return count.total


class Follow(NamedTuple):
    """What comes after a part: what it can begin with, and whether it can fail; `final`: it is the end of a match."""

    first: Ranges
    fails: bool
    final: bool


class _Count:
    """Adds up the steps while it walks through the parts."""

    def __init__(self, length: int, groups: Sequence[tuple[int, int] | None], lines: bool) -> None:
        self.length = length
        self.lines = lines
        self.groups = groups
        self.total = 0.0

    def _reach(self, group: int) -> int:
        """Most characters that a group has matched which the pattern refers back to."""
        width = self.groups[group]
        return self.length if width is None else min(width[1], self.length)

    def row(self, parts: Parts, state: State, after: Follow, fold: bool) -> State:
        """State after the parts, one after the other."""
        follows = [after]
        for number in range(len(parts) - 1, 0, -1):
            previous = last(parts[number - 1], fold)
            ranges = sets.begins(parts[number], fold, follows[-1].first, previous)
            fails = follows[-1].fails or not _always(parts[number])
            follows.append(Follow(ranges, fails, not fails and follows[-1].final))
        for part, follow in zip(parts, reversed(follows), strict=False):
            state = self._part(part, state, follow, fold)
        return state

    def _part(self, part: Part, state: State, follow: Follow, fold: bool) -> State:
        op = str(part[0])
        if op in SINGLE:
            return self._single(characters(part, fold), state)
        if op in REPEATS:
            return self._repeat(part, state, follow, fold)
        if op in LOOKS:
            return self._look(part, state, fold)
        if op == "AT":
            return self._at(str(part[1]), state, follow)
        if op == "GROUPREF":
            self.total += state.visits * self._reach(cast("int", part[1]))
            return state._replace(before=ANY, marks=(), since=ANY, run=())
        rows = list(sets.inside(part, fold))
        if op == "ATOMIC_GROUP":
            out = self.row(rows[0][0], state, Follow(ANY, False, False), rows[0][1])
            return out._replace(raw=min(state.raw, out.raw), spread=1.0, since=())
        if len(rows) == 1:
            return self.row(rows[0][0], state, follow, rows[0][1])
        return either(
            [
                (
                    first(row, case, follow.first, state.before),
                    self.row(row, state, follow, case),
                    ends(row, state, case),
                )
                for row, case in rows
            ]
        )

    def _single(self, ranges: Ranges, state: State) -> State:
        self.total += state.visits
        met = not overlap(ranges, state.since)
        out = State(
            state.raw / state.spread if met else state.raw,
            state.peak,
            1.0 if met else state.spread,
            () if met else normal((*state.since, *ranges)),
            ranges,
            moved(state, ranges, 1, 1),
            (*state.run, ranges)[-_MAX_RUN:],
        )
        # The bound that counts backwards is the better one from here on, however the ways differ.
        better = out.visits <= out.raw / out.spread
        return out._replace(raw=out.visits, spread=1.0, since=()) if better else out

    def _at(self, kind: str, state: State, follow: Follow) -> State:
        self.total += state.visits
        if kind == "AT_BEGINNING" and self.lines:
            return state._replace(before=common(state.before, NEWLINE))
        if kind in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
            return state._replace(raw=min(state.raw, state.peak / self.length), before=())
        if kind == "AT_BOUNDARY" and follow.first and normal((*follow.first, *WORDS)) == WORDS:
            return state._replace(before=common(state.before, OTHERS))
        return state

    def _look(self, part: Part, state: State, fold: bool) -> State:
        direction, parts = cast("tuple[int, Parts]", part[1])
        inner = state if direction > 0 else state._replace(before=ANY, marks=(), run=())
        self.row(parts, inner, Follow(ANY, False, False), fold)
        single = sets.one_set(parts, fold)
        if direction < 0 and single is not None:
            known = single if str(part[0]) == "ASSERT" else complement(single)
            return state._replace(before=common(state.before, known))
        return state

    def _repeat(self, part: Part, state: State, follow: Follow, fold: bool) -> State:
        low, high, parts = cast("tuple[int, int, Parts]", part[1])
        most = self.length if high >= _UNLIMITED else min(high, self.length)
        least = min(low, most)
        kept = str(part[0]) == "POSSESSIVE_REPEAT"
        if not least and most == 1 and not kept and sets.one_set(parts, fold) is None:
            return self._option(parts, state, follow, fold)
        round_ = self._round(part, state, follow, fold)
        rounds = _sum(round_.raw, 0, most - 1)
        reach = min(near(state, alphabet(part, fold)), most * round_.widest // state.gap + 1)
        backwards = min(most, reach) if round_.peak == 1 else _sum(round_.peak, 0, most - 1)
        visits = min(state.visits * (most if kept else rounds), state.peak * backwards)
        if not follow.fails:
            # After the rounds that must be, nothing is given back; at the end of a match, nothing is read again either.
            needed = max(1.0, _sum(round_.raw, 0, least - 1))
            more = 1.0 if follow.final else state.visits * _power(round_.raw, least) * most
            visits = min(visits, state.visits * needed + more)
        # What follows is tried at every end, also at those where it cannot begin.
        self.total += visits * round_.steps + (0 if kept or not follow.fails else visits) + state.visits
        places = self._ends(round_, (least, most), follow, first(parts, fold, (), ANY))
        if kept or not follow.fails:
            places = 1.0
        here = min(most - least + 1, reach) if round_.peak == 1 else _sum(round_.peak, least, most)
        ranges = alphabet(part, fold)
        return State(
            state.raw * places,
            state.peak * here,
            max(state.spread, places) if round_.raw == 1 else state.spread,
            normal((*state.since, *ranges)),
            last(part, fold) if least else normal((*last(part, fold), *state.before)),
            moved(state, ranges, *(_width(parts, index) * (least, most)[index] for index in (0, 1))),
        )

    @staticmethod
    def _ends(round_: _Round, counts: tuple[int, int], follow: Follow, begin: Ranges) -> float:
        """In how many ways the repeat can end so that what follows can begin."""
        if not overlap(begin, follow.first):
            return 1.0 if round_.raw == 1 else _power(round_.raw, counts[1])
        return _sum(round_.raw, *counts)

    def _round(self, part: Part, state: State, follow: Follow, fold: bool) -> _Round:
        """One round of a repeat, as if it were reached once for every character."""
        parts = cast("tuple[int, int, Parts]", part[1])[2]
        kept = str(part[0]) == "POSSESSIVE_REPEAT"
        before = normal((*last(part, fold), *state.before))
        begin = first(parts, fold, follow.first, before)
        inner = _Count(self.length, self.groups, self.lines)
        after = Follow(ANY, False, False) if kept else Follow(normal((*begin, *follow.first)), True, False)
        out = inner.row(parts, State(1.0, 1.0, 1.0, (), before, ()), after, fold)
        extra = 1 if all(sets.may_be_empty(one) for one in parts) else 0
        return _Round(1.0 if kept else out.raw + extra, out.peak + extra, inner.total, _width(parts, 1))

    def _option(self, parts: Parts, state: State, follow: Follow, fold: bool) -> State:
        taken = self.row(parts, state, follow, fold)
        begin = first(parts, fold, follow.first, state.before)
        return either([(begin, taken, ends(parts, state, fold)), (follow.first, state, state.before)])


class _Round(NamedTuple):
    """One round of a repeat: ways to end it, ways to have come to one place, steps, most characters."""

    raw: float
    peak: float
    steps: float
    widest: float


def _always(part: Part) -> bool:
    """Whether the part matches anywhere: an optional one, however little it reads."""
    if str(part[0]) in REPEATS:
        return not cast("tuple[int, int, Parts]", part[1])[0]
    rows = [row for row, _ in sets.inside(part, False)]
    return str(part[0]) in ("SUBPATTERN", "BRANCH") and any(all(_always(one) for one in row) for row in rows)


def _width(parts: Parts, index: int) -> float:
    """Least (0) or most (1) characters that the parts read."""
    bounds: tuple[int, int] = parts.getwidth()  # type: ignore[attr-defined]
    return INFINITE if bounds[index] >= _UNLIMITED else bounds[index]


def _sum(base: float, least: int, most: int) -> float:
    """base**least + ... + base**most, nothing if `most` is less."""
    if most < least:
        return 0.0
    if base == 1:
        return float(most - least + 1)
    return (
        (_power(base, most + 1) - _power(base, least)) / (base - 1) if _power(base, most + 1) < INFINITE else INFINITE
    )


def _power(base: float, exponent: int) -> float:
    try:
        return float(base) ** exponent
    except OverflowError:
        return INFINITE
