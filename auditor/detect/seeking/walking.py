"""Whether a needle stands around an anchor that was found, and from where to where."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING
from auditor.detect.seeking.encodings import LONGEST_GAP
from auditor.detect.seeking.forms import LINE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.detect.seeking.encodings import Anchor, Needle
    from auditor.detect.seeking.forms import Forms

# Line breaks and indentation, as they are or escaped once or more often.
_GAP = re.compile(rb"(?:[ \t\r\n]|\\+[nrt\n])*")
_GAP_BEFORE = re.compile(rb"(?:[ \t\r\n]|(?<!\\)\\+[nrt\n])*\Z")


def extent(data: bytes, needle: Needle, anchor: Anchor, start: int) -> tuple[int, int] | None:
    """Where the needle begins and ends whose anchor begins at `start`; None if only the anchor is there."""
    end = _ahead(data, start + len(anchor.literal), needle.units[anchor.end :], needle.gaps)
    if end is None:
        return None
    begin = _back(data, start, needle.units[: anchor.first], needle.gaps)
    return None if begin is None else (begin, end)


def _ahead(data: bytes, at: int, units: Iterable[Forms], gaps: bool) -> int | None:
    """The furthest end of the units from here on. All readings are followed at once: forms begin with one another."""
    places = {at}
    for unit in units:
        following: set[int] = set()
        for place in places:
            starts = (place, _gap_end(data, place)) if gaps else (place,)
            for start in set(starts):
                following.update(start + len(form) for form in unit if data.startswith(form, start))
        if unit is LINE:
            following = {end for place in places | following for end in range(place, _gap_end(data, place) + 1)}
        if not following:
            return None
        places = following
    return max(places)


def _back(data: bytes, at: int, units: tuple[Forms, ...], gaps: bool) -> int | None:
    """The furthest beginning of the units up to here."""
    places = {at}
    for unit in reversed(units):
        before: set[int] = set()
        for place in places:
            ends = (place, _gap_start(data, place)) if gaps else (place,)
            for end in set(ends):
                before.update(end - len(form) for form in unit if data.endswith(form, 0, end))
        if unit is LINE:
            before = {start for place in places | before for start in range(_gap_start(data, place), place + 1)}
        if not before:
            return None
        places = before
    return min(places)


def _gap_end(data: bytes, place: int) -> int:
    match = _GAP.match(data, place, place + LONGEST_GAP)
    return match.end() if match else place


def _gap_start(data: bytes, place: int) -> int:
    if place < 1 or data[place - 1] not in b" \t\r\nnrt":
        return place
    window = max(0, place - LONGEST_GAP)
    match = _GAP_BEFORE.search(data[window:place])
    return window + match.start() if match else place
