"""Values of settings as TOML."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.report.settings import toml_value

TEXTS = st.text(st.characters(codec="utf-8"))
VALUES = st.one_of(
    TEXTS, st.booleans(), st.integers(0, 10**9), st.lists(TEXTS, max_size=3), st.dictionaries(TEXTS, TEXTS, max_size=3)
)


@given(VALUES)
def test_what_is_written_is_read_again(value: object) -> None:
    written = toml_value(value)
    assert tomllib.loads(f"x = {written}\n") == {"x": value}
    assert written.isprintable()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a\x1b\x7f\u202e\U000e0001", '"a\\u001b\\u007f\\U0000202e\\U000e0001"'),
        ("\udcff", f'"{3 * chr(0xFFFD)}"'),
        ({"a b": "c", "d-e": "f"}, '{ "a b" = "c", d-e = "f" }'),
        ({}, "{}"),
        ([], "[]"),
    ],
)
def test_how_it_is_written(value: object, written: str) -> None:
    assert toml_value(value) == written
