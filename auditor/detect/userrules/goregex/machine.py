"""Searches a text with an automaton whose states are made when they are first needed: one look-up a character.

A state is the ordered list of places in the program that are still possible, the preferred first, so that what is found
is what a matcher that tries one after the other would find first. The same idea as in Go's and RE2's implementations.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.detect.userrules.goregex.program import CHAR, EDGE, MATCH, OTHER, SAVE, SPLIT, Program, neighbour

if TYPE_CHECKING:
    from typing import TypeAlias

    Kernel: TypeAlias = "tuple[int, ...]"

_MAX_STATES = 2000


class Budget:
    """Work that a search may still do, counted in instructions looked at and, more cheaply, characters read."""

    __slots__ = ("left",)

    def __init__(self, size: int) -> None:
        """For a text of `size` characters: it can be read 16 times, and 3 million instructions be looked at."""
        self.left = 3_000_000 + 4 * size

    def spend(self, amount: int) -> bool:
        """Take some; False once there is none left."""
        self.left -= amount
        return self.left > 0


class _State:
    __slots__ = ("before", "ends", "kernel", "moves")

    def __init__(self, kernel: Kernel, before: int) -> None:
        self.kernel = kernel
        self.before = before
        #: Character -> (next state, whether a match ends before the character).
        self.moves: dict[str, tuple[_State, bool]] = {}
        self.ends: bool | None = None


class Machine:
    """One program, run as an automaton. `longest`: the match that goes furthest instead of the preferred one."""

    __slots__ = ("_idle", "_longest", "_states", "program")

    def __init__(self, program: Program, *, longest: bool = False) -> None:
        self.program = program
        self._longest = longest
        self._states: dict[tuple[Kernel, int], _State] = {}
        self._idle = (program.anywhere,)

    def forward(self, text: str, at: int, starts: list[tuple[int, int]] | None, budget: Budget) -> tuple[int, int]:
        """(floor, end) of the first match from `at` on: it starts at `floor` or later. (-1, -1) if there is none.

        `starts`: ranges of the only places where a match can start, None for all.
        """
        state = self._state(self._idle, neighbour(text, at - 1))
        floor, found, idle, size = at, -1, self._idle, len(text)
        read = at
        while at < size:
            if state.kernel == idle:
                if starts is not None and not (starts and starts[-1][0] <= at <= starts[-1][1]):
                    at = _next_start(starts, at)
                    if at < 0:
                        break
                    state = self._state(idle, neighbour(text, at - 1))
                floor = at
            move = state.moves.get(text[at]) or self._move(state, text, at, budget)
            if move is None:
                return -1, -1
            state, ended = move
            if ended:
                found = at
            if not state.kernel:
                break
            at += 1
        budget.spend(max(at - read, 0) // 4)
        if at >= size and state.kernel and self._ends(state):
            found = size
        return (floor, found) if found >= 0 else (-1, -1)

    def backward(self, text: str, floor: int, end: int, budget: Budget) -> int:
        """Where the match that ends at `end` starts, the furthest place from `floor` on. The program is backward."""
        state = self._state((self.program.start,), neighbour(text, end))
        found, at = end, end
        while at > floor and state.kernel:
            move = state.moves.get(text[at - 1]) or self._move(state, text, at - 1, budget)
            if move is None:
                return found
            state, ended = move
            if ended:
                found = at
            at -= 1
        if at == floor and state.kernel and self._closure(state, neighbour(text, floor - 1))[1]:
            found = floor
        return found

    def _state(self, kernel: Kernel, before: int) -> _State:
        key = (kernel, before if self.program.edges else OTHER)
        found = self._states.get(key)
        if found is None:
            if len(self._states) >= _MAX_STATES:
                self._states.clear()
            found = self._states[key] = _State(*key)
        return found

    def _move(self, state: _State, text: str, at: int, budget: Budget) -> tuple[_State, bool] | None:
        kind = neighbour(text, at)
        places, ended = self._closure(state, kind)
        if not budget.spend(len(places) + len(state.kernel) + 8):
            return None
        code, holding = self.program.code, self.program.holding(text[at])
        kernel = tuple(dict.fromkeys(code[place].to for place in places if code[place].other in holding))
        move = self._state(kernel, kind), ended
        if len(state.moves) < _MAX_STATES:
            state.moves[text[at]] = move
        return move

    def _ends(self, state: _State) -> bool:
        if state.ends is None:
            state.ends = self._closure(state, neighbour("", 0))[1]
        return state.ends

    def _closure(self, state: _State, after: int) -> tuple[list[int], bool]:
        """Places that read a character next, in order of preference, and whether a match ends here."""
        code = self.program.code
        seen: set[int] = set()
        places: list[int] = []
        ended = False
        stack = list(reversed(state.kernel))
        while stack:
            place = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            one = code[place]
            if one.op == CHAR:
                places.append(place)
            elif one.op == SPLIT:
                stack.append(one.other)
                stack.append(one.to)
            elif one.op == SAVE or (one.op == EDGE and self.program.passes(one.kind, state.before, after)):
                stack.append(one.to)
            elif one.op == MATCH:
                ended = True
                if not self._longest:
                    break
        return places, ended


def _next_start(starts: list[tuple[int, int]], at: int) -> int:
    """The first place from `at` on that lies in the ranges (the next one last); those behind are dropped. -1: none."""
    while starts and starts[-1][1] < at:
        starts.pop()
    return max(starts[-1][0], at) if starts else -1


def captures(program: Program, text: str, groups: int, budget: Budget) -> tuple[int, ...] | None:
    """Starts and ends (-1: not part of the match) of the whole match and the groups, of the first match in the text.

    None without a match, or once the budget is spent.
    """
    empty = (-1,) * (2 * groups + 2)
    threads: list[tuple[int, tuple[int, ...]]] = [(program.anywhere, empty)]
    best: tuple[int, ...] | None = None
    for at in range(len(text) + 1):
        before, after = neighbour(text, at - 1), neighbour(text, at)
        places, found = _follow(program, threads, at, (before, after))
        best = found or best
        if not places or at == len(text):
            return best
        if not budget.spend(4 * len(places) + 8):
            return None
        holding = program.holding(text[at])
        threads = [(program.code[p].to, slots) for p, slots in places if program.code[p].other in holding]
    return best


def _follow(
    program: Program, threads: list[tuple[int, tuple[int, ...]]], at: int, beside: tuple[int, int]
) -> tuple[list[tuple[int, tuple[int, ...]]], tuple[int, ...] | None]:
    """The threads that read a character next, and the groups of a match that ends here; it hides those after it."""
    seen: set[int] = set()
    places: list[tuple[int, tuple[int, ...]]] = []
    stack = threads[::-1]
    while stack:
        place, slots = stack.pop()
        if place in seen:
            continue
        seen.add(place)
        one = program.code[place]
        if one.op == CHAR:
            places.append((place, slots))
        elif one.op == SPLIT:
            stack.append((one.other, slots))
            stack.append((one.to, slots))
        elif one.op == SAVE:
            stack.append((one.to, (*slots[: one.other], at, *slots[one.other + 1 :])))
        elif one.op == EDGE:
            if program.passes(one.kind, *beside):
                stack.append((one.to, slots))
        else:
            return places, slots
    return places, None
