"""Literals that every match contains: a text is searched only around them."""

from __future__ import annotations

from functools import lru_cache

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.userrules.goregex.nodes import Branch, Chars, Concat, Group, Repeat, longest, shortest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.detect.userrules.goregex.nodes import Node

#: Characters of the shortest literal worth looking for, and most characters of a match before it.
_LEAST, _FAR = 3, 4096
_MAX_LITERALS = 200


class Anchor(NamedTuple):
    """Every match holds one of the literals (lower case), `near` to `far` characters after its start."""

    literals: tuple[str, ...]
    near: int
    far: int


def anchor(tree: Node) -> Anchor | None:
    """The best literals of an expression: the longest, then the nearest. None if there are none."""
    tree = tree if isinstance(tree, Concat) else Concat((tree,))
    found = [one for one in _anchors(tree) if one.far <= _FAR and len(one.literals) <= _MAX_LITERALS]
    return max(found, key=lambda one: (min(map(len, one.literals)), -one.far), default=None)


def places(known: Anchor, text: str) -> list[tuple[int, int]]:
    """Ranges (both ends included) of the places where a match can start, in order and apart. `text` in lower case."""
    found: list[tuple[int, int]] = []
    for literal in known.literals:
        at = text.find(literal)
        while at >= 0:
            if at >= known.near:
                span = (max(at - known.far, 0), at - known.near)
                if found and found[-1][0] <= span[0] <= found[-1][1] + 1:
                    found[-1] = (found[-1][0], max(span[1], found[-1][1]))
                else:
                    found.append(span)
            at = text.find(literal, at + 1)
    if len(known.literals) > 1:
        found.sort()
        merged: list[tuple[int, int]] = []
        for low, high in found:
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return merged
    return found


@lru_cache(maxsize=2)
def lowered(text: str) -> str:
    """The text in lower case, every character at its place (one capital letter of Turkish has two as a small one).

    The last texts are remembered: many rules search the same one.
    """
    return (text.replace("\u0130", "i") if "\u0130" in text else text).lower()


def _anchors(node: Node) -> Iterator[Anchor]:
    if isinstance(node, Group):
        yield from _anchors(node.item)
    elif isinstance(node, Repeat):
        if node.least:
            yield from _anchors(node.item)
    elif isinstance(node, Branch):
        yield from _of_branch(node)
    elif isinstance(node, Concat):
        yield from _of_row(node.items)


def _of_branch(node: Branch) -> Iterator[Anchor]:
    best = [anchor(item) for item in node.items]
    known = [one for one in best if one]
    if len(known) == len(best):
        literals = tuple(dict.fromkeys(literal for one in known for literal in one.literals))
        yield Anchor(literals, min(one.near for one in known), max(one.far for one in known))


def _of_row(items: tuple[Node, ...]) -> Iterator[Anchor]:
    near, far = 0, 0.0
    run = ""
    for item in items:
        letter = _letter(item)
        run += letter
        if not letter:
            if len(run) >= _LEAST and far < _FAR:
                yield Anchor((run,), near - len(run), int(far) - len(run))
            run = ""
            for inner in _anchors(item) if far < _FAR else ():
                yield Anchor(inner.literals, near + inner.near, int(far) + inner.far)
        near, far = near + shortest(item), far + longest(item)
    if len(run) >= _LEAST and far < _FAR:
        yield Anchor((run,), near - len(run), int(far) - len(run))


def _letter(node: Node) -> str:
    """The character of a set that is one ASCII character, or the two cases of one, in lower case."""
    if not isinstance(node, Chars) or len(node.ranges) > 2:
        return ""
    if any(low != high or low >= 0x80 for low, high in node.ranges):
        return ""
    cases = {chr(low).lower() for low, _ in node.ranges}
    return cases.pop() if len(cases) == 1 else ""
