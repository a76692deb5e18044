"""A fake docker command, and a build to be proven."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.run.images.imagemaking import _shared, _sweep
from tests.run.proving.fakes import FakeDocker


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeDocker]:
    """A docker command that does what it is told; detectors are compiled once for all tests."""
    folder = tmp_path / "engine"
    folder.mkdir()
    with patch("auditor.run.detecting.Detector", _shared), patch("auditor.detect.sweep.Sweep", _sweep):
        yield FakeDocker(folder)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build context."""
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "app.txt").write_text("hello\n")
    return folder
