"""Whether a Python pattern can be searched with in bounded time: its parsed form is judged as a Go expression's is."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, cast
from auditor.detect.regexes.charsets import ANY, NEWLINE, PERL, folded, normal
from auditor.detect.userrules.goregex.cost import attempt
from auditor.detect.userrules.goregex.nodes import EMPTY, Branch, Chars, Concat, Edge, Group, Repeat, Unsupported
from auditor.lang.automaton import complement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.detect.userrules.goregex.nodes import Node
    from auditor.lang.automaton import Ranges

MAX_LENGTH = 64 * 1024
_MAX_WORK = 20_000_000
#: Steps for each character, over all attempts in a text so long: the same that our own formats may take.
MAX_STEPS, TEXT_LENGTH = 25_000, 100_000
_BEYOND_ASCII: Ranges = ((0x80, 0x10FFFF),)
_CATEGORIES = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}
_EDGES = {
    "AT_BEGINNING": "A", "AT_BEGINNING_STRING": "A", "AT_END": "z", "AT_END_STRING": "z",
    "AT_BOUNDARY": "b", "AT_NON_BOUNDARY": "B",
}  # fmt: skip


def check_bounded(pattern: str) -> None:
    """Raises Unsupported where a search may look at the same characters again and again, so that a text can stop it."""
    from importlib import import_module  # start-up: only where a user has rules of their own
    from re import IGNORECASE

    from auditor.detect.regexes.steps import steps

    if len(pattern) > MAX_LENGTH:
        raise Unsupported(f"the pattern is longer than {MAX_LENGTH} characters")
    try:
        parsed = import_module("re._parser").parse(pattern)
        tree = _row(list(parsed), bool(parsed.state.flags & IGNORECASE))
        slow = attempt(tree) > _MAX_WORK or steps(pattern, length=TEXT_LENGTH) > MAX_STEPS
    except RecursionError:
        raise Unsupported("the pattern is nested too deeply") from None
    if slow:
        raise Unsupported("it may take time without bound; bound its repeats ({1,100}) or make them possessive (++)")


def _row(items: Sequence[tuple[object, object]], fold: bool) -> Node:
    return Concat(tuple(_node(str(op), value, fold) for op, value in items))


def _node(op: str, value: object, fold: bool) -> Node:
    if op in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
        return Chars(_set(op, value, fold))
    if op == "AT":
        return Edge(_EDGES.get(str(value), "b"))
    if op == "BRANCH":
        return Branch(
            tuple(_row(one, fold) for one in cast("tuple[object, list[list[tuple[object, object]]]]", value)[1])
        )
    if op == "SUBPATTERN":
        number, added, removed, inner = cast("tuple[int | None, int, int, list[tuple[object, object]]]", value)
        tree = _row(inner, (fold or bool(added & 2)) and not removed & 2)
        return Group(tree, number) if number else tree
    if op == "ATOMIC_GROUP":
        return Repeat(_row(cast("list[tuple[object, object]]", value), fold), 1, 1, True, kept=True)
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return _repeat(op, cast("tuple[int, int, list[tuple[object, object]]]", value), fold)
    if op in ("ASSERT", "ASSERT_NOT"):
        ahead = _row(cast("tuple[int, list[tuple[object, object]]]", value)[1], fold)
        return Repeat(Repeat(ahead, 1, 1, True, kept=True), 0, 1, True)
    raise Unsupported("it refers back to a group, or asks whether one has matched" if "GROUPREF" in op else op.lower())


def _repeat(op: str, value: tuple[int, int, list[tuple[object, object]]], fold: bool) -> Node:
    least, most, inner = value
    item = _row(inner, fold)
    if isinstance(item, Concat) and len(item.items) == 1:
        item = item.items[0]
    limit = None if most >= 1 << 30 else int(most)
    if limit == 0:
        return EMPTY
    return Repeat(item, int(least), limit, op != "MIN_REPEAT", op == "POSSESSIVE_REPEAT")


def _set(op: str, value: object, fold: bool) -> Ranges:
    if op == "ANY":
        return ANY
    if op == "IN":
        parts = cast("list[tuple[object, object]]", value)
        negated = bool(parts) and str(parts[0][0]) == "NEGATE"
        ranges = normal(sum((_part(str(kind), one) for kind, one in parts[negated:]), ()))
        ranges = folded(ranges) if fold else ranges
        # Classes beyond ASCII are only estimated: too much when they are wanted, hence everything when they are not.
        return normal(complement(ranges) + _BEYOND_ASCII) if negated else ranges
    ranges = ((cast("int", value), cast("int", value)),)
    ranges = folded(ranges) if fold else ranges
    return complement(ranges) if op == "NOT_LITERAL" else ranges


def _part(kind: str, value: object) -> Ranges:
    if kind == "LITERAL":
        return ((cast("int", value), cast("int", value)),)
    if kind == "RANGE":
        return (cast("tuple[int, int]", value),)
    name = str(value).removeprefix("CATEGORY_")
    ranges = PERL.get(_CATEGORIES.get(name.removeprefix("NOT_"), ""), NEWLINE)
    return normal((complement(ranges) if name.startswith("NOT_") else ranges) + _BEYOND_ASCII)
