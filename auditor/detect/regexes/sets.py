"""Characters that parts of a parsed regular expression begin with, end with and consist of (`re._parser` items).

Beyond ASCII the classes are coarse: all of it counts as letters, which are in `\\w` and neither in `\\d` nor in `\\s`.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, cast
from auditor.detect.regexes.charsets import ANY, NEWLINE, PERL, WORD, folded, normal
from auditor.lang.automaton import TOP, complement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from auditor.lang.automaton import Ranges

    #: One parsed part: the operator (its name is what counts) and its arguments.
    Part: TypeAlias = "tuple[object, object]"
    Parts: TypeAlias = "Sequence[Part]"

IGNORECASE = 2
SINGLE = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "ANY_ALL", "IN", "RANGE"})
REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
LOOKS = frozenset({"ASSERT", "ASSERT_NOT"})
_LETTERS: Ranges = normal((*WORD, (0x80, TOP)))
_CLASSES: dict[str, Ranges] = {"DIGIT": PERL["d"], "SPACE": PERL["s"], "WORD": _LETTERS}
#: What can come after a place at the end of a text or line.
_ENDS: dict[str, Ranges] = {"AT_END": NEWLINE, "AT_END_STRING": ()}
#: Words that `\b` stands beside, and everything that it separates them from.
WORDS, OTHERS = _LETTERS, complement(_LETTERS)


def characters(part: Part, fold: bool) -> Ranges:
    """The set that one part of a single character stands for; `fold`: in either case."""
    op, value = str(part[0]), part[1]
    if op in ("ANY", "ANY_ALL"):
        return ANY
    if op == "IN":
        parts = cast("list[Part]", value)
        negated = bool(parts) and str(parts[0][0]) == "NEGATE"
        ranges = normal(one for each in parts[negated:] for one in characters(each, fold))
        return complement(ranges) if negated else ranges
    if op == "CATEGORY":
        name = str(value).removeprefix("CATEGORY_")
        ranges = _CLASSES.get(name.removeprefix("NOT_"), ANY)
        return complement(ranges) if name.startswith("NOT_") else ranges
    low, high = cast("tuple[int, int]", value if op == "RANGE" else (value, value))
    ranges = folded(((low, high),)) if fold else ((low, high),)
    return complement(ranges) if op == "NOT_LITERAL" else ranges


def inside(part: Part, fold: bool) -> Iterator[tuple[Parts, bool]]:
    """The rows of parts that a part contains, each with whether case is folded there; none for a single character."""
    op, value = str(part[0]), part[1]
    if op == "BRANCH":
        yield from ((row, fold) for row in cast("tuple[object, list[Parts]]", value)[1])
    elif op == "SUBPATTERN":
        _, added, removed, row = cast("tuple[object, int, int, Parts]", value)
        yield row, (fold or bool(added & IGNORECASE)) and not removed & IGNORECASE
    elif op == "ATOMIC_GROUP":
        yield cast("Parts", value), fold
    elif op in REPEATS:
        yield cast("tuple[int, int, Parts]", value)[2], fold
    elif op in LOOKS:
        yield cast("tuple[int, Parts]", value)[1], fold
    elif op == "GROUPREF_EXISTS":
        _, then, otherwise = cast("tuple[object, Parts, Parts | None]", value)
        yield from ((row or (), fold) for row in (then, otherwise))


def may_be_empty(part: Part) -> bool:
    """Whether a part matches without reading anything."""
    op = str(part[0])
    if op in SINGLE:
        return False
    if op in REPEATS and not cast("tuple[int, int, Parts]", part[1])[0]:
        return True
    if op in LOOKS or op in ("AT", "GROUPREF"):
        return True
    return any(all(may_be_empty(one) for one in row) for row, _ in inside(part, False))


def alphabet(part: Part, fold: bool) -> Ranges:
    """All characters that a match of the part can hold."""
    op = str(part[0])
    if op in SINGLE:
        return characters(part, fold)
    if op == "AT" or op in LOOKS:
        return ()
    if op == "GROUPREF":
        return ANY
    return normal(one for row, case in inside(part, fold) for each in row for one in alphabet(each, case))


def last(part: Part, fold: bool) -> Ranges:
    """Characters that a match of the part can end with."""
    op = str(part[0])
    if op in SINGLE or op == "GROUPREF":
        return alphabet(part, fold)
    if op == "AT" or op in LOOKS:
        return ()
    found: Ranges = ()
    for row, case in inside(part, fold):
        for each in reversed(row):
            found = normal((*found, *last(each, case)))
            if not may_be_empty(each):
                break
    return found


def first(row: Parts, fold: bool, after: Ranges, before: Ranges = ANY) -> Ranges:
    """Characters that can come where these parts begin. `after`: what can follow them; `before`: what ends there."""
    for number in range(len(row) - 1, -1, -1):
        previous = last(row[number - 1], fold) if number else before
        after = begins(row[number], fold, after, previous)
    return after


def begins(part: Part, fold: bool, after: Ranges, before: Ranges) -> Ranges:
    """The same for one part."""
    op = str(part[0])
    if op in SINGLE:
        return characters(part, fold)
    if op == "GROUPREF":
        return ANY
    if op == "AT":
        return _at(str(part[1]), after, before)
    if op in LOOKS:
        return _look(part, fold, after)
    rows = list(inside(part, fold))
    found = normal(one for row, case in rows for one in first(row, case, after, before))
    return normal((*found, *after)) if may_be_empty(part) else found


def _at(kind: str, after: Ranges, before: Ranges) -> Ranges:
    if kind == "AT_BOUNDARY" and before and normal((*before, *WORDS)) == WORDS:
        return OTHERS
    return _ENDS.get(kind, after)


def _look(part: Part, fold: bool, after: Ranges) -> Ranges:
    direction, row = cast("tuple[int, Parts]", part[1])
    if direction < 0:
        return after
    if str(part[0]) == "ASSERT":
        return first(row, fold, ANY)
    single = one_set(row, fold)
    return ANY if single is None else complement(single)


def one_set(row: Parts, fold: bool) -> Ranges | None:
    """The set, if the parts are one character of it."""
    return characters(row[0], fold) if len(row) == 1 and str(row[0][0]) in SINGLE else None
