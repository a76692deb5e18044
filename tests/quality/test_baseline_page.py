"""The page about baselines: its files are written and its commands run in their order, and print what it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.quality.consoles import dead_links

PAGE = Path(__file__).parents[2] / "docs" / "baseline.md"
_BLOCK = re.compile(r"(?:^`([\w./-]+)`:\n\n)?^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Shell:
    """Runs the commands of a page in a folder: `audit ...`, with `< FILE`, and `echo $?`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._code = 0

    def run(self, command: str) -> str:
        """What it prints: on the standard output, else on the standard error."""
        if command == "echo $?":
            return f"{self._code}\n"
        command, _, file = command.partition(" < ")
        program, *arguments = shlex.split(command)
        assert program == "audit"
        done = subprocess.run(
            [sys.executable, "-m", "auditor", *arguments],
            cwd=self._folder,
            env={**os.environ, "COLUMNS": "80"},
            input=(self._folder / file).read_text() if file else "",
            capture_output=True,
            text=True,
            check=False,
        )
        self._code = done.returncode
        assert self._code in (0, 1), done.stderr
        return done.stdout or done.stderr


def test_what_the_page_shows(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    shell = Shell(tmp_path)
    commands = 0
    for name, language, text in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if name:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        elif language == "console":
            for command, _, shown in (part.partition("\n") for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]):
                printed = shell.run(command)
                assert printed.startswith(shown) if shown else printed.count("\n") <= 2, command
                commands += 1
    assert commands >= 12


def test_links_lead_somewhere() -> None:
    assert dead_links(PAGE) == []
