"""Finds what a pattern spells out: runs of items that can only be a few strings, and how rare these are."""

from __future__ import annotations

from math import log2

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.prefiltering.tree import Bytes, Edge, Either, Join, Times, members_of

if TYPE_CHECKING:
    from auditor.detect.prefiltering.tree import Node

#: Strings that one run may be, members of a set that still counts as literal, repeats and items in a row.
_MOST_LITERALS = 512
_MOST_MEMBERS = 32
_MOST_REPEATS = 16
_MOST_ITEMS = 64


def _bits(byte: int) -> float:
    """Rarity of a byte in source text and configuration, coarsely: no two trees agree on more."""
    char = chr(byte)
    if char in " etaoinsrlcd\n":
        return 4.6
    if char in "umpfghb.,/-_:;'\"=()":
        return 5.6
    if char.islower() or char.isdigit():
        return 6.6
    return 8.0 if byte < 128 else 9.0


class Run(NamedTuple):
    """Items `first` to `end` that can only be a few strings; `bits`: their rarity, -log2 of their share of text."""

    bits: float
    first: int
    end: int


def runs_of(items: list[Node]) -> list[Run]:
    """All runs of literals among the items."""
    each = [strings_of(item) for item in items]
    found = []
    for first in range(len(items)):
        count, bits = 1, 0.0
        for last in range(first, min(first + _MOST_ITEMS, len(items))):
            strings = each[last]
            if not strings or count * len(strings) > _MOST_LITERALS:
                break
            count *= len(strings)
            bits += _rarity(strings)
            if not isinstance(items[last], Edge):
                found.append(Run(bits - 0.01 * (last - first), first, last + 1))
    return found


def _rarity(strings: frozenset[str]) -> float:
    return -log2(sum(2.0 ** -sum(_bits(ord(char)) for char in one) for one in strings))


def strings_of(node: Node) -> frozenset[str] | None:
    """All strings that the node accepts, in lower case; None if they are more than a few."""
    if isinstance(node, Bytes):
        chars = frozenset(chr(byte) for byte in bytes(members_of(node.mask)).lower())
        return chars if len(chars) <= _MOST_MEMBERS else None
    if isinstance(node, Edge):
        return frozenset(("",))
    if isinstance(node, Either):
        choices = [strings_of(option) for option in node.options]
        known = [choice for choice in choices if choice is not None]
        whole = frozenset().union(*known)
        return whole if len(known) == len(choices) and len(whole) <= _MOST_LITERALS else None
    if isinstance(node, Times):
        if node.most is None or node.most > _MOST_REPEATS:
            return None
        once = strings_of(node.node)
        return None if once is None else _repeated(once, node.least, node.most)
    return _joined([strings_of(part) for part in node.parts])


def _joined(parts: list[frozenset[str] | None]) -> frozenset[str] | None:
    strings = frozenset(("",))
    for part in parts:
        if part is None or len(strings) * len(part) > _MOST_LITERALS:
            return None
        strings = frozenset(head + tail for head in strings for tail in part)
    return strings


def _repeated(once: frozenset[str], least: int, most: int) -> frozenset[str] | None:
    whole: frozenset[str] = frozenset()
    for count in range(least, most + 1):
        strings = _joined([once] * count)
        if strings is None or len(whole) + len(strings) > _MOST_LITERALS:
            return None
        whole |= strings
    return whole


def least_bits(node: Node) -> float:
    """Rarity of what the node accepts at the very least."""
    if isinstance(node, Bytes):
        return -log2(min(1.0, sum(2.0 ** -_bits(byte) for byte in members_of(node.mask))) or 1.0)
    if isinstance(node, Times):
        return node.least * least_bits(node.node)
    if isinstance(node, Join):
        return sum(map(least_bits, node.parts))
    return min(map(least_bits, node.options), default=0.0) if isinstance(node, Either) else 0.0
