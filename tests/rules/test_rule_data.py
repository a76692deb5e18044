"""The rule files themselves: names, lengths, examples; and that every rule has its check and its page."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from auditor.core.ruledata import CompiledRules, Entry
from auditor.core.rulefiles import compile_rules
from auditor.lang.dockerfile.parser import parse

ROOT = Path(__file__).resolve().parents[2]
TABLES = {"secrets", "files", "commands", "images", "configurations", "rotation", "wrappers", "vendors"}
IDS = sorted(path.stem for path in (ROOT / "rules").glob("*/*.toml") if path.parent.name not in TABLES)
PUBLIC_HOST = re.compile(r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|dev|de|eu)\b", re.IGNORECASE)
#: Rules whose finding is made by the run itself, not by a check.
WITHOUT_CHECK = {"unreadable-dockerfile", "unused-ignore"}
#: Rules of `audit scan`, whose examples are files of any kind.
SCANNED = {path.stem for path in (ROOT / "rules" / "scan").glob("*.toml")}
IN_IMAGES = {path.stem for path in (ROOT / "rules" / "image").glob("*.toml")}
IN_COMPOSE = {path.stem for path in (ROOT / "rules" / "compose").glob("*.toml")}
IN_CALLS = {path.stem for path in (ROOT / "rules" / "calls").glob("*.toml")}
EXAMPLE_KEYS = {
    "bad": {
        "title",
        "dockerfile",
        "finds",
        "severity",
        "files",
        "fixed",
        "fixed_by",
        "ignored",
        "changed",
        "min_severity",
        "wrapper",
        "map",
    },
    "good": {"title", "dockerfile", "files"},
}
SCANNED_KEYS = {"bad": {"title", "text", "name", "finds", "severity"}, "good": {"title", "text", "name"}}


@cache
def compiled() -> CompiledRules:
    return compile_rules(str(ROOT / "rules"))


def examples(rule_id: str, kind: str) -> list[Entry]:
    return cast("list[Entry]", compiled()["docs"]["rules"][rule_id][kind])


def finds(example: Entry) -> list[str]:
    return cast("list[str]", example["finds"])


def text(example: Entry) -> str:
    return str(example["text"] if "text" in example else example["dockerfile"])


def first_sentence(prose: str) -> str:
    return re.split(r"(?<=[.!])\s", prose.strip(), maxsplit=1)[0]


def test_there_are_rules() -> None:
    assert len(IDS) >= 28
    assert sorted(compiled()["running"]["rules"]) == IDS


@pytest.mark.parametrize("rule_id", IDS)
def test_title_is_a_short_noun_phrase(rule_id: str) -> None:
    title = str(compiled()["running"]["rules"][rule_id]["title"])
    assert 10 <= len(title) <= 60
    assert title[0].isupper() and title[-1].isalnum()


@pytest.mark.parametrize("rule_id", IDS)
def test_prose_is_short_and_complete(rule_id: str) -> None:
    why = str(compiled()["docs"]["rules"][rule_id]["why"])
    remedy = str(compiled()["running"]["rules"][rule_id]["remedy"])
    assert 2 <= len(re.findall(r"[.!](?=\s|$)", why)) <= 6
    assert "\n" not in why, "one paragraph; reports wrap it"
    assert 20 <= len(first_sentence(remedy)) <= 100
    assert first_sentence(remedy).endswith(".")
    assert re.search(r"^ {4}\S", remedy, re.MULTILINE), "needs a line of replacement text"
    assert max(map(len, re.findall(r"^ {4}.*$", remedy, re.MULTILINE))) <= 124


@pytest.mark.parametrize("rule_id", IDS)
def test_has_references(rule_id: str) -> None:
    assert compiled()["docs"]["rules"][rule_id]["references"]


@pytest.mark.parametrize("kind", ["bad", "good"])
@pytest.mark.parametrize("rule_id", IDS)
def test_examples_are_well_formed(rule_id: str, kind: str) -> None:
    found = examples(rule_id, kind)
    assert len(found) >= {"bad": 2, "good": 3}[kind]
    for example in found:
        fixable = {"fixed", "fixed_by", "ignored", "files"} if rule_id in IN_COMPOSE | IN_CALLS else set()
        named = rule_id in SCANNED | IN_IMAGES | IN_COMPOSE | IN_CALLS or "name" in example
        assert example.keys() <= (SCANNED_KEYS if named else EXAMPLE_KEYS)[kind] | fixable
        assert text(example).endswith("\n") and "\r" not in text(example)
        if named:
            continue
        rejected = parse(text(example)).error is not None
        assert rejected == (rule_id == "unreadable-dockerfile" and kind == "bad")


@pytest.mark.parametrize("rule_id", IDS)
def test_bad_examples_say_what_is_reported_in_order(rule_id: str) -> None:
    for example in examples(rule_id, "bad"):
        assert finds(example)
        at = 0
        for found in finds(example):
            assert found in text(example)[at:], found
            at = text(example).index(found, at) + len(found)


@pytest.mark.parametrize("kind", ["bad", "good"])
@pytest.mark.parametrize("rule_id", IDS)
def test_hosts_are_nobodys(rule_id: str, kind: str) -> None:
    for example in examples(rule_id, kind):
        assert PUBLIC_HOST.findall(text(example)) == []


def test_no_example_twice() -> None:
    by_text: dict[str, list[str]] = {}
    for rule_id in IDS:
        for kind in ("bad", "good"):
            for example in examples(rule_id, kind):
                by_text.setdefault(repr((text(example), example.get("files"))), []).append(f"{rule_id} {kind}")
    assert [users for users in by_text.values() if len(set(users)) != len(users)] == []


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "rules").glob("*.md")}
    assert pages == {*IDS, "index"}


def test_every_rule_has_a_check_and_every_check_a_rule() -> None:
    from auditor.checks import registry

    checked = {*registry.checks(), *registry.compose_checks(), *registry.call_checks()}
    assert checked | WITHOUT_CHECK == set(IDS) - SCANNED - IN_IMAGES


def test_every_way_to_detect_is_a_rule_of_the_scan() -> None:
    from auditor.detect import detection

    ways = {value for name, value in vars(detection).items() if name.isupper() and isinstance(value, str)}
    assert ways == SCANNED | {detection.SECOND_OPINION}


def test_no_rule_file_or_page_holds_a_value_as_a_scanner_would_find_it() -> None:
    for rule_id in ("known-token", "private-key"):
        sources = [ROOT / "rules" / "scan" / f"{rule_id}.toml", ROOT / "docs" / "rules" / f"{rule_id}.md"]
        values = [value for example in examples(rule_id, "bad") for value in finds(example)]
        assert [source.name for source in sources for value in values if value in source.read_text("utf-8")] == []
