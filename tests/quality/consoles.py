"""Console blocks of pages: `$ command` and what it prints, run in a folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

_BLOCK = re.compile(r"^(```|~~~)console\n(.*?)^\1", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(((?!https?:)[^)#]+)\)")


def blocks(page: str) -> list[list[tuple[str, str]]]:
    """The (command, output shown under it) of each console block of a page, in order."""
    found = (re.split(r"^\$ ", match[2], flags=re.MULTILINE)[1:] for match in _BLOCK.finditer(page))
    return [[(part.partition("\n")[0], part.partition("\n")[2]) for part in parts] for parts in found]


def check(command: str, shown: str, folder: Path, codes: Collection[int] = (0, 1)) -> None:
    """Run a command of `audit`: what it prints begins with what a page shows, and it exits with one of these codes."""
    program, *arguments = shlex.split(command)
    assert program == "audit"
    run = subprocess.run(
        [sys.executable, "-m", "auditor", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in codes, run.stderr
    assert (run.stdout or run.stderr).startswith(shown.rstrip("\n")), command


def dead_links(path: Path) -> list[str]:
    """The links of a page to files that are not there."""
    return [link for link in _LINK.findall(path.read_text(encoding="utf-8")) if not (path.parent / link).exists()]
