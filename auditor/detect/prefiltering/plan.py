"""What to search for on behalf of each trigger, the same for both engines."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.prefiltering.factor import Factor, factors
from auditor.detect.prefiltering.interface import WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.detect.prefiltering.interface import Trigger

#: More literals than this are replaced by the trigger's keywords within them.
_MANY = 24


class Search(NamedTuple):
    """One stretch to look for on behalf of trigger `trigger`; see Factor for the fields.

    `expression` is "" where only the literals are known. `needles`: lower-case ASCII, one in every match of it.
    """

    trigger: int
    expression: str
    caseless: bool
    needles: tuple[str, ...]
    leading: bool
    longest: int
    head: int
    row: str
    word: int


class Plan(NamedTuple):
    """The searches, and the triggers whose patterns have to be searched for themselves."""

    searches: list[Search]
    bare: list[int]


def plan(triggers: Sequence[Trigger]) -> Plan:
    """What to search for. Raises re.error on a broken pattern."""
    made = Plan([], [])
    for index, trigger in enumerate(triggers):
        keywords = _usable(trigger.keywords)
        if trigger.whole:
            made.searches.append(Search(index, trigger.pattern, trigger.caseless, keywords, False, WHOLE, 0, "", 0))
            continue
        searches = [_search(index, factor, keywords) for factor in _factors(trigger)]
        if searches and all(search.needles for search in searches):
            made.searches.extend(searches)
        elif keywords:
            made.searches.append(Search(index, "", True, keywords, False, 0, 0, "", 0))
        else:
            made.bare.append(index)
    return made


def literals_only(search: Search) -> Search:
    """The same without its expression, for an engine that cannot take that."""
    return search._replace(expression="", caseless=True)


def flags(trigger: Trigger) -> int:
    """Flags of `re` for the trigger's pattern."""
    return re.ASCII | (re.IGNORECASE if trigger.caseless else 0)


def _factors(trigger: Trigger) -> list[Factor]:
    try:
        return factors(trigger.pattern, caseless=trigger.caseless)
    except RecursionError:
        return []


def _usable(keywords: tuple[str, ...]) -> tuple[str, ...]:
    # Lowering bytes leaves letters outside of ASCII as they are, so only ASCII keywords are found that way.
    return keywords if all(word and word.isascii() and word == word.lower() for word in keywords) else ()


def _search(index: int, factor: Factor, keywords: tuple[str, ...]) -> Search:
    """How to look for one factor; without needles if none are known that are ASCII."""
    needles = tuple(sorted(factor.literals))
    leading = factor.leading
    plain = all(needle.isascii() for needle in needles)
    if len(needles) > _MANY or not plain:
        within = [next((word for word in keywords if word in needle), "") for needle in needles]
        if all(within):
            leading = leading and all(needle.startswith(word) for needle, word in zip(needles, within, strict=True))
            needles = tuple(sorted(set(within)))
        elif not plain:
            needles = ()
    return Search(
        trigger=index,
        expression=factor.expression,
        caseless=factor.caseless,
        needles=needles,
        leading=leading,
        longest=factor.longest,
        head=factor.head,
        row=factor.row,
        word=factor.word,
    )
