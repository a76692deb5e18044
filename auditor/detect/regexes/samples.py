"""Texts that a regular expression matches, made from its parsed form: for checks of patterns that have no examples."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING, cast
from auditor.detect.regexes.sets import REPEATS, SINGLE, characters, inside

if TYPE_CHECKING:
    from random import Random

    from auditor.detect.regexes.sets import Part, Parts

_FIRST, _LAST = 33, 126  # the printable ones of ASCII, without the space
_TRIES = 50
_MOST_REPEATED = 64


def sample(pattern: str, random: Random) -> str | None:
    """A text that the whole pattern matches, at random; None if none was found in 50 tries.

    Look-around and references back are left to chance. Raises re.error for an invalid pattern.
    """
    from importlib import import_module  # the parser has no public name

    parsed = list(import_module("re._parser").parse(pattern))
    for _ in range(_TRIES):
        text = _row(parsed, random)
        if re.fullmatch(pattern, text):
            return text
    return None


def _row(parts: Parts, random: Random) -> str:
    return "".join(_part(part, random) for part in parts)


def _part(part: Part, random: Random) -> str:
    op = str(part[0])
    if op in SINGLE:
        return _character(part, random)
    if op in REPEATS:
        least, most, row = cast("tuple[int, int, Parts]", part[1])
        rounds = random.randint(least, max(least, min(most, least + _MOST_REPEATED)))
        return "".join(_row(row, random) for _ in range(rounds))
    if op not in ("BRANCH", "SUBPATTERN", "ATOMIC_GROUP"):
        return ""
    rows = [row for row, _ in inside(part, False)]
    return _row(random.choice(rows), random)


def _character(part: Part, random: Random) -> str:
    ranges = characters(part, False)
    printable = [(max(low, _FIRST), min(high, _LAST)) for low, high in ranges if low <= _LAST and high >= _FIRST]
    low, high = random.choice(printable or ranges)
    return chr(random.randint(low, high))
