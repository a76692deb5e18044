"""Images and build steps that an engine keeps with containerd, read from its folder."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.sources.images.buildcache import CacheImage, open_build_cache
from auditor.sources.images.daemon import open_daemon
from auditor.sources.images.exported import ExportSource, KeptSource
from auditor.sources.images.model import Image
from auditor.sources.images.target import DOCKER, parse_target
from tests.sources.images.engines import VERSIONED, FakeEngine, allow_sockets, document, saved
from tests.sources.images.stores import config_with, digest, inspection, tar

LAYERS = [tar({"a": b"one"}), tar({"b": b"two"})]
CONFIG = config_with(LAYERS)
BLOBS = [gzip.compress(layer, mtime=0) for layer in LAYERS]
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(CONFIG), "size": 9},
        "layers": [
            {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(blob), "size": len(blob)}
            for blob in BLOBS
        ],
    }
).replace('"size": 9', f'"size": {len(CONFIG)}')
OTHER = "sha256:" + "1" * 64
INDEX = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": digest(MANIFEST.encode()),
                "size": len(MANIFEST),
                "platform": {"os": "linux", "architecture": "amd64"},
            },
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": OTHER,
                "size": 400,
                "platform": {"os": "linux", "architecture": "arm64"},
            },
        ],
    }
)
STEP = "[2/3] COPY . ."
RECORDS = [
    {"ID": "step" + "0" * 21 + "1", "Description": STEP, "Shared": False},
    {"ID": "step" + "0" * 21 + "2", "Description": "of an image", "Shared": True},
    {"ID": "elsewhere", "Description": "of another builder", "Shared": False},
]
LISTED = Path(__file__).parents[2] / "fixtures/images/metadata.db.gz"


def record(identity: bytes) -> dict[str, object]:
    said = inspection(LAYERS, CONFIG, {"Name": "overlayfs", "Data": None})
    return {**said, "Id": digest(identity)}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """containerd's folder, with one image and two build steps."""
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr("auditor.sources.images.containerd._SYSTEM", str(tmp_path / "none"))
    made = tmp_path / "data/containerd/daemon"
    blobs = made / "io.containerd.content.v1.content/blobs/sha256"
    blobs.mkdir(parents=True)
    for blob in (CONFIG, MANIFEST.encode(), INDEX.encode(), *BLOBS):
        (blobs / digest(blob)[7:]).write_bytes(blob)
    snapshotter = made / "io.containerd.snapshotter.v1.overlayfs"
    for number in ("101", "102"):
        (snapshotter / "snapshots" / number / "fs/app").mkdir(parents=True)
        (snapshotter / "snapshots" / number / "fs/app/.env").write_text(f"of {number}")
    (snapshotter / "metadata.db").write_bytes(gzip.decompress(LISTED.read_bytes()))
    return made


@pytest.fixture
def engine(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    allow_sockets(monkeypatch)
    for name in ("DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    made = FakeEngine()
    made.answers[f"{VERSIONED}/images/json"] = document([])
    made.answers[f"{VERSIONED}/system/df"] = document({"BuildCache": RECORDS})
    made.answers[f"{VERSIONED}/info"] = document(
        {
            "DockerRootDir": str(tmp_path / "data"),
            "Driver": "overlayfs",
            "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
        }
    )
    made.add(record(INDEX.encode()), [], saved(CONFIG, LAYERS), "app:1")
    with made.at(tmp_path / "e.sock") as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        yield made


def layers_of(image: Image) -> list[bytes]:
    found = []
    for layer in image.layers:
        with image.open(layer) as stream:
            found.append(stream.read())
    return found


def image() -> KeptSource | ExportSource:
    source = open_daemon(parse_target("docker:app:1"))
    assert isinstance(source, KeptSource | ExportSource)
    return source


def test_blobs_are_read_from_its_folder(engine: FakeEngine) -> None:
    with image() as source:
        assert isinstance(source, KeptSource)
        [found] = source.images()
        assert layers_of(found) == BLOBS
    assert (found.name, found.platform) == ("docker:app:1", "linux/amd64")
    assert [layer.diff_id for layer in found.layers] == [digest(layer) for layer in LAYERS]
    # The platform that was not pulled is none that is missing.
    assert found.problems == []
    assert not any(path.endswith("/get") for path in engine.paths)


def test_a_manifest_alone(engine: FakeEngine) -> None:
    engine.add(record(MANIFEST.encode()), [], b"", "app:1")
    with image() as source:
        [found] = source.images()
        assert layers_of(found) == BLOBS


@pytest.mark.parametrize("lost", [INDEX.encode(), MANIFEST.encode(), CONFIG, BLOBS[1]])
@pytest.mark.usefixtures("engine")
def test_what_is_not_there_whole_is_exported(root: Path, lost: bytes) -> None:
    (root / "io.containerd.content.v1.content/blobs/sha256" / digest(lost)[7:]).unlink()
    with image() as source:
        assert isinstance(source, ExportSource)
        assert sorted(blob.read() for _, blob in source.passing()) == sorted(LAYERS)


@pytest.mark.usefixtures("engine")
def test_another_content_than_the_digest_says_is_not_taken(root: Path) -> None:
    (root / "io.containerd.content.v1.content/blobs/sha256" / digest(INDEX.encode())[7:]).write_text("{}")
    with image() as source:
        assert isinstance(source, ExportSource)


@pytest.mark.usefixtures("engine")
def test_others_than_the_superuser_ask_for_an_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    with image() as source:
        assert isinstance(source, ExportSource)


@pytest.mark.usefixtures("engine")
def test_files_of_build_steps() -> None:
    with open_build_cache(DOCKER) as source:
        records, step = source.images()
        assert records.problems == []
        assert isinstance(step, CacheImage)
        assert (step.name, step.config) == (
            "build cache step" + "0" * 21 + "1",
            {"history": [{"created_by": STEP}]},
        )
        with step.open(step.layers[0]) as stream:
            assert b"of 101" in stream.read()


@pytest.mark.parametrize("database", [b"", b"no database", None])
@pytest.mark.usefixtures("engine")
def test_build_steps_that_cannot_be_told_are_a_problem(root: Path, database: bytes | None) -> None:
    path = root / "io.containerd.snapshotter.v1.overlayfs/metadata.db"
    path.unlink()
    if database is not None:
        path.write_bytes(database)
    with open_build_cache(DOCKER) as source:
        [records] = source.images()
    [problem] = records.problems
    assert problem.part == "files of the build cache"
    assert problem.message.startswith("not searched: ")
