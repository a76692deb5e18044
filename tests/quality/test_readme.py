"""The README's commands are run, and what it shows of their output is what they print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import demoimage

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[tuple[str, str]]:
    """Each `$ command` of a console block with the output shown under it."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(command, output) for command, _newline, output in (part.partition("\n") for part in parts)]


@pytest.mark.parametrize("block", BLOCKS, ids=["; ".join(c for c, _ in commands(block)) for block in BLOCKS])
def test_commands_print_what_the_readme_shows(block: str, tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    shutil.copytree(REPOSITORY / "tests/fixtures/repos/readme", folder)
    demoimage.write(folder)
    (folder / "db_password.txt").write_text("another-value-98\n")
    assert commands(block)
    for command, shown in commands(block):
        check(command, shown, folder)


def check(command: str, shown: str, folder: Path) -> None:
    program, *arguments = command.split()
    assert program == "audit"
    run = subprocess.run(
        [sys.executable, "-m", "auditor", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in (0, 1), run.stderr
    assert run.stdout.startswith(shown.rstrip("\n"))


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (\w+)`", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_rule_pages_are_linked() -> None:
    for link in re.findall(r"\]\(((?!https?:)[^)#]+)\)", README):
        assert (REPOSITORY / link).exists(), link
