"""The README's commands are run, and what it shows of their output is what they print."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests import demoimage
from tests.quality.consoles import blocks, check, dead_links
from tests.run.wrapping.wrapimages import mysql_image

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = blocks(README)


@pytest.mark.parametrize("block", BLOCKS, ids=["; ".join(c for c, _ in block) for block in BLOCKS])
def test_commands_print_what_the_readme_shows(block: list[tuple[str, str]], tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    shutil.copytree(REPOSITORY / "tests/fixtures/repos/readme", folder)
    demoimage.write(folder)
    mysql_image(folder)
    (folder / "db_password.txt").write_text("another-value-98\n")
    assert block
    for command, shown in block:
        check(command, shown, folder)


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (\w+)`", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize(
    "path",
    [REPOSITORY / "README.md", *sorted(REPOSITORY.glob("docs/*.md")), *sorted(REPOSITORY.glob("docs/systems/*.md"))],
    ids=lambda path: str(path.relative_to(REPOSITORY)),
)
def test_links_lead_somewhere(path: Path) -> None:
    assert not dead_links(path)
