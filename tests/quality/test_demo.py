from __future__ import annotations

import subprocess
import sys

from tests import demo


def test_the_demo_repository_shows_what_it_was_made_for() -> None:
    assert demo.found() == demo.EXPECTED.read_text().splitlines()


def test_the_summary_of_each_command_comes_behind_its_findings() -> None:
    words = [sys.executable, "-m", "tests.demo"]
    shown = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout
    parts = shown.split("\n$ ")
    assert len(parts) == len(demo.COMMANDS)
    for part in parts:
        lines = [number for number, line in enumerate(part.splitlines()) if "audit explain" in line]
        assert lines and part.splitlines()[lines[-1] + 1 :] in ([], ["", part.splitlines()[-1]])
