"""Fixtures for sources of images."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest

from auditor.sources.images.archive import open_archive
from auditor.sources.images.model import Image, PassingSource
from auditor.sources.images.passing import open_stream
from tests.sources.images.layouts import Read, contents


@pytest.fixture(params=["file", "stream", "gzip"])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Read:
    """Images and layers of an archive, read in each way."""

    def file(data: bytes, tag: str = "", platform: str = "") -> tuple[Sequence[Image], list[list[bytes]]]:
        path = tmp_path / "image.tar"
        path.write_bytes(gzip.compress(data) if request.param == "gzip" else data)
        if request.param == "stream":
            with open_stream("x", path.open("rb"), tag=tag, platform=platform) as source:
                return contents(source)
        with open_archive("x", str(path), tag=tag, platform=platform) as source:
            assert isinstance(source, PassingSource) or request.param == "file"
            return contents(source)

    return file
