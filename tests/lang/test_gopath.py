"""Clean paths and COPY patterns against answers recorded from Go 1.26's `filepath`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.lang.gopath import BadPattern, clean, glob, has_wildcard, relative, trim


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("", "."),
        ("a//b/./c/", "a/b/c"),
        ("a/../..", ".."),
        ("../../a", "../../a"),
        ("/../a", "/a"),
        ("/", "/"),
        ("//", "/"),
    ],
)
def test_clean(path: str, cleaned: str) -> None:
    assert clean(path) == cleaned


@given(st.text(st.sampled_from("ab./")))
def test_clean_twice_changes_nothing_more(path: str) -> None:
    assert clean(clean(path)) == clean(path)
    assert ".." not in relative(path).split("/")


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.json", "a.json .json", "a/b.json a.jsonl"),
        ("a*b*c", "abc axbxbc", "ab/c abcx"),
        ("*a*", "a ba bab", "b a/a"),
        ("a?c", "abc aéc", "ac a/c"),
        ("[a-c]x", "ax cx", "dx x"),
        ("[^a]x", "bx /x", "ax"),
        ("[c-a]x", "", "ax bx"),
        ("[^c-a]x", "ax bx", "x"),
        (r"\*x", "*x", "ax"),
        (r"[\]\-]x", "]x -x", "ax"),
        ("a**b", "ab axb", "a/b"),
        ("*/k", "a/k", "k a/b/k"),
    ],
)
def test_glob(pattern: str, matching: str, other: str) -> None:
    matcher = glob(pattern)
    assert [name for name in matching.split() if not matcher.match(name)] == []
    assert [name for name in other.split() if matcher.match(name)] == []


@pytest.mark.parametrize("pattern", ["[", "[]", "[a", "[a-", "[a-]", "[-a]", "a\\", "*[", "[\\", "[\udc80]"])
def test_bad_patterns(pattern: str) -> None:
    with pytest.raises(BadPattern):
        glob(pattern)


@pytest.mark.parametrize(("text", "wild"), [("a*", True), ("[", True), ("a?", True), (r"a\*", False), ("a\\", False)])
def test_wildcards_are_seen_unless_escaped(text: str, wild: bool) -> None:
    assert has_wildcard(text) is wild


def test_trim_keeps_what_go_keeps() -> None:
    assert trim(" \t\xa0\u2003a\x1c\r\n") == "a\x1c"
