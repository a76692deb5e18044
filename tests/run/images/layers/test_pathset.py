"""Sets of paths: members, copies, and what is no set."""

from __future__ import annotations

import pickle
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.run.images.layers.pathset import PathSet, number

_PATHS = st.lists(st.text(st.characters(codec=None), max_size=30), max_size=40)


@given(_PATHS, _PATHS)
def test_members(inside: list[str], others: list[str]) -> None:
    made = PathSet.of(inside)
    for path in (*inside, *others):
        assert (path in made) == (path in inside)


@given(_PATHS)
def test_copies(paths: list[str]) -> None:
    made = PathSet.of(paths)
    for copy in (PathSet.from_bytes(made.to_bytes()), pickle.loads(pickle.dumps(made))):
        assert copy.to_bytes() == made.to_bytes()
        assert all(path in copy for path in paths)
        assert len(copy) == len(made)


def test_eight_bytes_each() -> None:
    assert len(PathSet.of(str(one) for one in range(1000)).to_bytes()) == 8000
    assert len(PathSet.of(str(one) for one in range(1000))) == 1000


def test_of_numbers() -> None:
    made = PathSet(array("Q", [number("b"), number("a")]))
    assert "a" in made and "b" in made and "c" not in made


def test_paths_that_are_no_text() -> None:
    made = PathSet.of(["a/\udcff", "\ud800"])
    assert "a/\udcff" in made and "\ud800" in made
    assert "a/\udcfe" not in made and "a/?" not in made


def test_nothing() -> None:
    assert len(PathSet()) == 0 and "" not in PathSet() and "a" not in PathSet()
    assert "" in PathSet.of([""])
    assert PathSet.from_bytes(b"").to_bytes() == b""


@pytest.mark.parametrize("data", [b"x", b"1234567", b"123456789", array("Q", [2, 1]).tobytes()])
def test_what_is_no_set(data: bytes) -> None:
    with pytest.raises(ValueError):
        PathSet.from_bytes(data)


def test_numbers_differ() -> None:
    assert len({number(f"dir/{one}") for one in range(20_000)}) == 20_000
    assert 0 <= number("a") < 2**64
