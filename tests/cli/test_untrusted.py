"""A tree that is scanned cannot turn the scan off unnoticed, and a part that was not searched is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.detect import detect_secrets
from auditor.detect.userrules import rule

LEAKY = "url = https://deploy:Zq8vT1xK4m@db.example/\n"
FAILING = """
from detect_secrets.plugins.base import BasePlugin
class AcmeDetector(BasePlugin):
    secret_type = "Acme"
    def analyze_string(self, string):
        raise ValueError(string)
"""
PARTS = """
[[rules]]
id = 'acme'
regex = 'acme_[a-z0-9]{8}'
components = [{ id = 'id', within = '5L' }]
[[rules]]
id = 'id'
regex = 'id_[a-z]{2}'
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.txt").write_text(LEAKY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    code = main(["scan", *argv])
    return int(code), capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ('exclude = ["**"]\nexit-zero = true\n', "exclude in {}: nothing is left to read"),
        ("exit-zero = true\n", "exit-zero in {}: the exit code does not tell of findings"),
        ('fail-on = "never"\n', "fail-on in {}: the exit code does not tell of findings"),
        ('ignore = ["all"]\n', "ignore in {}: no rule is left"),
    ],
)
def test_a_configuration_that_silences_is_named(
    content: str, note: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "audit.toml").write_text(content)
    code, err = run(capsys, ".")
    assert code == 0
    assert f"note: {note.format(here / 'audit.toml')}\nnote: --isolated uses no configuration file\n" in err
    code, err = run(capsys, "--isolated", ".")
    assert (code, "note: " in err) == (1, False)


def test_what_was_asked_for_needs_no_note(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "note: " not in run(capsys, "--exclude", "**", "--exit-zero", ".")[1]
    (here / "audit.toml").write_text('exclude = ["*.log"]\nignore = ["private-key"]\nexit-zero = false\n')
    assert "note: " not in run(capsys, ".")[1]


def test_a_plugin_that_fails_makes_the_run_incomplete(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "bad.py").write_text(FAILING)
    (here / "a.txt").write_text("first\nsecond\n")
    code, err = run(capsys, "--engine", "detect-secrets", "--plugin", "bad.py", "a.txt")
    assert code == 3
    assert err.count("a.txt: error: detect-secrets: plugin AcmeDetector failed: ValueError\n") == 1
    assert "No leaks found in what could be read" in err


def test_many_alike_errors_are_counted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "bad.py").write_text(FAILING)
    (here / "many").mkdir()
    for number in range(300):
        (here / "many" / f"{number}.txt").write_text("a line\n")
    argv = ("--engine", "detect-secrets", "--plugin", "bad.py", "many")
    code, err = run(capsys, *argv)
    assert (code, err.count("many/")) == (3, 10)
    assert "290 more (-v names them): error: detect-secrets: plugin AcmeDetector failed: ValueError\n" in err
    assert run(capsys, "-v", *argv)[1].count("many/") == 300


def test_a_text_that_is_too_large_for_plugins(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(detect_secrets, "MAX_SEARCHED", 100)
    (here / "b.txt").write_text("key is something\n" * 10)
    code, err = run(capsys, "--engine", "detect-secrets", "b.txt")
    assert code == 3
    assert "b.txt: error: detect-secrets: only the first 100 characters that look promising were searched" in err


def test_too_many_matches_of_a_rule_of_parts(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rule, "_MAX_PAIRS", 10)
    (here / "g.toml").write_text(PARTS)
    (here / "b.txt").write_text("acme_12345678 id_ab\n" * 20)
    (here / "c.txt").write_text("acme_12345678 id_ab\n")
    code, err = run(capsys, "--rules", "g.toml", "b.txt", "c.txt")
    assert code == 3
    assert err.count("b.txt: error: rule acme: too many matches to compare with its components") == 1
    assert "c.txt: error" not in err
