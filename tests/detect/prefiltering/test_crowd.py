"""Thinning keeps a pair near every pair that it leaves out."""

from __future__ import annotations

from auditor.detect.prefiltering.crowd import GAP, MOST, Crowd, thinned


def test_the_first_pair_of_a_stretch_stays_whatever_the_order() -> None:
    assert thinned([(1, 30), (1, 10), (0, 20), (1, GAP), (1, GAP + 9)]) == [(1, 10), (0, 20), (1, GAP)]


def test_few_pairs_stay_as_they_are() -> None:
    crowd = Crowd()
    for offset in (9, 5, 7, 5):
        crowd.add(0, offset)
    assert crowd.result() == [(0, 5), (0, 7), (0, 9)]


def test_many_pairs_become_few_and_each_has_one_before_it() -> None:
    crowd, offsets = Crowd(), range(0, 2 * MOST * 3, 3)
    for offset in offsets:
        crowd.add(4, offset)
    kept = [offset for _, offset in crowd.result()]
    assert len(kept) <= MOST
    assert all(any(0 <= offset - one < GAP for one in kept) for offset in offsets[::997])
