"""Writes the tree of an expression as a Python pattern (for `re`, with `(?a)` before it)."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING
from auditor.detect.regexes.charsets import ANY, NEWLINE
from auditor.detect.userrules.goregex.nodes import Branch, Chars, Concat, Edge, Group
from auditor.lang.automaton import complement

if TYPE_CHECKING:
    from auditor.detect.userrules.goregex.nodes import Node, Repeat

_EDGES = {"A": r"\A", "z": r"\Z", "^": "(?m:^)", "$": "(?m:$)", "b": r"\b", "B": r"(?!\b)"}
_NOT_NEWLINE = complement(NEWLINE)


def python_pattern(tree: Node) -> str:
    """A pattern that matches what the tree does, with the same groups, as numbers."""
    return f"(?a){_write(tree)}"


def _write(node: Node) -> str:
    if isinstance(node, Chars):
        return _chars(node)
    if isinstance(node, Edge):
        return _EDGES[node.kind]
    if isinstance(node, Concat):
        return "".join(f"(?:{_write(one)})" if isinstance(one, Branch) else _write(one) for one in node.items)
    if isinstance(node, Branch):
        return "|".join(_write(one) for one in node.items)
    if isinstance(node, Group):
        return f"({_write(node.item)})"
    return _repeat(node)


def _repeat(node: Repeat) -> str:
    inner = _write(node.item)
    if not isinstance(node.item, Chars | Group):
        inner = f"(?:{inner})"
    most = "" if node.most is None else node.most
    return f"{inner}{{{node.least},{most}}}{'' if node.greedy else '?'}"


def _chars(node: Chars) -> str:
    ranges = node.ranges
    if ranges == ANY:
        return "(?s:.)"
    if ranges == _NOT_NEWLINE:
        return "."
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return re.escape(chr(ranges[0][0]))
    if not ranges:
        return "(?!)"
    written = "".join(_escaped(low) if low == high else f"{_escaped(low)}-{_escaped(high)}" for low, high in ranges)
    return f"[{written}]"


def _escaped(code: int) -> str:
    char = chr(code)
    if char.isascii() and char.isalnum():
        return char
    return f"\\x{code:02x}" if code < 0x80 else f"\\U{code:08x}"
