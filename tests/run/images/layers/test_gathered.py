"""What the search of a layer collects while the entries come by."""

from __future__ import annotations

import time
from typing import cast

import pytest

from auditor.core.image import HIDDEN, LAYER, LIVE, ImagePlace
from auditor.run.images.layers import whiteouts
from auditor.run.images.layers.gathered import Gathered
from auditor.run.images.layers.searching import Settings
from tests.run.images.changes import file, folder, link
from tests.run.images.outcomes import leak


def gathered() -> Gathered:
    """Without anything that searches."""
    return Gathered(cast("Settings", None))


def found(collected: Gathered, path: str, inner: str = "") -> None:
    """Note that there is a leak in this file."""
    collected.leaks.append(leak(place=ImagePlace(LAYER, path=path, inner_path=inner)))
    collected.changes.watch(path)


def states(collected: Gathered) -> list[tuple[str, str]]:
    return [(one.place.path, one.place.state) for one in collected.leaks]


def test_a_second_file_of_a_path_hides_what_was_in_the_first() -> None:
    made = gathered()
    for path in ("a", "b"):
        made.note_members([file(path)])
        found(made, path)
        found(made, path, "inside")
    made.note_members([file("a")])
    assert states(made) == [("a", HIDDEN), ("a", HIDDEN), ("b", LIVE), ("b", LIVE)]
    found(made, "a")
    found(made, "b")
    assert [state for _, state in states(made)] == [HIDDEN, HIDDEN, LIVE, LIVE, LIVE, LIVE]
    made.note_members([file("b")])
    assert [state for _, state in states(made)] == [HIDDEN, HIDDEN, HIDDEN, HIDDEN, LIVE, HIDDEN]


def test_the_same_path_again_and_again_takes_linear_time() -> None:
    made = gathered()
    for number in range(5_000):
        found(made, f"other/{number}")
    began = time.process_time()
    for _ in range(5_000):
        made.note_members([file("a")])
        found(made, "a")
    assert time.process_time() - began < 3
    assert sum(state == HIDDEN for _, state in states(made)) == 4_999
    assert states(made)[-1] == ("a", LIVE)


def test_files_and_packages_are_counted() -> None:
    made = gathered()
    for entry in (file("a"), folder("b.deb"), link("c.deb", "a"), file("var/cache/d.deb")):
        made.note_members([entry])
    assert (made.files, made.debs) == (2, 1)


def test_what_is_cut_off_makes_the_search_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whiteouts, "MOST_LINKS", 1)
    made = gathered()
    made.note_members([file("a")])
    found(made, "a")
    for name in "bcd":
        made.note_members([link(name, "a")])
    [(message, path)] = made.errors
    assert message.startswith("more than 1 hard links to files with findings") and not path
