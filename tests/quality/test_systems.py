"""Pages of `docs/systems/`: their files are written, their commands run, and what they print is what the page shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "docs" / "systems" / f"{name}.md" for name in ("nginx-tls",)]
_FILE = re.compile(r"^`([\w./-]+)`:\n\n```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: Files that pages speak of and do not show.
BESIDE = {"site.crt": "(a certificate)\n", "site.key": "(a private key)\n"}


def write_files(page: str, folder: Path) -> None:
    """The files that a page begins with."""
    shown = dict(_FILE.findall(page))
    beside = {name: text for name, text in BESIDE.items() if f"`{name}`" in page}
    for name, text in {**beside, **shown}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def commands(page: str) -> list[tuple[str, str]]:
    """Each `$ command` of a page with the output shown under it, in order."""
    parts = [part for block in _BLOCK.findall(page) for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(command, output) for command, _newline, output in (part.partition("\n") for part in parts)]


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_what_a_page_shows(path: Path, tmp_path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    write_files(page, tmp_path)
    assert commands(page)
    for command, shown in commands(page):
        program, *arguments = shlex.split(command)
        assert program == "audit"
        done = subprocess.run(
            [sys.executable, "-m", "auditor", *arguments],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "80"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        assert (done.stdout or done.stderr).startswith(shown.rstrip("\n")), command


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_links_of_a_page_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(((?!https?:)[^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link
