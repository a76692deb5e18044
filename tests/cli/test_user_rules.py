"""Rules of a user's own on the command line: chosen and left out like ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.cli.main import main

RULES = """
[[rules]]
id = 'acme'
regex = 'acme_[a-z0-9]{8}'
keywords = ['acme']
[[rules]]
id = 'private-key'
regex = 'corpkey_[a-z0-9]{8}'
keywords = ['corpkey']
"""
OURS = """
[[secret]]
id = "private-key"
title = "Key"
pattern = 'corpkey_[a-z0-9]{8}'
keywords = ["corpkey"]
prefix = 8
"""
TEXT = "acme_12345678 corpkey_87654321\nurl = https://deploy:Zq8vT1xK4m@db.example/\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "corp.toml").write_text(RULES)
    (tmp_path / "a.txt").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    """The rules of the findings, or the error."""
    main(["scan", "--format", "gnu", "--rules", "corp.toml", "--min-severity", "info", "a.txt", *argv])
    captured = capsys.readouterr()
    if "audit: error: " in captured.err:
        return [str(captured.err)]
    return [line.rpartition("[")[2].rstrip("]") for line in captured.out.splitlines()]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ([], ["acme", "corp-private-key", "url-credential"]),
        (["--select", "acme"], ["acme"]),
        (["--select", "corp"], ["acme", "corp-private-key"]),
        (["--select", "scan"], ["url-credential"]),
        (["--select", "scan", "--extend-select", "acme"], ["acme", "url-credential"]),
        (["--ignore", "acme"], ["corp-private-key", "url-credential"]),
        (["--ignore", "corp"], ["url-credential"]),
        (["--ignore", "all"], []),
    ],
)
def test_choice(argv: list[str], expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys, *argv) == expected


def test_an_unknown_name_is_still_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        "'acmee' is no rule, family or prefix of rules; did you mean 'acme'?" in found(capsys, "--select", "acmee")[0]
    )


def test_a_new_name_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    main(["scan", "-v", "--rules", "corp.toml", "a.txt"])
    assert "private-key is a rule of this program, too; here it is called corp-private-key" in capsys.readouterr().err


def test_our_format_must_not_use_our_ids(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "corp.toml").write_text(OURS)
    assert "corp.toml: private-key: the id is that of a rule of this program; choose another" in found(capsys)[0]


def test_severities_and_a_shared_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "audit.toml").write_text('rules = ["corp.toml"]\nselect = ["acme"]\n[severity]\nacme = "low"\n')
    (here / "Dockerfile").write_text("FROM scratch\n")
    assert main(["lint"]) == 0
    assert main(["scan", "--format", "gnu", "--min-severity", "low", "a.txt"]) == 0
    assert "a.txt:1:1: low: " in capsys.readouterr().out


def test_what_plugins_find_can_be_left_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.txt").write_text("x = 'c3VwZXIgbG9uZyBzdHJpbmcgc2hvdWxkIGNhdXNlIGVub3VnaCBlbnRyb3B5'\n")
    assert found(capsys, "--engine", "detect-secrets") == ["detect-secrets"]
    assert found(capsys, "--engine", "detect-secrets", "--ignore", "detect-secrets") == []


@pytest.mark.parametrize("rule_id", ["a\nb", "a\x1b[31m", "a\u202eb"])
def test_an_id_that_a_terminal_would_obey_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rule_id: str
) -> None:
    (tmp_path / "g.toml").write_text(f"[[rules]]\nid = {json.dumps(rule_id)}\nregex = 'foo'\n")
    (tmp_path / "a.txt").write_text("foo\n")
    assert main(["scan", "--isolated", "--rules", str(tmp_path / "g.toml"), str(tmp_path / "a.txt")]) == 2
    assert "printable" in capsys.readouterr().err
