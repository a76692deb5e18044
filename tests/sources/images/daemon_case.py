"""One image in an engine made for tests, and the ways to ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.sources.images.daemon import open_daemon
from auditor.sources.images.model import Image, PassingSource, Source, SourceError
from auditor.sources.images.target import parse_target
from tests.sources.images.engines import (
    FakeEngine,
    allow_sockets,
    saved,
)
from tests.sources.images.stores import config_with, inspection, tar

LAYERS = [tar({"a": b"one"}), tar({"b": b"two"})]
CONFIG_BYTES = config_with(LAYERS, config={"Env": ["A=1"]}, **{"moby.buildkit.cache.v0": "x"})
HISTORY = [
    {"Id": "x", "Created": 1767225700, "CreatedBy": "COPY b", "Size": 3, "Comment": "buildkit.dockerfile.v0"},
    {"Id": "<missing>", "Created": 1767225600, "CreatedBy": "COPY a", "Size": 3, "Comment": ""},
]
RECORD = inspection(LAYERS, CONFIG_BYTES, {"Name": "overlay2", "Data": {}})


@pytest.fixture(autouse=True)
def sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    allow_sockets(monkeypatch)
    for name in ("DOCKER_HOST", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def engine(sockets: None) -> FakeEngine:
    made = FakeEngine()
    made.add(RECORD, HISTORY, saved(CONFIG_BYTES, LAYERS), "app:1")
    return made


@pytest.fixture
def address(engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with engine.at(tmp_path / "e.sock") as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        yield address


def opened(platform: str = "", target: str = "docker:app:1") -> Source:
    return open_daemon(parse_target(target), platform)


def failing(platform: str = "", target: str = "docker:app:1") -> str:
    with pytest.raises(SourceError) as caught:
        opened(platform, target)
    return str(caught.value)


def layers_of(source: Source) -> tuple[list[Image], dict[str, bytes]]:
    """The images, and the bytes of their layers by diff_id, in whichever way they come."""
    passed = {key: blob.read() for key, blob in source.passing()} if isinstance(source, PassingSource) else {}
    images = [*source.images()]
    found = {}
    for image in images:
        for layer in image.layers:
            if passed:
                found[layer.diff_id] = passed[layer.key]
            else:
                with image.open(layer) as stream:
                    found[layer.diff_id] = stream.read()
    return images, found
