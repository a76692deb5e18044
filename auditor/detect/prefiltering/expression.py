"""Measures a tree, and writes it as a regular expression that Hyperscan and `re` (on bytes) read alike."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.detect.prefiltering.tree import Bytes, Edge, Either, Join, Times, both_cases, members_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.detect.prefiltering.tree import Node


def width(node: Node) -> tuple[int, int | None]:
    """Least and most bytes that the node matches; None for no limit."""
    if isinstance(node, Bytes):
        return 1, 1
    if isinstance(node, Edge):
        return 0, 0
    if isinstance(node, Times):
        least, most = width(node.node)
        return least * node.least, None if most is None or node.most is None else most * node.most
    if isinstance(node, Join):
        pairs = [width(part) for part in node.parts]
        return sum(low for low, _ in pairs), _most(pairs, sum)
    pairs = [width(option) for option in node.options]
    return min((low for low, _ in pairs), default=0), _most(pairs, max)


def _most(pairs: list[tuple[int, int | None]], combine: Callable[[list[int]], int]) -> int | None:
    highs = [high for _, high in pairs if high is not None]
    return combine(highs or [0]) if len(highs) == len(pairs) else None


def is_folded(node: Node) -> bool:
    """Whether the case of letters makes no difference to the node, and it has letters."""
    sets = masks(node)
    return all(mask == both_cases(mask) for mask in sets) and any(mask.bit_count() == 2 for mask in sets)


def masks(node: Node) -> list[int]:
    """All sets of bytes in the node."""
    if isinstance(node, Bytes):
        return [node.mask]
    if isinstance(node, Edge):
        return []
    if isinstance(node, Times):
        return masks(node.node)
    return [mask for part in (node.parts if isinstance(node, Join) else node.options) for mask in masks(part)]


def written(node: Node, folded: bool) -> str:
    """The node as a regular expression; `folded`: its reader will ignore case."""
    if isinstance(node, Bytes):
        return _set(node.mask, folded)
    if isinstance(node, Edge):
        return r"\b"
    if isinstance(node, Join):
        return "".join(written(part, folded) for part in node.parts)
    if isinstance(node, Either):
        return "(?:" + "|".join(written(option, folded) for option in node.options) + ")"
    inner = written(node.node, folded)
    if not isinstance(node.node, Bytes):
        inner = f"(?:{inner})"
    if node.most is None:
        return f"{inner}{{{node.least},}}"
    return inner + (f"{{{node.least}}}" if node.least == node.most else f"{{{node.least},{node.most}}}")


def _set(mask: int, folded: bool) -> str:
    members = members_of(mask)
    if len(members) == 1 or (folded and len(members) == 2 and mask == both_cases(1 << members[0])):
        return _byte(members[-1])
    if not members:
        return r"[^\x00-\xff]"
    ranges: list[list[int]] = []
    for byte in members:
        if ranges and ranges[-1][1] == byte - 1:
            ranges[-1][1] = byte
        else:
            ranges.append([byte, byte])
    return "[" + "".join(_byte(low) if low == high else f"{_byte(low)}-{_byte(high)}" for low, high in ranges) + "]"


def _byte(byte: int) -> str:
    return chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02x}"
