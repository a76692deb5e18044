"""How much work one attempt to match can be for a matcher that goes back and tries again, as Python's does.

The bound counts characters looked at. It is multiplied where a part can end at several places that all let what
follows begin; it is infinite where the number of such places depends on the text. A repeat without limit still counts
as bounded where different attempts cannot read the same stretch again and again: see `_tame`.
"""

from __future__ import annotations

from math import log2

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.regexes.charsets import ANY, NEWLINE, normal, overlap
from auditor.detect.userrules.goregex.nodes import Branch, Chars, Concat, Edge, Group, Repeat, longest, shortest

if TYPE_CHECKING:
    from auditor.detect.userrules.goregex.nodes import Node
    from auditor.lang.automaton import Ranges

_INFINITE = float("inf")
#: More ways than two to this power are too many to count.
_MAX_BITS = 60
#: More alternatives than this are not compared with each other.
_MAX_COMPARED = 200
#: A character that cannot be read counts if it stands so near, and so near to the start of the attempt.
_MAX_DISTANCE, _MAX_WIDTH, _MAX_SETS = 64, 512, 16
#: What a repeat that `_tame` finds counts for.
_TAME = 64
_EDGES: dict[str, Ranges] = {"A": (), "z": (), "$": NEWLINE}


class Follow(NamedTuple):
    """What comes after a part: the characters it may begin with, and whether it can fail at all."""

    first: Ranges
    fails: bool


class Work(NamedTuple):
    """Characters looked at in one try of a part, and in how many ways the part can end so that what follows begins."""

    steps: float
    ways: float


def attempt(tree: Node) -> float:
    """Upper bound of the work of one attempt at one place; infinity if there is none."""
    tame: set[int] = set()
    _tame(tree, Trail(0, ()), tame)
    return _work(tree, Follow(ANY, False), tame).steps


class Trail(NamedTuple):
    """What surely stands before a part: most characters since the start, and sets with their greatest distance."""

    width: float
    sets: tuple[tuple[Ranges, float], ...]

    def after(self, width: float, known: Ranges | None) -> Trail:
        """The trail after a part of at most this width; `known`: all its characters, if it has at least one."""
        sets = [(ranges, distance + width) for ranges, distance in self.sets if distance + width <= _MAX_DISTANCE]
        if known is not None and width <= _MAX_DISTANCE:
            sets.append((known, width))
        return Trail(self.width + width, tuple(sets[-_MAX_SETS:]))


def _tame(node: Node, trail: Trail, found: set[int]) -> Trail:
    """Collect the repeats without limit that begin a bounded way after a character they cannot read themselves.

    Every stretch of the text is then read from a bounded number of attempts, so that all of them together are linear.
    """
    if isinstance(node, Group):
        return _tame(node.item, trail, found)
    if isinstance(node, Concat):
        for item in node.items:
            trail = _tame(item, trail, found)
        return trail
    if isinstance(node, Branch):
        for item in node.items:
            _tame(item, trail, found)
    elif isinstance(node, Repeat):
        if node.most is None and isinstance(node.item, Chars) and trail.width <= _MAX_WIDTH:
            own = node.item.ranges
            if any(not overlap(own, ranges) for ranges, _ in trail.sets):
                found.add(id(node))
                # It ends where the stretch ends: what can come after it is again a bounded way from there.
                return Trail(trail.width + _TAME, ())
        elif node.most == 1:
            _tame(node.item, trail, found)
    return trail.after(longest(node), _alphabet(node) if shortest(node) else None)


def _alphabet(node: Node) -> Ranges:
    """All characters that can be in a match."""
    if isinstance(node, Chars):
        return node.ranges
    if isinstance(node, Edge):
        return ()
    if isinstance(node, Concat | Branch):
        return normal(sum((_alphabet(item) for item in node.items), ()))
    return _alphabet(node.item)


def _work(node: Node, follow: Follow, tame: set[int]) -> Work:
    if isinstance(node, Chars | Edge):
        return Work(1, 1)
    if isinstance(node, Group):
        return _work(node.item, follow, tame)
    if isinstance(node, Repeat):
        return _repeat(node, follow, tame)
    if isinstance(node, Branch):
        return _branch(node, follow, tame)
    steps, ways = 0.0, 1.0
    for item in reversed(node.items):
        work = _work(item, follow, tame)
        steps = work.steps + _times(work.ways, steps)
        ways = _times(ways, work.ways)
        follow = _before(item, follow)
    return Work(max(steps, 1), ways)


def _branch(node: Branch, follow: Follow, tame: set[int]) -> Work:
    works = [_work(item, follow, tame) for item in node.items]
    firsts = [_before(item, follow).first for item in node.items]
    ways = sum(work.ways for work in works)
    if len(works) <= _MAX_COMPARED:
        ways = max(sum(w.ways for w, other in zip(works, firsts, strict=True) if overlap(one, other)) for one in firsts)
    return Work(sum(work.steps for work in works) + len(works), max(ways, 1))


def _repeat(node: Repeat, follow: Follow, tame: set[int]) -> Work:
    inner = _work(node.item, Follow(normal(_first(node.item) + follow.first), True), tame)
    if id(node) in tame and (node.kept or not overlap(_first(node.item), follow.first)):
        return Work(node.least + _TAME, 1)
    if node.kept and node.most is not None:
        return Work(_times(inner.steps, node.most), 1)
    if node.most is None:
        if follow.fails or inner.ways > 1 or not shortest(node.item):
            return Work(_INFINITE, _INFINITE)
        return Work(inner.steps * max(node.least, 1), 1)
    rounds = node.most
    if inner.ways > 1:
        grown = 2 ** (rounds * log2(inner.ways)) if rounds * log2(inner.ways) < _MAX_BITS else _INFINITE
        return Work(_times(grown * 2, inner.steps), grown)
    apart = shortest(node.item) and not overlap(_first(node.item), follow.first)
    return Work(max(_times(inner.steps, rounds), 1), 1 if apart or not follow.fails else rounds - node.least + 1)


def _before(node: Node, follow: Follow) -> Follow:
    """What a part together with what follows it looks like to the part before."""
    if isinstance(node, Concat):
        for item in reversed(node.items):
            follow = _before(item, follow)
        return follow
    if isinstance(node, Group):
        return _before(node.item, follow)
    if isinstance(node, Branch):
        each = [_before(item, follow) for item in node.items]
        return Follow(normal(sum((one.first for one in each), ())), all(one.fails for one in each))
    if isinstance(node, Edge):
        return Follow(_EDGES.get(node.kind, ANY), True)
    if isinstance(node, Repeat) and not node.least:
        return Follow(normal(_first(node.item) + follow.first), follow.fails)
    return Follow(_first(node), True) if shortest(node) else Follow(normal(_first(node) + follow.first), True)


def _first(node: Node) -> Ranges:
    """Characters that a match can begin with; everything for a place between characters."""
    if isinstance(node, Chars):
        return node.ranges
    if isinstance(node, Edge):
        return ANY
    if isinstance(node, Branch):
        return normal(sum((_first(item) for item in node.items), ()))
    if isinstance(node, Concat):
        found: Ranges = ()
        for item in node.items:
            found = normal(found + _first(item))
            if shortest(item):
                break
        return found
    return _first(node.item)


def _times(one: float, other: float) -> float:
    """A product in which nothing times infinity is nothing."""
    return float(one) * float(other) if one and other else 0.0
