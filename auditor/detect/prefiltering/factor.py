"""Chooses the stretch of a pattern that tells most in few bytes, and writes it for Hyperscan and for `re` alike.

Every match of the pattern contains a match of its factor, so it is enough to look for factors. They hold the rarest
literal of the pattern and little around it: no long repeats, which cost a matcher states, and no open ends, which
would report one match many times.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.prefiltering.expression import is_folded, masks, width, written
from auditor.detect.prefiltering.literals import least_bits, runs_of, strings_of
from auditor.detect.prefiltering.tree import WORD, Bytes, Edge, Either, Join, Times, read

if TYPE_CHECKING:
    from auditor.detect.prefiltering.literals import Run
    from auditor.detect.prefiltering.tree import Node

#: Bytes on either side of the literal that a factor takes in, and how many more where the literal is poor.
REACH = 32
_FURTHER = 8
#: How much a repeat within a factor may vary, and how wide an item of varying width may be, in bytes.
_SLACK = 16
_WIDEST = 64
#: A literal of so many bits is good enough; alternatives of a poorer pattern are taken apart, so many, so deep.
_RARE = 12.0
_MOST_OPTIONS = 16
_DEPTH = 2
#: What a bit of the bytes around a poor literal is worth beside one of the literal itself, which a matcher finds fast.
_CONTEXT = 0.25
_CONTEXT_MOST = 40.0


class Factor(NamedTuple):
    """A stretch of a pattern.

    `expression`: valid for Hyperscan and, as bytes, for `re`; `caseless`: both must be told to ignore case. `literals`:
    lower-case; every match of the expression contains one of them, at its start and behind a word boundary if
    `leading`, and is at most `longest` bytes long. It begins with at least `head` letters, digits and underscores; the
    longest row of these in it has at least `word` and matches `row`. `bits`: how rare the literals are, as -log2 of
    their share.
    """

    expression: str
    caseless: bool
    literals: frozenset[str]
    leading: bool
    longest: int
    head: int
    row: str
    word: int
    bits: float


def factors(pattern: str, *, caseless: bool = False, reach: int = REACH) -> list[Factor]:
    """Factors of a Python pattern: each match contains a match of one of them. Empty where there is no literal.

    Raises re.error, OverflowError or RecursionError where Python cannot read the pattern.
    """
    tree = read(pattern, caseless=caseless)
    return _factors(list(tree.parts) if isinstance(tree, Join) else [tree], reach, _DEPTH) or []


def _factors(items: list[Node], reach: int, depth: int) -> list[Factor] | None:
    """Factors of the items in a row; None without a literal. Alternatives are taken apart where that helps."""
    best = max(runs_of(items), key=lambda run: run.bits, default=None)
    if (best is None or best.bits < _RARE) and depth:
        for place, item in enumerate(items):
            if isinstance(item, Either) and len(item.options) <= _MOST_OPTIONS and strings_of(item) is None:
                each = [
                    _factors([*items[:place], *_parts(one), *items[place + 1 :]], reach, depth - 1)
                    for one in item.options
                ]
                if None not in each:
                    return [found for one in each for found in one or ()]
    if best is not None and best.bits < _RARE:
        reach += _FURTHER
        best = max(runs_of(items), key=lambda run: run.bits + _CONTEXT * _context_bits(items, run, reach))
    return [_around(items, best, reach)] if best is not None and best.bits > 0 else None


def _context_bits(items: list[Node], run: Run, reach: int) -> float:
    left = _extended(items[: run.first][::-1], reach)
    right = _extended(items[run.end :], reach)
    return min(_CONTEXT_MOST, sum(map(least_bits, (*left, *right))))


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, Join) else (node,)


def _around(items: list[Node], run: Run, reach: int) -> Factor:
    """The factor made of a run of literals and what is near."""
    left = _extended(items[: run.first][::-1], reach)
    right = _extended(items[run.end :], reach)
    chosen = Join((*left[::-1], *_without_open_ends((*items[run.first : run.end], *right))))
    folded = is_folded(chosen)
    rows = _word_rows(chosen.parts)
    row = max(rows, key=_least)
    at_start = all(isinstance(part, Edge) for part in left)
    return Factor(
        expression=written(chosen, folded),
        caseless=folded,
        literals=strings_of(Join(tuple(items[run.first : run.end]))) or frozenset(),
        leading=at_start and (bool(left) or isinstance(items[run.first], Edge)),
        longest=width(chosen)[1] or 0,
        head=_least(rows[0]),
        row=written(Join(tuple(row)), False),
        word=_least(row),
        bits=run.bits,
    )


def _extended(items: list[Node], reach: int) -> list[Node]:
    """The items nearest to the literal, within reach. A long repeat is cut to its least."""
    taken: list[Node] = []
    for item in items:
        least, most = width(item)
        if least <= reach and most is not None and most - least <= _SLACK and most <= _WIDEST:
            taken.append(item)
            reach -= least
            continue
        if isinstance(item, Times) and isinstance(item.node, Bytes):
            taken.append(Times(item.node, min(item.least, reach), min(item.least, reach)))
        return taken
    return taken


def _word_rows(items: tuple[Node, ...]) -> list[list[Node]]:
    """The rows of items that hold word characters only, in order; the first may be empty."""
    rows: list[list[Node]] = [[]]
    for item in items:
        if any(mask & ~WORD for mask in masks(item)):
            rows.append([])
        elif not isinstance(item, Edge):
            rows[-1].append(item)
    return rows


def _least(items: list[Node]) -> int:
    return sum(width(item)[0] for item in items)


def _without_open_ends(items: tuple[Node, ...]) -> tuple[Node, ...]:
    """The same with the last repeat at its least, so that one place in the text ends one match."""
    while items:
        item = items[-1]
        if not isinstance(item, Times) or item.most == item.least != 0:
            return items
        if item.least:
            return (*items[:-1], Times(item.node, item.least, item.least))
        items = items[:-1]
    return items
