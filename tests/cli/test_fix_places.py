"""Where findings of files that change along with a Dockerfile are told to be: in the file as it is on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.main import main

Capture = pytest.CaptureFixture[str]
VALUE = "zQ8vT1xK" + "w3RbLm5YcN7d"
DOCKERFILE = "FROM node:20\nARG NPM_TOKEN\nRUN npm ci\n"
#: One line less, others longer; then what stays and, with the login, what changes for itself.
SCRIPT = (
    "#!/bin/sh\ndocker build \\\n  --build-arg NPM_TOKEN=$T \\\n  --build-arg NPM_TOKEN=$T \\\n  .\n"
    f"docker build --build-arg NPM_TOKEN=$T . && docker run -e DB_PASSWORD={VALUE} app\n"
    f"docker login -u a -p $X r\ndocker run -e API_TOKEN={VALUE} app\n"
)
COMPOSE = (
    "services:\n  app:\n    build:\n      context: .\n      args:\n        A: 1\n        NPM_TOKEN: ${NPM_TOKEN}\n"
    f"    environment:\n      DB_PASSWORD: {VALUE}\n    labels:\n      api.token: {VALUE}\n"
)
FILES = {"build.sh": SCRIPT, "compose.yaml": COMPOSE}


def places(found: list[dict[str, Any]]) -> set[tuple[str, str, int, int, int]]:
    """Rules and subjects' places of findings."""
    return {
        (one["rule"], at["path"], at["start_line"], at["start_column"], at["end_column"])
        for one in found
        for at in [one["location"]]
    }


def linted(path: Path, capsys: Capture) -> set[tuple[str, str, int, int, int]]:
    main(["lint", "--isolated", "--min-severity", "low", "--format", "json", str(path)])
    return places(json.loads(capsys.readouterr().out)["findings"])


def fixed(folder: Path, capsys: Capture, *options: str) -> dict[str, dict[str, Any]]:
    """The report on each file by its name."""
    report = folder.parent / "report.json"
    main(["fix", "--isolated", "--format", f"json:{report}", *options, str(folder)])
    capsys.readouterr()
    return {Path(one["path"]).name: one for one in json.loads(report.read_text())["files"]}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("options", [("--diff",), ("--check",), ("--diff", "--unsafe-fixes"), ()], ids=" ".join)
def test_findings_are_where_the_file_on_disk_has_them(
    name: str, options: tuple[str, ...], tmp_path: Path, capsys: Capture
) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    path = folder / name
    path.write_text(FILES[name])
    before = linted(path, capsys)
    report = fixed(folder, capsys, *options)
    assert [change["path"] for change in report["Dockerfile"]["changes"]] == [str(folder / "Dockerfile"), str(path)]
    own = report[name]
    left = places([one["finding"] for one in own["left"]])
    assert left <= linted(path, capsys)
    applied = places([one for plan in own["applied"] for one in plan["findings"]])
    assert left or applied
    if options:
        assert path.read_text() == FILES[name]
        assert applied <= before
        lines = {place[2] for place in before}
        assert {one["line"] for one in own["rotate"]} <= lines


def test_a_file_that_cannot_be_written(tmp_path: Path, capsys: Capture) -> None:
    """The group of the Dockerfile is refused, so that its caller is as it was."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "other").write_text(DOCKERFILE)
    (folder / "Dockerfile").unlink()
    (folder / "Dockerfile").hardlink_to(tmp_path / "other")
    path = folder / "build.sh"
    path.write_text(SCRIPT)
    own = fixed(folder, capsys)["build.sh"]
    assert (own["state"], path.read_text()) == ("refused", SCRIPT)
    assert places([one["finding"] for one in own["left"]]) <= linted(path, capsys)
    assert own["left"]
