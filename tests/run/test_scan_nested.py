"""What is encoded more often than is followed is told: the run was not complete."""

from __future__ import annotations

import base64
from pathlib import Path

from auditor.core.config import resolve
from auditor.run import scan
from auditor.run.result import ExitCode, exit_code


def test_what_is_not_followed_is_told(tmp_path: Path) -> None:
    data = b"user=me and a few more words to encode"
    for _ in range(4):
        data = base64.b64encode(data)
    path = tmp_path / "x.yaml"
    path.write_bytes(b"x: " + data + b"\ny: " + data + b"\n")
    settings = resolve({})
    report = scan.scan(settings, [str(path)])
    assert [error.message for target in report.targets for error in target.errors] == [
        "not followed: encoded more than 3 times"
    ]
    assert exit_code(report, settings) == ExitCode.INCOMPLETE
