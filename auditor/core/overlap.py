"""Of things that were found in one text and overlap, one for each place."""

from __future__ import annotations

from bisect import bisect_left

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol, TypeVar

    class Placed(Protocol):
        """Something between two offsets of a text."""

        @property
        def start(self) -> int:
            """Where it begins."""

        @property
        def end(self) -> int:
            """Where what follows it begins."""

    P = TypeVar("P", bound=Placed)


def apart(found: Iterable[P]) -> list[P]:
    """Those that do not overlap, by place: what comes first wins over what overlaps it."""
    kept: list[P] = []
    starts: list[int] = []
    for one in found:
        place = bisect_left(starts, one.start)
        free = not place or kept[place - 1].end <= one.start
        if free and (place == len(kept) or one.end <= kept[place].start):
            kept.insert(place, one)
            starts.insert(place, one.start)
    return kept
