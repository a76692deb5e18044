"""All fields of credential files that are told line by line: package managers' and services'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from auditor.detect.structures import hints, packages, services
from auditor.detect.structures.candidate import Candidate, Source
from auditor.detect.structures.fields import Field, applies, search

_FIELDS = (*packages.FIELDS, *services.FIELDS)
_FILES = frozenset(name for field in _FIELDS for name in field.files)
_HERE = "tables:find"
#: In the place of a way: any.
_ALWAYS = -1


def find(source: Source) -> Iterator[Candidate]:
    """The candidates of all fields that apply."""
    for field in _likely(source):
        if applies(field, source):
            yield from search(field, source)


def _likely(source: Source) -> Iterable[Field]:
    """The fields to ask: with a telling name all of them, else those whose strings may be there."""
    if source.ways is None or source.base in _FILES or source.kind in _FILES:
        return _FIELDS
    by_way = _by_way()
    wanted = {number for way in (_ALWAYS, *source.ways) for number in by_way.get(way, ())}
    return [_FIELDS[number] for number in sorted(wanted)]


@lru_cache(maxsize=1)
def _by_way() -> dict[int, tuple[int, ...]]:
    """Places of fields in the table, by the place of a way to here that all texts take to which they apply.

    Where a field's pattern asks for more than its strings do, only that may lead here: such fields are always asked.
    """
    found: dict[int, list[int]] = {}
    for number, field in enumerate(_FIELDS):
        for some in field.some:
            strings = (some, *field.every)
            leading = [way.place for way in hints.ways_to(_HERE) if _are_in(way.literals, strings)]
            for place in leading or (_ALWAYS,):
                found.setdefault(place, []).append(number)
    return {place: tuple(numbers) for place, numbers in found.items()}


def _are_in(literals: Iterable[str], strings: tuple[str, ...]) -> bool:
    """Whether each literal is a part of one of these strings."""
    return all(any(literal in one for one in strings) for literal in literals)
