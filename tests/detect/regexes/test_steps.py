"""The bound of steps: that it holds for a matcher that counts, that known bad patterns are over it, ours under it."""

from __future__ import annotations

import importlib
import random
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from auditor.core.pattern import Pattern
from auditor.core.resources import load_providers, load_rules
from auditor.core.secretrules import shape_pattern
from auditor.detect.regexes.steps import steps
from auditor.run.tablechecks import MAX_STEPS, MAX_STEPS_ON_VALUE, TEXT_LENGTH, VALUE_LENGTH

GIVE_UP = 200_000
#: Steps per character for the detector's own patterns, which are not data: those look at lines, not only at keywords.
MAX_OWN_STEPS = 50_000
#: Characters of the longest text that a pattern is applied to, where that is bounded by its caller: the name of an
#: assignment, what stands left of a value on its line, a host, values of which only short ones get so far.
SHORT = {
    "announced._CALL": 1200,
    "announced._NEGATED": 200,
    "announced._OTHERWISE": 200,
    "connections._NAME": 200,
    "connections._NO_HOST": 400,
    "values._FILLER": 120,
    "values._PASS": 120,
}
#: Whose patterns are the detector's own.
MODULES = ("announced", "notations", "announcing", "connections", "statements", "positions", "values", "tokens")


class Exhausted(Exception):
    """The matcher has taken too many steps to go on."""


class Counting:
    """A matcher that tries one way after the other, as Python's does, without any of its short cuts."""

    def __init__(self, pattern: str) -> None:
        self.parts = list(importlib.import_module("re._parser").parse(pattern))
        self.taken = 0

    def search_all(self, text: str) -> int:
        """Steps to find all matches in the text."""
        at = 0
        while at <= len(text):
            end = next(self.row(self.parts, text, at), None)
            at = end if end is not None and end > at else at + 1
        return self.taken

    def row(self, parts: Any, text: str, at: int) -> Iterator[int]:
        if not parts:
            yield at
            return
        for end in self.part(parts[0], text, at):
            yield from self.row(parts[1:], text, end)

    def part(self, part: Any, text: str, at: int) -> Iterator[int]:
        op, value = str(part[0]), part[1]
        if op == "LITERAL" or op == "IN":
            self.taken += 1
            if self.taken > GIVE_UP:
                raise Exhausted
            if at < len(text) and self.holds(op, value, text[at]):
                yield at + 1
        elif op == "BRANCH":
            for row in value[1]:
                yield from self.row(row, text, at)
        elif op == "SUBPATTERN":
            yield from self.row(value[3], text, at)
        elif op == "ATOMIC_GROUP":
            yield from self.first(self.row(value, text, at))
        elif op == "POSSESSIVE_REPEAT":
            yield from self.kept(value, text, at)
        elif op in ("ASSERT", "ASSERT_NOT"):
            found = next(self.row(value[1], text, at), None) is not None
            if found == (op == "ASSERT"):
                yield at
        else:
            yield from self.rounds(value, text, at, 0, op == "MAX_REPEAT")

    @staticmethod
    def holds(op: str, value: Any, char: str) -> bool:
        return ord(char) == value if op == "LITERAL" else any(ord(char) == one for _, one in value)

    @staticmethod
    def first(ends: Iterator[int]) -> Iterator[int]:
        end = next(ends, None)
        if end is not None:
            yield end

    def kept(self, value: Any, text: str, at: int) -> Iterator[int]:
        least, most, row = value
        done = 0
        while done < most:
            end = next(self.row(row, text, at), None)
            if end is None or (end == at and done >= least):
                break
            at, done = end, done + 1
        if done >= least:
            yield at

    def rounds(self, value: Any, text: str, at: int, done: int, greedy: bool) -> Iterator[int]:
        least, most, row = value
        if not greedy and done >= least:
            yield at
        if done < most:
            for end in self.row(row, text, at):
                if end > at or done < least:
                    yield from self.rounds(value, text, end, done + 1, greedy)
        if greedy and done >= least:
            yield at


def a_pattern(rng: random.Random, depth: int = 0) -> str:
    parts = []
    for _ in range(rng.randint(1, 4)):
        kind = rng.random()
        if depth < 2 and kind < 0.25:
            atom = f"(?:{a_pattern(rng, depth + 1)})"
        elif depth < 2 and kind < 0.35:
            atom = f"(?:{a_pattern(rng, depth + 1)}|{a_pattern(rng, depth + 1)})"
        elif depth < 2 and kind < 0.4:
            atom = f"(?>{a_pattern(rng, depth + 1)})"
        else:
            atom = rng.choice(["a", "b", "c", "[ab]", "[bc]", "[abc]"])
        atom += rng.choice(["", "", "", "?", "*", "+", "{0,3}", "{1,4}", "{2}", "*?", "{0,3}?", "*+", "{1,3}+"])
        if depth < 2 and rng.random() < 0.07:
            atom = f"(?{rng.choice('=!')}{a_pattern(rng, depth + 1)})"
        parts.append(atom)
    return "".join(parts)


