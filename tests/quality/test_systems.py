"""Pages of `docs/systems/`: their files are written, their commands run, and what they print is what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.quality.consoles import blocks, check

REPOSITORY = Path(__file__).parents[2]
#: The others speak of images, or of standard input: tests/cli/test_wrap_docs.py, tests/cli/test_fix_wrapper.py.
PAGES = [REPOSITORY / "docs" / "systems" / f"{name}.md" for name in ("nginx-tls", "build-script")]
_FILE = re.compile(r"^`([\w./-]+)`:\n\n```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: Files that pages speak of and do not show.
BESIDE = {"site.crt": "(a certificate)\n", "site.key": "(a private key)\n"}


def write_files(page: str, folder: Path) -> None:
    """The files that a page begins with."""
    shown = dict(_FILE.findall(page))
    beside = {name: text for name, text in BESIDE.items() if f"`{name}`" in page}
    for name, text in {**beside, **shown}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_what_a_page_shows(path: Path, tmp_path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    write_files(page, tmp_path)
    commands = [each for block in blocks(page) for each in block]
    assert commands
    for command, shown in commands:
        check(command, shown, tmp_path)
