from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.errors import RuleDataError
from auditor.core.rulefiles import compile_rules, write_rules
from tests.core.ruletexts import COMMAND, NPM_ENTRY, RULE, write


def test_running_data_and_prose_are_kept_apart(rules: Path) -> None:
    compiled = compile_rules(str(rules))
    assert compiled["running"]["rules"] == {
        "arg-secret": {
            "id": "arg-secret",
            "title": "Secret in a build argument",
            "family": "variables",
            "target": "dockerfile",
            "severity": "high",
            "confidence": "high",
            "since": "0.1.0",
            "status": "stable",
            "fix": "none",
            "applicability": "none",
            "cwe": 538,
            "remedy": "Mount it.",
            "docs": "docs/rules/arg-secret.md",
        }
    }
    bad = {"dockerfile": "FROM node:22\nARG NPM_TOKEN\n", "finds": ["NPM_TOKEN"], "files": {"a.txt": "x"}}
    assert compiled["docs"]["rules"] == {
        "arg-secret": {
            "why": "It stays in the history.",
            "references": ["https://docs.example/secrets/"],
            "bad": [bad],
            "good": [{"dockerfile": "FROM node:22"}],
        }
    }


@pytest.mark.parametrize(
    "content",
    [NPM_ENTRY, f"[[secret]]\n{NPM_ENTRY}"],
    ids=["one entry", "array of tables"],
)
def test_a_table_file_is_one_entry_or_many(rules: Path, content: str) -> None:
    write(rules, "secrets/npm.toml", content)
    compiled = compile_rules(str(rules))
    entry = {"id": "npm-token", "title": "npm access token", "pattern": "npm_[a-z]{4}", "keywords": ["npm_"]}
    entry["prefix"] = 4
    prose = {"source": "https://docs.example/tokens/"}
    assert compiled["running"]["tables"] == {
        "secrets": [entry],
        "files": [],
        "commands": [],
        "images": [],
        "configurations": [],
    }
    assert compiled["docs"]["tables"] == {
        "secrets": {"npm-token": prose},
        "files": {},
        "commands": {},
        "images": {},
        "configurations": {},
        "wrappers": {},
        "vendors": {},
        "providers": {},
    }


def test_entries_keep_their_order_over_sorted_files(rules: Path) -> None:
    write(rules, "commands/b.toml", COMMAND.format("a"))
    write(rules, "commands/a.toml", COMMAND.format("z") + COMMAND.format("m"))
    entries = compile_rules(str(rules))["running"]["tables"]["commands"]
    assert [entry["id"] for entry in entries] == ["z", "m", "a"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "arg-secret"', 'id = "arg_secret"', "variables/arg-secret.toml: id: "),
        ('family = "variables"', 'family = "files"', "variables/arg-secret.toml: family: "),
        ('severity = "high"', 'severity = "huge"', "severity: must be one of info, low, medium, high, critical"),
        ('confidence = "high"', 'confidence = "critical"', "confidence: must be one of low, medium, high"),
        ('fix = "none"', 'fix = "maybe"', "fix: must be one of"),
        ("cwe = 538", 'cwe = "538"', "cwe: must be a whole number"),
        ("cwe = 538", "cwe = true", "cwe: must be a whole number"),
        ("cwe = 538", "cwe = 538\nseverty = 1", "severty: unknown key"),
        ('since = "0.1.0"', "", "since: must be a text"),
        ('since = "0.1.0"', "since = 2026-01-01", "since: dates"),
        ('title = "Secret in a build argument"', 'title = " "', "title: must be a text that is not empty"),
        ('["https://docs.example/secrets/"]', '["http://docs.example/"]', "references: "),
        ('["https://docs.example/secrets/"]', '"https://docs.example/"', "references: must be a list"),
        ("[[good]]", "[good]", "good: must be an array of tables"),
        ("cwe = 538", "cwe = ", "variables/arg-secret.toml: Invalid value"),
        ("cwe = 538", f"cwe = {'[' * 5000}", "variables/arg-secret.toml: "),
    ],
)
def test_an_error_names_file_and_key(rules: Path, old: str, new: str, message: str) -> None:
    assert old in RULE
    write(rules, "variables/arg-secret.toml", RULE.replace(old, new, 1))
    with pytest.raises(RuleDataError) as caught:
        compile_rules(str(rules))
    assert str(caught.value).startswith("variables/arg-secret.toml: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (COMMAND.format("a").replace("[1]", '["1"]'), "a: positional: must be a list of whole numbers"),
        (COMMAND.format("a").replace("[1]", "[true]"), "a: positional: must be a list of whole numbers"),
        (COMMAND.format("a").replace("[1]", "1"), "a: positional: must be a list of whole numbers"),
        (COMMAND.format("a").replace("true", "1"), "a: lax: must be true or false"),
        ("[[secret]]\nprefix = 1\n", "id: every entry needs one"),
        ("[[secret]]\nid = 1\n", "id: every entry needs one"),
        ('[[secret]]\nid = "A b"\n', "id: 'A b' must be"),
        (f"[[secret]]\n{NPM_ENTRY}[[secret]]\n{NPM_ENTRY}", "id: 'npm-token' is already used in secrets/x.toml"),
        (NPM_ENTRY.replace("prefix = 4", 'prefix = "npm_"'), "npm-token: prefix: must be a whole number"),
        (NPM_ENTRY.replace("prefix = 4", ""), "npm-token: prefix: is missing"),
        (NPM_ENTRY.replace('npm_"]', 'NPM_"]'), "npm-token: keywords: must be a list of texts in lower case"),
        (NPM_ENTRY.replace('["npm_"]', "[]"), "npm-token: keywords: must be a list of texts in lower case"),
        (NPM_ENTRY.replace('["npm_"]', "[1]"), "npm-token: keywords: must be a list of texts in lower case"),
        (f"{NPM_ENTRY}patern = 1\n", "npm-token: patern: unknown key"),
        ('[secret]\nid = "a"\n', "secret: must be an array of tables"),
        ("secret = [1]\n", "secret: every element must be a table"),
        ('[[secret]]\nid = "a"\n[[secret.sub]]\nlimit = [1.0, inf]\n', "limit: dates"),
    ],
)
def test_an_error_in_a_table_names_file_and_key(rules: Path, content: str, message: str) -> None:
    table = "commands" if "[[command]]" in content else "secrets"
    write(rules, f"{table}/x.toml", content)
    with pytest.raises(RuleDataError) as caught:
        compile_rules(str(rules))
    assert str(caught.value).startswith(f"{table}/x.toml: ")
    assert message in str(caught.value)


