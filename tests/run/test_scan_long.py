"""Scans of files longer than one piece, with the detector that scans of files use."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from auditor.core.config import resolve
from auditor.detect.detector import Detector
from auditor.detect.selective import Selective
from auditor.run import scan
from auditor.sources.contents import OVERLAP, PIECE

LIVE = "sk_live_" + "9xQ2vT7mK4pL8sR1wZ6yB3nD"
CHOSEN = "Fjord-88-lantern"
LINE = "let height = width + 1;\n"
STEP = PIECE - OVERLAP


@cache
def detector() -> Selective:
    return Selective(Detector(signs=True))


def found(path: Path, data: bytes) -> list[tuple[str, int, int]]:
    """Value, line and column of every finding."""
    path.write_bytes(data)
    report = scan.scan(resolve({}), [str(path)], detector())
    assert not [error for target in report.targets for error in target.errors]
    return [
        (one.secret.reveal(), one.location.start_line, one.location.start_column)
        for one in report.findings
        if one.secret is not None and one.location is not None
    ]


@pytest.mark.parametrize("edge", [0, STEP - 40, STEP, PIECE - OVERLAP // 2, PIECE, 2 * STEP - 20, 2 * STEP])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_secret_is_told_once_with_its_place(tmp_path: Path, edge: int, line_end: str) -> None:
    line = LINE.replace("\n", line_end)
    before = line * (edge // len(line))
    data = f"{before}key = '{LIVE}';{line_end}{line * (3 * STEP // len(line))}"
    assert found(tmp_path / "a.js", data.encode()) == [(LIVE, edge // len(line) + 1, 8)]


@pytest.mark.parametrize("edge", [STEP - 60, STEP - 10, STEP])
def test_so_is_one_that_is_written_with_escapes(tmp_path: Path, edge: int) -> None:
    before = LINE * (edge // len(LINE))
    data = before + r'x = "password = \"' + CHOSEN + r'\"\n"' + "\n" + LINE * (STEP // len(LINE))
    assert found(tmp_path / "a.js", data.encode()) == [(CHOSEN, edge // len(LINE) + 1, 19)]


@pytest.mark.parametrize("place", ["begin", "end"])
def test_secrets_at_both_ends(tmp_path: Path, place: str) -> None:
    filling = LINE * (2 * STEP // len(LINE))
    data = f"{LIVE}\n{filling}" if place == "begin" else f"{filling}{LIVE}"
    line = 1 if place == "begin" else data.count("\n") + 1
    assert found(tmp_path / "a.txt", data.encode()) == [(LIVE, line, 1)]
