from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.errors import RuleDataError
from auditor.core.finding import Confidence
from auditor.detect.userrules import load
from auditor.detect.userrules.goregex.nodes import Unsupported
from auditor.detect.userrules.pythonregex import check_bounded

RULE = """
[[secret]]
id = "acme-key"
title = "Acme key"
pattern = '\\bacme_[a-z0-9]{8}\\b'
keywords = ["acme_"]
prefix = 5
"""


def written(folder: Path, content: str) -> str:
    path = folder / "mine.toml"
    path.write_text(content, encoding="utf-8")
    return str(path)


def test_a_rule_finds_what_its_pattern_says(tmp_path: Path) -> None:
    (rule,) = load([written(tmp_path, RULE)])
    assert (rule.id, rule.keywords, rule.caseless, rule.pattern) == (
        "acme-key", ("acme_",), True, r"\bacme_[a-z0-9]{8}\b",
    )  # fmt: skip
    (found,) = rule.find("key = acme_0a1b2c3d;", "a/b")
    assert (found.rule, found.title, found.start, found.end) == ("acme-key", "Acme key", 6, 19)
    assert (found.secret.reveal(), found.secret.kind, found.secret.prefix) == ("acme_0a1b2c3d", "acme-key", "acme_")
    assert found.confidence is Confidence.HIGH


def test_group_and_entropy(tmp_path: Path) -> None:
    content = RULE.replace(r"\bacme_[a-z0-9]{8}\b", "acme_(?P<body>[a-z0-9]{8})") + 'group = "body"\nentropy = 2.0\n'
    (rule,) = load([written(tmp_path, content)])
    assert [found.secret.reveal() for found in rule.find("acme_aaaaaaaa acme_aabbccdd", "")] == ["aabbccdd"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("prefix = 5", "", "acme-key: prefix: is missing"),
        ("prefix = 5", "prefix = -1", "acme-key: prefix: must not be below 0"),
        ("prefix = 5", 'prefix = 5\nregex = "a"', "acme-key: regex: unknown key"),
        ('keywords = ["acme_"]', 'keywords = ["ACME"]', "acme-key: keywords: must be a list of texts in lower case"),
        ('"acme-key"', '"Acme Key"', "id: 'Acme Key' must be lower-case words"),
        ("[a-z0-9]{8}", "[a-z0-9", "acme-key: pattern: unterminated character set"),
        ("{8}", "+[a-z]+=", "acme-key: pattern: cannot be supported: it may take time without bound"),
        ("[[secret]]", "[secret]", "secret: must be an array of tables"),
        ("[[secret]]", "[[provider]]", "neither [[secret]] tables nor [[rules]]"),
        ("[[secret]]", "title = 'x'\n[[secret]]", "title: does not belong beside [[secret]]"),
        ("[[secret]]", "other = 1\n[[secret]]", "other: unknown key"),
    ],
)
def test_errors_name_file_and_rule(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = written(tmp_path, RULE.replace(old, new))
    with pytest.raises(RuleDataError) as error:
        load([path])
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_an_id_is_used_once(tmp_path: Path) -> None:
    path = written(tmp_path, RULE + RULE)
    with pytest.raises(RuleDataError, match="acme-key: the id is already used in"):
        load([path])


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bacme_[A-Za-z0-9]{36}\b",
        r"acme-[a-z]{10,}",
        r'"key"\s*+:\s*+"([^"]{8,})"',
        r"(?i)acme(?=[^0-9]{0,9}\d)[a-z\d]{10}(?![a-z])",
        r"(?>ac|me){2,4}+x",
    ],
)
def test_bounded_patterns_are_taken(pattern: str) -> None:
    check_bounded(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$", r"(a|a)*b", r"(\w+\s?)*$", r".*.*=.*", r"[a-z]+=", r"key[a-z]++=", r"(?:x{1,50}){1,50}y", r"(a)\1",
        r"(?=a+b)c", "a" * 70_000,
    ],
)  # fmt: skip
def test_patterns_without_bound_are_refused(pattern: str) -> None:
    with pytest.raises(Unsupported):
        check_bounded(pattern)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = ", "Invalid value"),
        (b"\xff", "not UTF-8"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"#" * (5 * 1024 * 1024 + 1), "larger than"),
        (b"", "neither"),
    ],
)
def test_files_that_are_no_rules(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(RuleDataError) as error:
        load([str(path)])
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["missing.toml", ".", "nul\0"])
def test_files_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(RuleDataError):
        load([f"{tmp_path}/{name}"])
