"""Reading the examples of rules, which may be other people's files."""

from __future__ import annotations

import pytest

from auditor.core.errors import RuleDataError
from auditor.core.finding import Severity
from auditor.core.resources import load_rules
from auditor.core.ruledata import Entry
from auditor.run.examples import examples_of, load_examples

BAD: Entry = {"dockerfile": "FROM a", "finds": ["a"]}


@pytest.mark.parametrize("rule_id", sorted(load_rules()["rules"]))
def test_ours_can_be_read(rule_id: str) -> None:
    found = load_examples(rule_id)
    assert [example.kind for example in found] == sorted(example.kind for example in found)
    assert len({example.label for example in found}) == len(found)


def test_a_file_to_scan() -> None:
    bad: Entry = {"text": "a\n", "name": "x/.npmrc", "finds": ["a"]}
    good: Entry = {"text": "b\n"}
    first, second = examples_of("some-rule", {"bad": [bad], "good": [good]})
    assert (first.text, first.name, first.finds) == ("a\n", "x/.npmrc", ("a",))
    assert (second.text, second.name) == ("b\n", "example.txt")


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a//x", "", "a\0b", 1])
def test_a_file_to_scan_stays_in_its_folder(name: str | int) -> None:
    with pytest.raises(RuleDataError, match="good example 1: name"):
        examples_of("some-rule", {"good": [{"text": "a", "name": name}]})


def test_fields() -> None:
    bad = {"title": "t", "dockerfile": "FROM a\n", "finds": ["a"], "severity": "low", "files": {"x/.env": "A=1"}}
    good = {"dockerfile": "FROM b\n"}
    first, second = examples_of("some-rule", {"bad": [bad], "good": [good]})
    assert (first.label, first.title, first.finds, first.severity) == ("some-rule-bad-1", "t", ("a",), Severity.LOW)
    assert first.files == {"x/.env": "A=1"}
    assert (second.label, second.finds, second.severity, second.files) == ("some-rule-good-1", (), None, None)


@pytest.mark.parametrize(
    ("keys", "after", "unsafe"),
    [
        ({}, "FROM a", False),
        ({"fixed": "FROM b"}, "FROM b", False),
        ({"fixed": "FROM b", "fixed_by": "unsafe", "files": {}, "ignored": [".env"]}, "FROM b", True),
        ({"files": {}, "ignored": [".env"]}, "FROM a", False),
        ({"fixed": "FROM a", "files": {}, "ignored": [".env"]}, "FROM a", False),
    ],
)
def test_what_becomes_of_it(keys: Entry, after: str, unsafe: bool) -> None:
    [example] = examples_of("some-rule", {"bad": [{**BAD, **keys}]})
    assert (example.is_fixed, example.after, example.unsafe) == (bool(keys), after, unsafe)
    assert list(example.ignored) == keys.get("ignored", [])
    assert example.command == ("audit fix --unsafe-fixes" if unsafe else "audit fix")


def test_the_least_severity_that_is_fixed() -> None:
    entry: Entry = {**BAD, "fixed": "FROM b", "min_severity": "low"}
    [example] = examples_of("some-rule", {"bad": [entry]})
    assert (example.least, example.command) == (Severity.LOW, "audit fix --min-severity low")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"bad": 1}, "bad: must be an array"),
        ({"bad": [1]}, "bad example 1: must be a table"),
        ({"good": [{}]}, "good example 1: dockerfile"),
        ({"good": [{"dockerfile": "FROM a", "title": 1}]}, "dockerfile"),
        ({"bad": [{"dockerfile": "FROM a"}]}, "finds"),
        ({"bad": [{"dockerfile": "FROM a", "finds": [1]}]}, "finds"),
        ({"bad": [{"dockerfile": "FROM a", "finds": [""]}]}, "finds"),
        ({"good": [{"dockerfile": "FROM a", "finds": ["a"]}]}, "finds"),
        ({"bad": [{"dockerfile": "FROM a", "finds": ["a"], "severity": "bad"}]}, "severity"),
        ({"good": [{"dockerfile": "FROM a", "files": []}]}, "files"),
        ({"good": [{"dockerfile": "FROM a", "files": {"a": 1}}]}, "files"),
        ({"bad": [{**BAD, "fixed": 1}]}, "fixed: must be a text"),
        ({"bad": [{**BAD, "fixed": "FROM b", "fixed_by": "luck"}]}, "fixed_by safe or unsafe"),
        ({"bad": [{**BAD, "fixed": "FROM a"}]}, "nothing is changed"),
        ({"bad": [{**BAD, "fixed_by": "unsafe"}]}, "nothing is changed"),
        ({"bad": [{**BAD, "min_severity": "low"}]}, "nothing is changed"),
        ({"bad": [{**BAD, "fixed": "FROM b", "min_severity": "any"}]}, "severity: 'any' is no severity"),
        ({"bad": [{**BAD, "ignored": [".env"]}]}, "ignored: without files"),
        ({"bad": [{**BAD, "files": {}, "ignored": [1]}]}, "ignored: must be a list"),
        ({"bad": [{**BAD, "files": {}, "ignored": [""]}]}, "ignored: must be a list"),
        ({"bad": [{"text": "a", "finds": ["a"], "fixed": "b"}]}, "only a bad example of a file"),
        ({"good": [{"dockerfile": "FROM a", "fixed": "FROM b"}]}, "only a bad example of a file"),
        ({"good": [{"dockerfile": "FROM a", "files": {}, "ignored": [".env"]}]}, "only a bad example"),
    ],
)
def test_malformed_examples_are_named(entry: Entry, message: str) -> None:
    with pytest.raises(RuleDataError, match=message):
        examples_of("some-rule", entry)


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../x", "a//x", "", ".", "a\\..\\x", "c:x", "a\0b", "Dockerfile"])
def test_files_stay_below_the_context(name: str) -> None:
    with pytest.raises(RuleDataError, match="files"):
        examples_of("some-rule", {"good": [{"dockerfile": "FROM a", "files": {name: ""}}]})


def test_unknown_rule() -> None:
    with pytest.raises(RuleDataError, match="no such rule"):
        load_examples("no-such-rule")