@pytest.mark.parametrize("seed", range(12))
def test_no_text_takes_more_steps(seed: int) -> None:
    rng = random.Random(seed)
    compared = 0
    for _ in range(50):
        pattern = a_pattern(rng)
        for size in (6, 13):
            text = "".join(rng.choice(rng.choice(["ab", "a", "abc", "aab"])) for _ in range(size))
            counting = Counting(pattern)
            bound = steps(pattern, length=size)
            try:
                taken = counting.search_all(text)
            except Exhausted:
                taken = GIVE_UP
            # One place more than there are characters can be tried.
            assert taken <= bound * (size + 1), (pattern, text)
            compared += bound < GIVE_UP
    assert compared > 50


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "(a|a)*b",
        "(?:a|aa)+$",
        r"^(?:\w+\s?)+$",
        r"(.*?,){11}P",
        r"([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+",
        "(?:a?){30}a{30}",
        r'"(?:[^"\\]+|\\.)*"',
        "a*a*b",
        "[a-z]{0,600}[a-z0-9]{0,600}!",
        r"\s+$",
        "<[^>]*>x",
        "(?:x{0,40}y?){1,40}z",
        r"key.{0,500}.{0,500}=",
        r"(?=[a-z]{0,600}[a-z]{0,600}1)a",
    ],
)
def test_known_bad_patterns_are_over_the_limit(pattern: str) -> None:
    assert steps(pattern, length=TEXT_LENGTH) > MAX_STEPS


@pytest.mark.parametrize(
    ("pattern", "most"),
    [
        (r"\bghp_[A-Za-z0-9]{36}\b", 10),
        ("sha256:[0-9a-f]+", 10),
        (r"=\s+x", 10),
        ("a{0,600}!", 1300),
        ("k(?=[a-z]{0,40}1)[a-z0-9]{40}", 150),
        (r"(?<![a-z])[a-z]{1,600}\d", 10),
        (r"\b\w{1,600}-", 10),
        ("(?:[a-z]{1,20}-){1,20};", 1000),
        (r"\$\{[A-Z]*\}", 10),
        ("(?m)^[a-z]*=", 10),
    ],
)
def test_what_stands_before_a_repeat_keeps_it_cheap(pattern: str, most: float) -> None:
    assert steps(pattern, length=TEXT_LENGTH) <= most


def test_one_try_is_cheaper_than_a_search() -> None:
    assert steps("[a-z]*!", length=1000) > 1000
    assert steps("[a-z]*!", length=1000, anchored=True) < 5
    assert steps("^[a-z]*!", length=1000) < 5
    assert steps("(?m)^[a-z\n]*!", length=1000) > 900


def test_a_reference_back_reads_what_its_group_did() -> None:
    assert steps(r"(x{1,9})-\1", length=1000) < steps(r"(x{1,900})-\1", length=1000)


@pytest.mark.parametrize("row", load_rules()["tables"]["secrets"], ids=lambda row: row["id"])
def test_formats_are_linear(row: Any) -> None:
    assert steps(row["pattern"], length=TEXT_LENGTH, flags=re.ASCII) <= MAX_STEPS


def test_the_shapes_of_providers_are_linear() -> None:
    patterns = {row.get("pattern") or shape_pattern(row["shape"]) for row in load_providers()["providers"]}
    slow = {p for p in patterns if steps(p, length=VALUE_LENGTH, anchored=True) > MAX_STEPS_ON_VALUE}
    assert slow == set()
    assert len(patterns) > 1000


def own_patterns() -> Iterator[Any]:
    for module in MODULES:
        loaded = importlib.import_module(f"auditor.detect.{module}")
        with open(str(loaded.__file__), encoding="utf-8") as file:
            code = file.read()
        for name, value in vars(loaded).items():
            if isinstance(value, Pattern):
                uses = set(re.findall(rf"(?<![\w.]){name}\.(?:compiled\.)?(\w+)\(", code))
                yield pytest.param(value, uses, f"{module}.{name}", id=f"{module}.{name}")


@pytest.mark.parametrize(("pattern", "uses", "name"), list(own_patterns()))
def test_the_patterns_of_the_detector_are_linear(pattern: Pattern, uses: set[str], name: str) -> None:
    anchored = bool(uses) and uses <= {"match", "fullmatch"}
    length = SHORT.get(name, TEXT_LENGTH)
    assert steps(pattern.compiled.pattern, length=length, anchored=anchored) <= MAX_OWN_STEPS


def test_short_texts_are_those_of_patterns_that_exist() -> None:
    assert set(SHORT) <= {parameter.id for parameter in own_patterns()}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"[a-z]{0,600}[a-z0-9]{0,600}!", "a" * 700),
        (r"(?:a|aa)+$", "a" * 24 + "!"),
        (r"a*a*b", "a" * 400),
    ],
)
def test_what_is_over_the_limit_is_slow_indeed(pattern: str, text: str) -> None:
    assert seconds(re.compile(pattern).search, text) > 20 * seconds(re.compile(r"[a-z]++!").search, "a" * 100)


def seconds(function: Callable[[str], object], text: str) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        function(text)
        best = min(best, time.process_time() - start)
    return max(best, 1e-7)
