"""One thing for each place."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from auditor.core.overlap import apart


class Item(NamedTuple):
    start: int
    end: int


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ([], []),
        ([(5, 9), (0, 3)], [(0, 3), (5, 9)]),
        ([(0, 3), (3, 5)], [(0, 3), (3, 5)]),
        ([(2, 6), (0, 9), (5, 7), (6, 8)], [(2, 6), (6, 8)]),
        ([(0, 9), (2, 6), (2, 6)], [(0, 9)]),
    ],
)
def test_the_first_wins_over_what_overlaps_it(found: list[tuple[int, int]], kept: list[tuple[int, int]]) -> None:
    assert apart([Item(*one) for one in found]) == kept
