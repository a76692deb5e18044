"""A repository to gate, and the command `audit` on the path."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import demoimage
from tests.quality.transcripts import programs


@pytest.fixture
def repository(root: Path, tmp_path: Path) -> Path:
    """A repository that leaks in a Dockerfile, with the archive `shop.tar` of an image that leaks."""
    folder = tmp_path / "repository"
    shutil.copytree(root / "tests/fixtures/repos/readme", folder)
    demoimage.write(folder)
    return folder


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """A repository that leaks nothing."""
    folder = tmp_path / "clean"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM debian:12\nUSER 1000\n")
    return folder


@pytest.fixture
def environment(root: Path, tmp_path: Path) -> dict[str, str]:
    """Variables of a job, with the command on its path."""
    return programs(tmp_path, root)


@pytest.fixture
def command(environment: dict[str, str]) -> Path:
    """The command `audit` of this tree, as a file."""
    path = shutil.which("audit", path=environment["PATH"])
    assert path
    return Path(path)