def test_an_id_is_unique_over_families(rules: Path) -> None:
    write(rules, "zeta/arg-secret.toml", RULE.replace('"variables"', '"zeta"'))
    with pytest.raises(RuleDataError, match="already used in variables/arg-secret.toml"):
        compile_rules(str(rules))


def test_a_huge_or_binary_file_is_an_error(rules: Path) -> None:
    path = rules / "variables" / "arg-secret.toml"
    path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(RuleDataError, match="larger than"):
        compile_rules(str(rules))
    path.write_bytes(b'id = "\xff"')
    with pytest.raises(RuleDataError, match="not UTF-8"):
        compile_rules(str(rules))


def test_other_files_are_left_alone(rules: Path) -> None:
    before = compile_rules(str(rules))
    for name in ("README.md", "variables/notes.md", "variables/.hidden.toml", ".git/x.toml"):
        write(rules, name, "not [ toml")
    assert compile_rules(str(rules)) == before


def test_writing_is_repeatable(rules: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    for folder in (first, second):
        write_rules(str(rules), str(folder))
    compiled = compile_rules(str(rules))
    assert json.loads((first / "rules.json").read_text()) == compiled["running"]
    assert json.loads(zlib.decompress((first / "rules-docs.deflate").read_bytes(), wbits=-15)) == compiled["docs"]
    assert sorted(path.name for path in first.iterdir()) == [
        "providers.json",
        "rotation.json",
        "rules-docs.deflate",
        "rules.json",
        "wrappers.json",
    ]
    assert json.loads((first / "providers.json").read_text()) == compiled["providers"]
    assert json.loads((first / "wrappers.json").read_text()) == compiled["wrappers"]
    for name in ("rules.json", "providers.json", "wrappers.json", "rules-docs.deflate", "rotation.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [("It stays", "It remains", True), ("[[good]]", "[[good]]\ntitle = 'x'", True), ("Mount it", "Use a mount", False)],
)
def test_the_digest_is_that_of_the_running_data(rules: Path, old: str, new: str, same: bool) -> None:
    before = compile_rules(str(rules))["running"]["digest"]
    write(rules, "variables/arg-secret.toml", RULE.replace(old, new, 1))
    after = compile_rules(str(rules))["running"]["digest"]
    assert before.startswith("sha256:")
    assert (before == after) is same


@given(st.text(max_size=200))
def test_any_text_compiles_or_is_refused(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "variables").mkdir()
    (folder / "variables" / "x.toml").write_text(content, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(RuleDataError, match=r"^variables/x\.toml: "):
        compile_rules(str(folder))
