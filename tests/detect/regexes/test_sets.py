"""Characters that parts of a pattern begin with, end with and consist of."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from auditor.detect.regexes import sets
from auditor.detect.regexes.charsets import ANY, overlap
from auditor.lang.automaton import Ranges


def parsed(pattern: str) -> Any:
    return list(importlib.import_module("re._parser").parse(pattern))


def held(ranges: Ranges, chars: str = "abAB01_- é\n") -> str:
    return "".join(char for char in chars if overlap(((ord(char), ord(char)),), ranges))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a", "a"),
        ("[^a]", "bAB01_- é\n"),
        (r"\d", "01"),
        (r"\D", "abAB_- é\n"),
        (r"\w", "abAB01_é"),
        (r"\W", "- \n"),
        (r"\s", " \n"),
        (r"[a-b\d]", "ab01"),
        (".", "abAB01_- é\n"),
    ],
)
def test_one_character(pattern: str, expected: str) -> None:
    assert held(sets.characters(parsed(pattern)[0], False)) == expected


def test_either_case() -> None:
    assert held(sets.characters(parsed("[a]")[0], True)) == "aA"
    assert held(sets.alphabet(parsed("(?i:ab)")[0], False)) == "abAB"
    assert held(sets.alphabet(parsed("(?i:a(?-i:b))")[0], False)) == "abA"


@pytest.mark.parametrize(
    ("pattern", "first", "last", "alphabet"),
    [
        ("(?:a|b)", "ab", "ab", "ab"),
        ("(ab)", "a", "b", "ab"),
        ("(a?b)", "ab", "b", "ab"),
        ("(ab?)", "a", "ab", "ab"),
        ("a{2,3}", "a", "a", "a"),
        ("(?>a|01)", "a0", "a1", "a01"),
        ("(?=a)", "a", "", ""),
        ("(?!a)", "bAB01_- é\n", "", ""),
        ("(?<=a)", "-", "", ""),
        ("$", "\n", "", ""),
        (r"\Z", "", "", ""),
        ("a*", "a-", "a", "a"),
    ],
)
def test_ends_of_a_part(pattern: str, first: str, last: str, alphabet: str) -> None:
    part = parsed(pattern)[0]
    follows: Ranges = ((ord("-"), ord("-")),)
    assert sorted(held(sets.begins(part, False, follows, ANY))) == sorted(first)
    assert sorted(held(sets.last(part, False))) == sorted(last)
    assert sorted(held(sets.alphabet(part, False))) == sorted(alphabet)


def test_a_word_boundary_after_a_word() -> None:
    assert held(sets.first(parsed(r"a\b")[1:], False, ANY, ((97, 97),))) == "- \n"
    assert sets.first(parsed(r"-\b")[1:], False, ANY, ((45, 45),)) == ANY


@pytest.mark.parametrize(
    ("pattern", "empty"),
    [
        ("a", False),
        ("a?", True),
        ("(?:a|)", True),
        ("(a?b?)", True),
        ("(a?b)", False),
        ("(?=a)", True),
        ("^", True),
    ],
)
def test_may_be_empty(pattern: str, empty: bool) -> None:
    assert sets.may_be_empty(parsed(pattern)[0]) is empty
