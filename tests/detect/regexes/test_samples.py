"""Texts made from a pattern."""

from __future__ import annotations

import random
import re

import pytest

from auditor.detect.regexes.samples import sample


@pytest.mark.parametrize(
    "pattern",
    [
        "[0-9a-f]{32}",
        "(?:ab|cd){3}-[^a-z]+",
        r"(?i:key)_\w{4}\.\d",
        r"(?=[A-Z]{0,9}\d)[A-Z0-9]{20}",
        "(?P<secret>x++)y",
        "(?>a|b)c?",
        "",
        r"[^\x00-\x7f]",
    ],
)
def test_a_sample_matches(pattern: str) -> None:
    found = sample(pattern, random.Random(1))
    assert found is not None
    assert re.fullmatch(pattern, found)


@pytest.mark.parametrize("pattern", ["a(?=b)c", r"\Ba", "(?!a)a"])
def test_there_may_be_none(pattern: str) -> None:
    assert sample(pattern, random.Random(1)) is None


def test_samples_differ_and_can_be_repeated() -> None:
    assert sample("[a-z]{20}", random.Random(1)) == sample("[a-z]{20}", random.Random(1))
    assert sample("[a-z]{20}", random.Random(1)) != sample("[a-z]{20}", random.Random(2))
