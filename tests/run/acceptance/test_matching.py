from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.acceptance import Entry, Mark, unified
from auditor.run.acceptance.matching import is_among, is_gone, match

MARKS = st.builds(
    Mark,
    rule=st.sampled_from(["a", "b"]),
    image=st.sampled_from(["", "", "", "layer"]),
    path=st.sampled_from(["x", "y", "d/x", "d/y", "e/x"]),
    inner=st.just(""),
    pointer=st.just(""),
    hash=st.sampled_from(["0" * 64, "1" * 64]),
)


def mark(path: str, image: str = "") -> Mark:
    return Mark("a", image, path, "", "", "0" * 64)


@given(st.lists(MARKS, max_size=12), st.sets(MARKS, max_size=12), st.sets(MARKS))
def test_every_entry_speaks_of_one_place_at_most(known: list[Mark], found: set[Mark], gone: set[Mark]) -> None:
    entries = unified(map(Entry, known))
    matches = match(entries, found, lambda entry: entry.mark in gone)
    assert sorted([*(entry.mark for entry in matches.by_mark.values()), *(entry.mark for entry in matches.absent)]) == (
        sorted(entry.mark for entry in entries)
    )
    for place, entry in matches.by_mark.items():
        assert place in found
        if place in matches.moved:
            assert (place.rule, place.hash, place.image) == (entry.mark.rule, entry.mark.hash, entry.mark.image)
            assert not place.image
            assert entry.mark in gone - found
        else:
            assert entry.mark == place
    # Nothing that could have moved was left over.
    for entry in matches.absent:
        same = {place for place in found - matches.by_mark.keys() if _like(place, entry.mark)}
        assert not (same and entry.mark in gone)


def _like(one: Mark, other: Mark) -> bool:
    return (one.rule, one.hash) == (other.rule, other.hash) and not (one.image or other.image)


def test_files_keep_their_names_first() -> None:
    entries = [Entry(mark("x"), "one"), Entry(mark("y"), "two")]
    matches = match(entries, {mark("d/y"), mark("e/x")}, lambda _entry: True)
    assert {place.path: entry.subject for place, entry in matches.moved.items()} == {"d/y": "two", "e/x": "one"}


def test_thousands_that_move_at_once() -> None:
    entries = [Entry(mark(f"old/{number}.ini")) for number in range(5_000)]
    asked: list[Entry] = []
    found = {mark(f"new/{number}.txt") for number in range(5_000)}
    matches = match(entries, found, lambda entry: asked.append(entry) is None)
    assert len(matches.moved) == len(asked) == 5_000


@pytest.mark.parametrize(
    ("path", "gone"),
    [("a.txt", False), ("b.txt", True), ("a.txt/b", True), ("a.zip!x", False), ("b.zip!x!y", True), ("a\0b", False)],
)
def test_what_is_gone(tmp_path: Path, path: str, gone: bool) -> None:
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "a.zip").write_text("x")
    assert is_gone(str(tmp_path / path)) is gone


def test_what_is_packed_belongs_to_its_archive() -> None:
    assert is_among("a.zip!in/side!x.txt", {"a.zip"})
    assert not is_among("a.zipped!x", {"a.zip"})
    assert not is_among("!" * 8_000, {"a.zip"})
