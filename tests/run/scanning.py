"""A stand-in for the detector that finds `PLANT=value`, and what the tests of the scan have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.core.config import resolve
from auditor.core.errors import ExitCode
from auditor.core.finding import Confidence, Report
from auditor.core.secret import Secret
from auditor.detect.detection import Detection
from auditor.detect.views import decode
from auditor.report import json_report, lines, sarif, text
from auditor.report.meta import Meta
from auditor.run import scan
from auditor.run.result import exit_code
from auditor.run.selection import SCAN, all_rules

_PLANTED = re.compile(r"PLANT(?:-([a-z-]+))?=([A-Za-z0-9]+)")
_LEVELS = {"high": Confidence.HIGH, "medium": Confidence.MEDIUM, "low": Confidence.LOW}


class PlantedDetector:
    """`PLANT=v` is a known-token, `PLANT-low=v` one of low confidence, `PLANT-some-rule=v` a finding of that rule,
    `PLANT-sample=v` a placeholder; `BOOM` makes it fail after what came before."""

    def __init__(self, engine: str = "auto", **_more: object) -> None:
        self.engine = engine

    def take_problems(self) -> list[str]:
        return []

    def detect(self, data: bytes, path: str = "", cuts: object = None) -> Iterator[Detection]:
        decoded = decode(data)
        for match in _PLANTED.finditer(decoded.text):
            word = match[1] or ""
            yield Detection(
                word if word and word not in _LEVELS and word != "sample" else "known-token",
                "planted secret",
                decoded.offsets.offset(match.start(2)),
                decoded.offsets.offset(match.end(2)),
                Secret(match[2], "planted"),
                _LEVELS.get(word, Confidence.HIGH),
                name="PLANT",
                verdict="placeholder" if word == "sample" else "valid",
                facts=(("account", "42"),),
                basis="" if word == "sample" else "checksum",
            )
        if "BOOM" in decoded.text:
            raise ValueError("hunter22")


def plant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scans of files use this detector."""
    monkeypatch.setattr("auditor.run.detecting.Detector", PlantedDetector)
    monkeypatch.setattr("auditor.detect.selective.Selective", lambda detector: detector)


def scanned(path: Path, content: str | bytes | None = None, **given: object) -> tuple[Report, ExitCode]:
    """Write a file, scan it (or the folder), and return the report and the exit code."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    settings = resolve(given)
    report = scan.scan(settings, [str(path)])
    return report, exit_code(report, settings)


def places(report: Report) -> list[tuple[int, int, int, int]]:
    return [
        (f.location.start_line, f.location.start_column, f.location.end_line, f.location.end_column)
        for f in report.findings
    ]


def rendered(report: Report, **given: object) -> str:
    """The report in every format."""
    meta = Meta("1", all_rules(SCAN), key=b"k", command=SCAN)._replace(**given)
    formats = (text.render, text.problems, text.summary, json_report.render, sarif.render, lines.gnu, lines.github)
    return "\n".join(render(report, meta) for render in formats)
