"""The check of a rules folder's data tables: what it accepts and how it words what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.resources import load_providers, load_rule_docs, load_rules, load_wrappers
from auditor.core.rulefiles import compile_rules
from auditor.run.tablechecks import TableReport, check_tables

BODIES = ("q7Lr2ZxVw9Kd4Tns8Yb3", "m5Hc1NfPj6Gt0Rvk7Xw2")
FORMAT = f"""\
[[secret]]
id = "acme-token"
title = "Acme token"
pattern = '\\bacme_[A-Za-z0-9]{{20}}\\b'
keywords = ["acme_"]
prefix = 5
source = "https://docs.example/tokens/"
examples = ["acme_{BODIES[0]}", {{ text = "t: acme_{BODIES[1]};", secret = "acme_{BODIES[1]}" }}]
lookalikes = ["acme_short", "xacme_{BODIES[0]}", "acme_{BODIES[0]}x"]
"""
PROVIDER = """\
[[provider]]
id = "acme-key"
title = "Acme"
names = ["acme cloud"]
shape = "hex:32"
source = "https://docs.example/keys/"
"""


def check(rules: Path, text: str) -> TableReport:
    (rules / "secrets").mkdir()
    (rules / "secrets" / "acme.toml").write_text(text, encoding="utf-8")
    return check_tables(compile_rules(str(rules)), str(rules))


def test_our_own_tables_are_as_they_should_be() -> None:
    report = check_tables(
        {
            "running": load_rules(),
            "providers": load_providers(),
            "wrappers": load_wrappers(),
            "docs": load_rule_docs(),
        }
    )
    assert report.problems == []
    assert report.formats > 500 and report.providers > 2400 and report.examples > 5 * report.formats


def test_a_good_table_has_no_problems(tmp_path: Path) -> None:
    assert check(tmp_path, FORMAT + PROVIDER) == TableReport([], [], 1, 1, 5)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (f'"acme_{BODIES[0]}", {{', '"acme_short", {', "examples: 1: nothing is found"),
        ('secret = "acme_m5', 'secret = "acme_x5', "examples: 2: 1 secrets are found, not the one that is stated"),
        ('["acme_"]', '["acmetoken"]', "examples: 1: holds none of the keywords"),
        (f'"acme_{BODIES[0]}x"', f'"acme_{BODIES[0]}"', "lookalikes: 3: a secret is found in it"),
        ("prefix = 5", "prefix = 20", "examples: 1: prefix: leaves less than 8 characters of the secret"),
        ("prefix = 5", "prefix = 5\nentropy = 7.5", "examples: 1: nothing is found"),
        ("https://docs.example/tokens/", "the manual", "source: must say where the owner documents it"),
        ('source = "https://docs.example/tokens/"\n', "", "source: must say where"),
        ("lookalikes =", "counterexamples =", "lookalikes: 0; at least 3 are needed"),
        ("examples =", "references =", "examples: 0; at least 2 are needed"),
        ("[A-Za-z0-9]{20}", "(?:[A-Za-z0-9]+)+", "pattern: may take more than 1,000,000,000,000 steps for each charac"),
        ("[A-Za-z0-9]{20}", "[a-z0-9]{0,600}[A-Za-z0-9]{0,900}[A-Z]{20}", "25,000 are allowed"),
    ],
)
def test_a_wrong_format_is_reported(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert FORMAT.count(old) == 1
    found = check(tmp_path, FORMAT.replace(old, new)).problems
    assert found[0].startswith("secrets/acme.toml: acme-token: ")
    assert message in found[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("https://docs.example/keys/", "", "source: must say where the owner documents it"),
        ('["acme cloud"]', '["acme cloud", "acme cloud"]', "names: one is there twice"),
        ('shape = "hex:32"', "pattern = '[a-z]+'", "pattern: 'production' would be a key"),
        ('shape = "hex:32"', "pattern = '[0-9](?=x)[0-9]{20}'", "pattern: no key could be made that it fits"),
        ('shape = "hex:32"', "pattern = '(?:[a-z0-9]+)+!'", "pattern: may take more than"),
        ('shape = "hex:32"', 'shape = "lower:4-20"', "shape: 'production' would be a key"),
    ],
)
def test_a_wrong_provider_is_reported(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert PROVIDER.count(old) == 1
    found = check(tmp_path, PROVIDER.replace(old, new)).problems
    assert len(found) == 1
    assert found[0].startswith("secrets/acme.toml: acme-key: ")
    assert message in found[0]


def test_a_short_keyword_is_a_note(tmp_path: Path) -> None:
    report = check(tmp_path, FORMAT.replace('["acme_"]', '["acm"]'))
    assert report.problems == []
    assert report.notes == ["note: keyword shorter than 4 bytes, slower to look for: acme-token"]


def test_a_file_that_is_one_format_is_named(tmp_path: Path) -> None:
    text = FORMAT.removeprefix("[[secret]]\n").replace("https://docs", "http://docs")
    assert check(tmp_path, text).problems[0].startswith("secrets/acme.toml: acme-token: source: ")


def test_the_table_is_named_where_there_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "acme.toml").write_text(FORMAT.replace("https://", "http://"), encoding="utf-8")
    assert check_tables(compile_rules(str(tmp_path))).problems[0].startswith("secrets: acme-token: source: ")


def test_a_slow_pattern_is_not_tried(tmp_path: Path) -> None:
    slow = FORMAT.replace("[A-Za-z0-9]{20}", "(?:[A-Za-z0-9]+)+!").replace("acme_short", f"acme_{'a' * 4000}")
    assert [line for line in check(tmp_path, slow).problems if "lookalikes" in line or "examples" in line] == []
