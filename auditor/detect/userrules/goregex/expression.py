"""A regular expression in Go's syntax, ready to search: with `re` where its work is bounded, else an automaton."""

from __future__ import annotations

import re
from time import perf_counter

from auditor.core.record import TYPE_CHECKING
from auditor.detect.userrules.goregex.anchors import anchor, lowered, places
from auditor.detect.userrules.goregex.cost import attempt
from auditor.detect.userrules.goregex.emit import python_pattern
from auditor.detect.userrules.goregex.machine import Budget, Machine, captures
from auditor.detect.userrules.goregex.nodes import Unsupported
from auditor.detect.userrules.goregex.program import Program
from auditor.detect.userrules.goregex.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.detect.userrules.goregex.nodes import Node

#: Bounds of the work of one attempt up to which `re` is used: around a literal, and at every character of the text.
_MAX_WORK_ANCHORED, _MAX_WORK = 20_000_000, 2000
#: Failed attempts in a text, besides one for every eighth character, before an automaton goes on, and seconds that all
#: attempts may take, besides so many for every character. Both find the same.
_PATIENCE = 4000
_SECONDS, _SECONDS_EACH = 0.5, 2e-6
#: Bound of the steps for each character of a text, up to which it is searched for a single match with `re`.
_MAX_STEPS, _LENGTH = 25_000, 4096


class Expression:
    """A compiled expression. `groups`: how many it captures. `linear`: searched with an automaton, not with `re`.

    Searching takes time in proportion to the text. A budget (see `Budget`) also ends the search of an automaton whose
    states never repeat; what lies behind is then not found.
    """

    __slots__ = ("_anchor", "_compiled", "_machines", "_slow", "groups", "linear", "pattern", "source")

    def __init__(self, source: str) -> None:
        """Raises Unsupported with the reason."""
        tree, names = parse(source)
        self.source = source
        self.groups = len(names)
        self._anchor = anchor(tree)
        self.pattern = python_pattern(tree)
        self.linear = attempt(tree) > (_MAX_WORK_ANCHORED if self._anchor else _MAX_WORK)
        self._slow: bool | None = None
        self._compiled: re.Pattern[str] | None = None
        self._machines: tuple[Machine, Machine] | None = None
        if self.linear:
            self._machines = _machines(tree)

    def finditer(self, text: str, lower: str | None = None) -> Iterator[tuple[int, int]]:
        """Start and end of every match that is not empty, in order, none overlapping. `lower`: `lowered(text)`."""
        starts = None
        if self._anchor is not None:
            starts = places(self._anchor, lowered(text) if lower is None else lower)
        if self.linear and self._machines is not None:
            yield from self._run(self._machines, text, starts, 0)
        elif starts is None:
            yield from self._everywhere(text)
        else:
            yield from self._around(text, starts)

    def search(self, text: str) -> bool:
        """Whether there is a match, the empty one included."""
        machines = self._machines if self.linear else self._automata() if self._is_slow() else None
        if machines is not None:
            return machines[0].forward(text, 0, None, Budget(len(text)))[1] >= 0
        return self._re().search(text) is not None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Spans of the whole match and of each group in the first match, (-1, -1) for a group that has none.

        Empty if there is no match.
        """
        if self.linear and self._machines is not None:
            slots = captures(self._machines[0].program, text, self.groups, Budget(len(text)))
            return [] if slots is None else list(zip(slots[::2], slots[1::2], strict=True))
        found = self._re().search(text)
        return [] if found is None else [found.span(group) for group in range(self.groups + 1)]

    def _is_slow(self) -> bool:
        """Whether all attempts together may take long with `re`, though each one is bounded."""
        if self._slow is None:
            from auditor.detect.regexes.steps import steps  # start-up: only where a list or a filter is asked

            try:
                self._slow = steps(self.pattern, length=_LENGTH) > _MAX_STEPS
            except (re.error, RecursionError, OverflowError):
                self._slow = True
        return self._slow

    def _automata(self) -> tuple[Machine, Machine] | None:
        """The automata for an expression that `re` turned out to be slow with, None if they would be too large."""
        if self._machines is None:
            try:
                self._machines = _machines(parse(self.source).tree)
            except Unsupported:
                return None
        return self._machines

    def _re(self) -> re.Pattern[str]:
        if self._compiled is None:
            try:
                self._compiled = re.compile(self.pattern)
            except (re.error, RecursionError, OverflowError) as error:
                raise Unsupported(str(error)) from None
        return self._compiled

    def _everywhere(self, text: str) -> Iterator[tuple[int, int]]:
        """As `re.finditer` does, but for its second try, for a match that is not empty, where one is empty."""
        search = self._re().search
        at = 0
        while found := search(text, at):
            at = found.end()
            if at > found.start():
                yield found.span()
            else:
                at += 1
                if at > len(text):
                    return

    def _around(self, text: str, starts: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        match = self._re().match
        at, patience = 0, _PATIENCE + len(text) // 8
        limit = perf_counter() + _SECONDS + _SECONDS_EACH * len(text)
        for low, high in starts:
            at = max(at, low)
            while at <= high:
                found = match(text, at)
                if found is None or found.end() == at:
                    at += 1
                    patience -= 1
                else:
                    yield found.span()
                    at = found.end()
                if (not patience or perf_counter() > limit) and (machines := self._automata()):
                    yield from self._run(machines, text, starts, at)
                    return

    def _run(
        self, machines: tuple[Machine, Machine], text: str, starts: list[tuple[int, int]] | None, at: int
    ) -> Iterator[tuple[int, int]]:
        starts = None if starts is None else starts[::-1]
        budget = Budget(len(text))
        while at < len(text) and budget.left > 0:
            floor, end = machines[0].forward(text, at, starts, budget)
            if end < 0:
                return
            start = machines[1].backward(text, floor, end, budget)
            if end > start:
                yield start, end
            at = end if end > at else at + 1


def _machines(tree: Node) -> tuple[Machine, Machine]:
    """The automaton that finds where matches end, and the one that finds where they start."""
    return Machine(Program(tree)), Machine(Program(tree, backward=True), longest=True)
