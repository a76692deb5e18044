"""A repository to gate, and the command `audit` on the path."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests import demoimage


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
def commands(root: Path, tmp_path: Path) -> Path:
    """A folder with the command `audit` of this tree."""
    folder = tmp_path / "commands"
    folder.mkdir()
    script = folder / "audit"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m auditor "$@"\n')
    script.chmod(0o755)
    return folder


@pytest.fixture
def environment(commands: Path) -> dict[str, str]:
    """Variables of a job: the command on the path, a home of its own."""
    return {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "COLUMNS": "80"}
