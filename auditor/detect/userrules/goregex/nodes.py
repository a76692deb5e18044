"""What a regular expression consists of, whatever syntax it was written in."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

    from auditor.lang.automaton import Ranges

    Node: TypeAlias = "Chars | Edge | Concat | Branch | Repeat | Group"


class Unsupported(Exception):
    """The expression is not valid, or cannot be searched for in bounded time; the message is the reason."""


class Chars(NamedTuple):
    """One character of a set."""

    ranges: Ranges


class Edge(NamedTuple):
    """A place between characters. `kind`: "A" and "z" (ends of the text), "^" and "$" (of a line), "b", "B"."""

    kind: str


class Concat(NamedTuple):
    """One after the other; nothing at all if there are no items."""

    items: tuple[Node, ...]


class Branch(NamedTuple):
    """Alternatives, the first that matches is taken."""

    items: tuple[Node, ...]


class Repeat(NamedTuple):
    """`least` to `most` times (None: any number). `kept`: what has been matched is never given back."""

    item: Node
    least: int
    most: int | None
    greedy: bool
    kept: bool = False


class Group(NamedTuple):
    """A capturing group, numbered from 1."""

    item: Node
    number: int


EMPTY = Concat(())


def longest(node: Node) -> float:
    """Most characters that a match has; infinity if there is no limit."""
    if isinstance(node, Chars):
        return 1
    if isinstance(node, Edge):
        return 0
    if isinstance(node, Concat):
        return sum(longest(item) for item in node.items)
    if isinstance(node, Branch):
        return max(longest(item) for item in node.items)
    if isinstance(node, Group):
        return longest(node.item)
    inner = longest(node.item)
    return 0 if not inner or node.most == 0 else inner * (float("inf") if node.most is None else node.most)


def shortest(node: Node) -> int:
    """Fewest characters that a match has."""
    if isinstance(node, Chars):
        return 1
    if isinstance(node, Edge):
        return 0
    if isinstance(node, Concat):
        return sum(shortest(item) for item in node.items)
    if isinstance(node, Branch):
        return min(shortest(item) for item in node.items)
    if isinstance(node, Group):
        return shortest(node.item)
    return shortest(node.item) * node.least
