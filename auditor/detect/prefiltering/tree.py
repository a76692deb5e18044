"""Reads a Python regular expression into a small tree that accepts at least what the expression does.

Only what says which bytes a match may hold is kept: sets of bytes, their order, choice and count, and word boundaries.
Assertions that look further, back-references and conditions become what they cannot exclude.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Node: TypeAlias = "Bytes | Join | Either | Times | Edge"


class Bytes(NamedTuple):
    """One byte of a set; bit `n` of `mask` says that byte `n` belongs to it."""

    mask: int


class Join(NamedTuple):
    """One after the other."""

    parts: tuple[Node, ...]


class Either(NamedTuple):
    """One of these."""

    options: tuple[Node, ...]


class Times(NamedTuple):
    """The node between `least` and `most` times; `most` is None where there is no limit."""

    node: Node
    least: int
    most: int | None


class Edge(NamedTuple):
    """An ASCII word boundary, `\\b`."""


ALL = (1 << 256) - 1
NOTHING = Join(())
_ANYTHING = Times(Bytes(ALL), 0, None)


def mask_of(members: Iterable[int]) -> int:
    """The set of these bytes; what is no byte is left out."""
    mask = 0
    for member in members:
        if 0 <= member < 256:
            mask |= 1 << member
    return mask


def members_of(mask: int) -> list[int]:
    """The bytes of a set in order."""
    return [byte for byte in range(256) if mask >> byte & 1]


_UPPER = mask_of(range(0x41, 0x5B))
_LOWER = _UPPER << 32
_DIGITS = mask_of(range(0x30, 0x3A))
_SPACES = mask_of(b" \t\n\r\f\v")
#: What `\\w` is.
WORD = _UPPER | _LOWER | _DIGITS | 1 << 0x5F
_CATEGORIES = {"DIGIT": _DIGITS, "SPACE": _SPACES, "WORD": WORD}


def both_cases(mask: int) -> int:
    """The set with the other case of its ASCII letters."""
    return mask | (mask & _UPPER) << 32 | (mask & _LOWER) >> 32


def read(pattern: str, *, caseless: bool = False) -> Node:
    """The tree of a pattern as `re.ASCII` has it on text decoded as Latin-1. Raises re.error, RecursionError."""
    # start-up: the parser behind `re`; it has no public name, and every Python that we support has it here.
    parser: Any = import_module("re._parser")
    parsed = parser.parse(pattern, re.ASCII | (re.IGNORECASE if caseless else 0))
    return _Reader().sequence(parsed, int(parsed.state.flags))


class _Reader:
    """One method for each kind of item that Python's parser produces."""

    def sequence(self, items: Any, flags: int) -> Node:
        parts: list[Node] = []
        for op, value in items:
            node = getattr(self, "op_" + str(op).lower(), self.unknown)(value, flags)
            parts.extend(node.parts if isinstance(node, Join) else (node,))
        return parts[0] if len(parts) == 1 else Join(tuple(parts))

    def unknown(self, _value: Any, _flags: int) -> Node:
        return _ANYTHING

    def op_literal(self, value: int, flags: int) -> Node:
        mask = mask_of((value,))
        return Bytes(both_cases(mask) if flags & re.IGNORECASE else mask)

    def op_not_literal(self, value: int, flags: int) -> Node:
        mask = mask_of((value,))
        return Bytes(ALL & ~(both_cases(mask) if flags & re.IGNORECASE else mask))

    def op_any(self, _value: Any, flags: int) -> Node:
        return Bytes(ALL if flags & re.DOTALL else ALL & ~(1 << 0x0A))

    def op_in(self, items: Any, flags: int) -> Node:
        mask, negated = 0, False
        for op, value in items:
            kind = str(op)
            if kind == "NEGATE":
                negated = True
            elif kind == "LITERAL":
                mask |= mask_of((value,))
            elif kind == "RANGE":
                mask |= mask_of(range(value[0], min(value[1], 255) + 1))
            else:
                mask |= _category(str(value))
        if flags & re.IGNORECASE:
            mask = both_cases(mask)
        return Bytes(ALL & ~mask if negated else mask)

    def op_branch(self, value: Any, flags: int) -> Node:
        return Either(tuple(self.sequence(option, flags) for option in value[1]))

    def op_subpattern(self, value: Any, flags: int) -> Node:
        _, added, removed, inner = value
        return self.sequence(inner, flags & ~removed | added)

    def op_atomic_group(self, value: Any, flags: int) -> Node:
        return self.sequence(value, flags)

    def op_max_repeat(self, value: Any, flags: int) -> Node:
        least, most, inner = value
        node = self.sequence(inner, flags)
        limit = None if str(most) == "MAXREPEAT" else int(most)
        return node if (least, limit) == (1, 1) else Times(node, int(least), limit)

    op_min_repeat = op_possessive_repeat = op_max_repeat

    def op_at(self, value: Any, _flags: int) -> Node:
        return Edge() if str(value) == "AT_BOUNDARY" else NOTHING

    def op_assert(self, _value: Any, _flags: int) -> Node:
        return NOTHING

    op_assert_not = op_assert

    def op_failure(self, _value: Any, _flags: int) -> Node:
        return Bytes(0)


def _category(name: str) -> int:
    name = name.removeprefix("CATEGORY_")
    return ALL & ~_CATEGORIES[name[4:]] if name.startswith("NOT_") else _CATEGORIES[name]
