"""`audit generate`: what it prints, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli.generate import SHELLS, completion, manual
from auditor.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = main(["generate", *argv])
    captured = capsys.readouterr()
    return int(code), captured.out, captured.err


@pytest.mark.parametrize("shell", SHELLS)
def test_completions(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "completion", shell) == (0, completion(shell), "")


def test_the_manual(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "man") == (0, manual(), "")


def test_the_schema_is_the_published_one(capsys: pytest.CaptureFixture[str]) -> None:
    published = (ROOT / "docs/schemas/config-1.schema.json").read_text(encoding="utf-8")
    assert run(capsys, "schema") == (0, published, "")


@pytest.mark.parametrize("argv", [[], ["nothing"], ["completion"], ["completion", "csh"], ["man", "more"]])
def test_wrong_arguments(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "") and "audit generate" in err
