"""The statements of a script's top level."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.lang.shell.chain import chain, is_simple


def parts(text: str) -> list[tuple[str, str]]:
    return [(link.join, text[link.span.start : link.span.end]) for link in chain(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", [("", "a")]),
        ("a && b; c\nd", [("", "a"), ("&&", "b"), (";", "c"), ("\n", "d")]),
        ("a || b & c", [("", "a"), ("||", "b"), ("&", "c")]),
        ("a | b && c > d", [("", "a | b"), ("&&", "c > d")]),
        ("a | b | c && d", [("", "a | b | c"), ("&&", "d")]),
        ("a | b | c | d && e || f > g", [("", "a | b | c | d"), ("&&", "e"), ("||", "f > g")]),
        ("x; a | b | c; d", [("", "x"), (";", "a | b | c"), (";", "d")]),
        ("a && b && c >> d", [("", "a"), ("&&", "b"), ("&&", "c >> d")]),
        ("if a; then b; fi; c", [("", "if a; then b; fi"), (";", "c")]),
        ("( a && b ) && c", [("", "( a && b )"), ("&&", "c")]),
        ("V=1 a 'x && y' && b", [("", "V=1 a 'x && y'"), ("&&", "b")]),
        ("# note\na # tail\nb", [("", "a"), ("\n", "b")]),
        ("echo ä && b", [("", "echo ä"), ("&&", "b")]),
        ("", []),
        ("a && (", []),
        ("cat <<E\nx\nE\n", []),
    ],
)
def test_statements(text: str, expected: list[tuple[str, str]]) -> None:
    assert parts(text) == expected


def test_kinds() -> None:
    assert [link.kind for link in chain("a; b | c; if d; then e; fi; f > g")] == [
        "command", "pipeline", "if_statement", "redirected_statement",
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "simple"), [("a && b; c", True), ("a || b", False), ("a & b", False), ("", False)])
def test_statements_that_may_be_taken_out(text: str, simple: bool) -> None:
    assert is_simple(chain(text)) is simple


def test_too_much_is_not_read() -> None:
    assert chain("a;" * 2_000_000) == ()
    assert chain("(" * 20_000) == ()


@given(st.text(alphabet="ab &|;()'\"\n$<>#{}\\é", max_size=60))
def test_places_are_in_order_and_inside(text: str) -> None:
    end = 0
    for link in chain(text):
        assert end <= link.span.start < link.span.end <= len(text)
        end = link.span.end
