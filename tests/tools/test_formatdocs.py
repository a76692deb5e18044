"""The generated page about formats and services."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from auditor.cli.main import main as audit
from auditor.core.ruledata import CompiledRules
from auditor.core.rulefiles import compile_rules
from auditor.run.formats import cut
from tools import formatdocs

ROOT = Path(__file__).resolve().parents[2]
#: Characters of an example that may be in the page: the longest public prefix is shorter.
LONGEST_SHOWN = 24


@cache
def compiled() -> CompiledRules:
    return compile_rules(str(ROOT / "rules"))


@cache
def lines() -> dict[str, str]:
    """The table rows of the page by id."""
    rows = [line for line in formatdocs.page(compiled()).splitlines() if line.startswith("| `")]
    return {row.split("`")[1]: row for row in rows}


def test_the_page_is_up_to_date() -> None:
    assert formatdocs.main(["--check"]) == 0, "run `python -m tools.formatdocs`"


def test_every_format_and_provider_has_its_row() -> None:
    tables = compiled()["running"]["tables"]["secrets"], compiled()["providers"]["providers"]
    assert set(lines()) == {row["id"] for table in tables for row in table}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("github-token", "| `ghp_`"),
        ("github-token", "| checksum | <https://"),
        ("pypi-token", "| structure |"),
        ("slack-webhook", "| facts |"),
        ("replicate-token", "|  | <https://"),
        ("algolia-key", "| Algolia | algolia | `onecase:32` | <https://"),
        ("smtp2go-token", "`api-[0-9A-F]{32}\\|[A-Za-z0-9]{16}`"),
    ],
)
def test_a_row_holds(name: str, part: str) -> None:
    assert part in lines().get(name, "")


def test_the_page_holds_no_example() -> None:
    text = formatdocs.page(compiled())
    for docs in compiled()["docs"]["tables"]["secrets"].values():
        for one in docs["examples"] if isinstance(docs["examples"], list) else ():
            example = str(one["secret"]) if isinstance(one, dict) else str(one)
            assert len(example) < LONGEST_SHOWN or example[:LONGEST_SHOWN] not in text


def test_our_own_scan_finds_nothing_in_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "formats.md"
    page.write_text(formatdocs.page(compiled()), encoding="utf-8")
    assert audit(["scan", "--min-severity", "medium", str(page)]) == 0, capsys.readouterr().out


def test_a_stale_page_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "formats.md"
    monkeypatch.setattr(formatdocs, "PAGE", str(page))
    assert formatdocs.main(["--check"]) == 1
    assert not page.exists()
    assert formatdocs.main([]) == 0
    assert formatdocs.main(["--check"]) == 0
    assert capsys.readouterr().out == "stale: docs/formats.md\nwritten: docs/formats.md\n"
    assert page.read_text(encoding="utf-8").count("\n## ") == 2


def test_long_prefixes_and_bars_are_cut_and_escaped() -> None:
    assert cut("a" * 21) == f"{'a' * 20}..."
    assert formatdocs._code("a|`b") == "`` a\\|`b ``"
