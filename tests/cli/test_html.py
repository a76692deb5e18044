"""`--format html` from the command line: the commands of its page in docs/, and where the page goes."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.core import config
from auditor.report.html import page
from tests.demoimage import write
from tests.report.html.reading import Reader

VALUE = "Tundra" + "-42-kite"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a Dockerfile that leaks and an image."""
    write(tmp_path)
    (tmp_path / "Dockerfile").write_text(f"FROM a\nENV DB_PASSWORD={VALUE}\n")
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands(root: Path) -> list[str]:
    """Those that the page about the report shows."""
    lines = (root / "docs" / "html-report.md").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.startswith("    audit ")]


def test_the_documented_commands_write_a_page(root: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(commands(root)) == 3
    for command in commands(root):
        line, _, target = command.partition(" > ")
        assert main(shlex.split(line)[1:]) == 1
        said = capsys.readouterr()
        if target:
            (here / target).write_text(said.out, encoding="utf-8")
        name = target or next(word.partition(":")[2] for word in line.split() if word.startswith("html:"))
        text = (here / name).read_text(encoding="utf-8")
        read = Reader(text)
        assert (read.open, read.stray) == ([], [])
        assert read.all("article") and VALUE not in text + said.err
    image = Reader((here / "image.html").read_text(encoding="utf-8"))
    assert "Deleted in layer 2 by RUN npm ci && rm .npmrc" in image.words
    assert "What to do" in image.words and "npm_****" in image.words


def test_the_documented_bounds_are_the_real_ones(root: Path) -> None:
    from auditor.report.html import entries, layers

    text = (root / "docs" / "html-report.md").read_text(encoding="utf-8")
    rows = dict(line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| "))
    assert rows["findings"].startswith(f"{page.MOST_FINDINGS:,},")
    assert rows["images with a timeline"].startswith(f"{page._MOST_TIMELINES},")
    assert rows["layers in a timeline"].startswith(f"{layers.MOST_ROWS};")
    assert rows["lines beside the layers"] == str(layers.MOST_LANES)
    assert entries._MOST_PLACES == entries._MOST_STEPS == 50


def test_many_files_are_told_by_their_number_and_folder(here: Path) -> None:
    for name in ("a", "b", "c", "d"):
        (here / "services" / name).mkdir(parents=True)
        (here / "services" / name / "Dockerfile").write_text(f"FROM a\nENV DB_PASSWORD={VALUE}\n")
    assert main(["lint", "services", "--format", "html:out.html"]) == 1
    read = Reader((here / "out.html").read_text(encoding="utf-8"))
    assert "4 files in services" in read.words
    assert main(["lint", "--no-context", "Dockerfile", "--format", "html:out.html"]) == 1
    assert "Leak report: Dockerfile" in Reader((here / "out.html").read_text(encoding="utf-8")).words


def test_a_clean_run_writes_a_page_as_well(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text("FROM a\n")
    assert main(["lint", "--format", "html:out.html"]) == 0
    assert "Nothing was found." in Reader((here / "out.html").read_text(encoding="utf-8")).words


def test_help_names_the_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert "html" in config.FORMATS
    for command in ("lint", "image", "scan"):
        assert main([command, "--help"]) == 0
        assert "html" in capsys.readouterr().out
