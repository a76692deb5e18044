"""What the tests of `audit fix` share: a run made by hand instead of the engine's, and a repository."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import fix as command
from auditor.cli.main import main
from auditor.run.rewrite.options import FixOptions
from auditor.run.rewrite.outcome import FixRun, Rewrite
from tests.report.fixsamples import AFTER, BEFORE, NEW_SCRIPT, SCRIPT, rewrite, run

Capture = pytest.CaptureFixture[str]


class Engine:
    """Stands for the run: gives what a test has made, and remembers what it was asked."""

    def __init__(self) -> None:
        self.make: Callable[[], FixRun] = lambda: run(whole())
        self.options = FixOptions()
        self.paths: list[str] = []
        self.settings: Any = None
        self.stdin = b""

    def __call__(self, settings: Any, paths: list[str], options: FixOptions) -> FixRun:
        self.settings, self.paths, self.options = settings, list(paths), options
        if "-" in paths:
            self.stdin = sys.stdin.buffer.read()
        return self.make()


def whole() -> Rewrite:
    """Everything fixed."""
    made = rewrite()
    made.left = []
    return made


def only_dockerfile() -> Rewrite:
    made = whole()
    made.path = made.target.name = "Dockerfile"
    made.changes = [made.changes[0]._replace(path="-")]
    return made


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(command, "_engine", made)
    return made


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a Dockerfile and what builds it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text(BEFORE)
    (tmp_path / "app" / "build.sh").write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fix(capsys: Capture, *argv: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = main(["fix", *argv])
    captured = capsys.readouterr()
    return int(code), captured.out, captured.err


def state(here: Path) -> list[str]:
    files = [here / "app" / name for name in ("Dockerfile", "build.sh", ".dockerignore")]
    return [file.read_text() if file.exists() else "" for file in files]


ORIGINAL, FIXED = [BEFORE, SCRIPT, ""], [AFTER, NEW_SCRIPT, "netrc\n"]
