"""Command lines that pages only mention, without what they print: each is one that audit takes, and it can do it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests import demoimage
from tests.quality.transcripts import Shell, programs

REPOSITORY = Path(__file__).parents[2]
#: A line of a block, as it is typed; those behind `$` are run with what they print, elsewhere.
_LINE = re.compile(r"^(?:    )?(audit [a-z].*)$", re.MULTILINE)
#: Words to be replaced, and lines that audit prints.
_PLACEHOLDER = re.compile(r'\bFORMAT\b|\.\.\.|"\$1"|says more')
#: What the reader has -> what there is here.
_HERE = {"shop:1": demoimage.NAME, "IMAGE": demoimage.NAME}
_GIVEN = {"GITHUB_STEP_SUMMARY": "summary.md", "NPM_TOKEN": "made up"}
_BASELINE = {
    "version": "1.5.0",
    "plugins_used": [],
    "filters_used": [],
    "results": {},
    "generated_at": "2026-01-01T00:00:00Z",
}


def shown() -> list[str]:
    """Every command line that a page shows, once."""
    # docs/ci.md has scripts of several lines: tests/ci/test_page.py runs them whole.
    pages = [path for path in REPOSITORY.glob("docs/**/*.md") if path.name != "ci.md"]
    found = [line for path in pages for line in _LINE.findall(path.read_text(encoding="utf-8"))]
    return sorted({line.partition("  #")[0].strip() for line in found if not _PLACEHOLDER.search(line)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with leaks, an image, reports of both, a baseline."""
    folder = tmp_path_factory.mktemp("shown") / "repository"
    shutil.copytree(REPOSITORY / "tests/fixtures/repos/readme", folder)
    demoimage.write(folder)
    (folder / ".secrets.baseline").write_text(json.dumps(_BASELINE))
    shell = Shell(folder, programs(folder.parent, REPOSITORY))
    shell("audit baseline create --min-severity critical")
    shell("audit lint --quiet --format json:lint.json; audit image --quiet --format json:image.json shop.tar")
    return folder


@pytest.mark.parametrize("line", shown())
def test_a_command_of_a_page_can_be_typed(line: str, folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "repository"
    if "--prove" in line:
        # Where nothing is to be fixed nothing is built; that a proof works is tested with an engine.
        copy.mkdir()
        (copy / "Dockerfile").write_text("FROM node:22-slim\n")
    else:
        shutil.copytree(folder, copy)
    for theirs, ours in _HERE.items():
        line = re.sub(rf"(?<!\S){theirs}(?!\S)", ours, line)
    shell = Shell(copy, {**programs(tmp_path, REPOSITORY), **_GIVEN})
    said = shell(f"{line} > said 2>&1; code=$?; cat said; echo; echo code $code")
    assert said.splitlines()[-1] in ("code 0", "code 1"), said


def test_there_are_such_commands() -> None:
    assert len(shown()) > 15
