"""The page about runbooks: its example is run, its figures are counted."""

from __future__ import annotations

import shutil
from pathlib import Path

from auditor.core.resources import load_rules
from auditor.report.runbook.entries import is_specific
from tests.quality.consoles import blocks, check

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs/runbook.md").read_text(encoding="utf-8")


def test_the_example_prints_what_the_page_shows(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    shutil.copytree(REPOSITORY / "tests/fixtures/repos/runbook", folder)
    [[(command, shown)]] = blocks(PAGE)
    assert len(shown.splitlines()) > 50
    check(command, shown, folder)


def test_the_figures_are_those_of_the_rules() -> None:
    formats = [row["id"] for row in load_rules()["tables"]["secrets"]]
    specific = sum(map(is_specific, formats))
    assert f"Of the {len(formats)} token formats {specific} have steps of their own" in PAGE.replace("\n", " ")
