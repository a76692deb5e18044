"""The generated page about wrappers."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.resources import load_wrappers
from tools import wrapperdocs

WRAPPERS = load_wrappers()["wrappers"]


def test_the_page_is_up_to_date() -> None:
    assert wrapperdocs.main(["--check"]) == 0, "run `python -m tools.wrapperdocs`"


@pytest.mark.parametrize("name", [row["id"] for row in WRAPPERS])
def test_every_wrapper_has_its_row_and_its_section(name: str) -> None:
    text = wrapperdocs.page(WRAPPERS)
    [row] = [line for line in text.splitlines() if line.startswith(f"| [`{name}`](#{name})")]
    assert row.count(" | ") == 7 and f"\n### {name}\n" in text
    [wrapper] = [one for one in WRAPPERS if one["id"] == name]
    section = text.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
    for trap in wrapper["traps"]:
        assert trap[1:] in section
    assert wrapper["install"].strip() in section


def test_a_stale_page_is_told_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "wrappers.md"
    monkeypatch.setattr(wrapperdocs, "PAGE", str(page))
    assert wrapperdocs.main(["--check"]) == 1 and not page.exists()
    assert wrapperdocs.main([]) == 0 and page.read_text() == wrapperdocs.page(WRAPPERS)
    assert wrapperdocs.main(["--check"]) == 0
    assert capsys.readouterr().out == "stale: docs/wrappers.md\nwritten: docs/wrappers.md\n"
