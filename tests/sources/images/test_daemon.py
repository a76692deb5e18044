"""Images of an engine: metadata before layers, from its disk or its export. The engine is made for the test."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.sources.images.daemon import open_daemon
from auditor.sources.images.exported import ExportSource, KeptSource
from auditor.sources.images.model import CONFIG, SourceError
from auditor.sources.images.target import parse_target
from tests.sources.images.daemon_case import CONFIG_BYTES, HISTORY, LAYERS, RECORD, failing, layers_of, opened
from tests.sources.images.daemon_case import address as address
from tests.sources.images.daemon_case import engine as engine
from tests.sources.images.daemon_case import sockets as sockets
from tests.sources.images.engines import (
    VERSIONED,
    FakeEngine,
    chunks,
    document,
    ping,
    refuse,
    saved,
)
from tests.sources.images.stores import digest, docker_store, podman_store, tar


@pytest.mark.usefixtures("address")
def test_metadata_is_there_before_any_export(engine: FakeEngine) -> None:
    source = opened()
    assert isinstance(source, ExportSource)
    assert engine.paths == ["/_ping", f"{VERSIONED}/images/app:1/json", f"{VERSIONED}/images/app:1/history"]
    [image] = source.described()
    assert (image.name, image.digest, image.platform) == ("docker:app:1", digest(CONFIG_BYTES), "linux/amd64")
    assert [layer.diff_id for layer in image.layers] == [digest(layer) for layer in LAYERS]
    assert [document.kind for document in image.documents] == [CONFIG]
    assert json.loads(image.documents[0].data) == image.config
    assert image.config["history"] == [
        {"created": "2026-01-01T00:00:00+00:00", "created_by": "COPY a"},
        {"created": "2026-01-01T00:01:40+00:00", "created_by": "COPY b", "comment": "buildkit.dockerfile.v0"},
    ]
    with pytest.raises(SourceError, match="layer 0 of docker:app:1"):
        image.open(image.layers[0])
    source.close()


@pytest.mark.usefixtures("address")
def test_export_has_the_config_itself() -> None:
    with opened() as source:
        [image], found = layers_of(source)
    assert found == {digest(layer): layer for layer in LAYERS}
    assert [document.data for document in image.documents if document.kind == CONFIG] == [CONFIG_BYTES]
    assert image.config["moby.buildkit.cache.v0"] == "x"
    assert image.problems == []


@pytest.mark.usefixtures("address")
def test_nothing_is_exported_when_all_layers_are_known(engine: FakeEngine) -> None:
    known = {digest(layer) for layer in LAYERS}
    with open_daemon(parse_target("docker:app:1"), known=known) as source:
        assert isinstance(source, ExportSource)
        assert list(source.passing()) == []
        assert source.images() == source.described()
        assert f"{VERSIONED}/images/app:1/get" not in engine.paths
    with open_daemon(parse_target("docker:app:1"), known={digest(LAYERS[0])}) as source:
        assert len(layers_of(source)[1]) == 2


@pytest.mark.parametrize("store", [docker_store, podman_store])
@pytest.mark.usefixtures("address")
def test_disk_instead_of_an_export(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: object
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    record = (docker_store if store is docker_store else podman_store)(tmp_path / "data", LAYERS, CONFIG_BYTES)
    engine.add(record, HISTORY, b"", "app:1")
    with opened() as source:
        assert isinstance(source, KeptSource)
        [image], found = layers_of(source)
    assert engine.paths == ["/_ping", f"{VERSIONED}/images/app:1/json"]
    assert found == {digest(layer): layer for layer in LAYERS}
    assert [(document.kind, document.data) for document in image.documents] == [(CONFIG, CONFIG_BYTES)]
    assert (image.name, image.digest, image.platform) == ("docker:app:1", digest(CONFIG_BYTES), "linux/amd64")
    assert [layer.key for layer in image.layers] == [layer.diff_id for layer in image.layers]


def test_disk_is_not_read_for_engines_behind_a_network(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    record = docker_store(tmp_path / "data", LAYERS, CONFIG_BYTES)
    engine.add(record, HISTORY, saved(CONFIG_BYTES, LAYERS), "app:1")
    with engine.listening() as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        with opened() as source:
            assert isinstance(source, ExportSource)
            assert layers_of(source)[1] == {digest(layer): layer for layer in LAYERS}


@pytest.mark.usefixtures("address")
def test_history_that_the_engine_cannot_give_is_in_the_export(engine: FakeEngine) -> None:
    engine.answers[f"{VERSIONED}/images/app:1/history"] = refuse(500, "nil pointer")
    with opened() as source:
        assert isinstance(source, ExportSource)
        assert [problem.part for problem in source.described()[0].problems] == ["history"]
        [image], _ = layers_of(source)
    assert image.problems == []


@pytest.mark.usefixtures("address")
def test_platform() -> None:
    opened("linux/amd64").close()
    opened("all").close()
    assert failing("linux/arm64") == "app:1 is not there for linux/arm64, but for linux/amd64"


def test_engine_with_several_platforms(engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {**RECORD, "Architecture": "arm64", "Variant": "v8"}
    platforms = [("amd64", True), ("arm64", True), ("s390x", False)]
    manifests = [
        {"Available": there, "ImageData": {"Platform": {"os": "linux", "architecture": name}}}
        for name, there in platforms
    ]
    asked = []

    def answer(handler: object) -> None:
        query = engine.asked[-1][1]
        asked.append(query)
        wanted = json.loads(query.get("platform", ["{}"])[0]).get("architecture", "amd64")
        found = other if wanted == "arm64" else RECORD if wanted == "amd64" else None
        (document({**found, "Manifests": manifests}) if found else refuse(404, "no"))(handler)  # type: ignore[arg-type]

    engine.answers["/_ping"] = ping("1.99")
    engine.answers["/v1.51/images/app:1/json"] = answer
    engine.answers["/v1.51/images/app:1/history"] = document(HISTORY)
    engine.answers["/v1.51/images/app:1/get"] = chunks(saved(CONFIG_BYTES, LAYERS))
    with engine.at(tmp_path / "e.sock") as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        with opened("linux/arm64") as source:
            assert isinstance(source, ExportSource)
            assert source.described()[0].platform == "linux/arm64/v8"
            list(source.passing())
            assert json.loads(engine.asked[-1][1]["platform"][0]) == {"os": "linux", "architecture": "arm64"}
        assert "for linux/s390x, but for linux/amd64, linux/arm64" in failing("linux/s390x")


@pytest.mark.usefixtures("address")
def test_engine_that_keeps_images_in_containerd(engine: FakeEngine) -> None:
    packed = [gzip.compress(layer) for layer in LAYERS]
    descriptors = [{"digest": digest(blob), "size": len(blob), "mediaType": "x.layer.v1.tar+gzip"} for blob in packed]
    config = {"digest": digest(CONFIG_BYTES), "size": len(CONFIG_BYTES)}
    manifest = json.dumps({"schemaVersion": 2, "config": config, "layers": descriptors}).encode()
    index = {"schemaVersion": 2, "manifests": [{"digest": digest(manifest), "size": len(manifest)}]}
    blobs = {f"blobs/sha256/{digest(blob)[7:]}": blob for blob in (*packed, CONFIG_BYTES, manifest)}
    export = tar({**blobs, "index.json": json.dumps(index).encode(), "oci-layout": b'{"imageLayoutVersion": "1.0.0"}'})
    record = {**RECORD, "Id": digest(manifest), "GraphDriver": {"Name": "overlayfs", "Data": None}}
    engine.add(record, HISTORY, export, "app:1")
    with opened() as source:
        assert isinstance(source, ExportSource)
        [image], found = layers_of(source)
    assert image.digest == digest(manifest)
    assert found == {digest(layer): blob for layer, blob in zip(LAYERS, packed, strict=True)}
    assert image.problems == []


def test_library_is_imported_only_for_an_engine() -> None:
    code = "import sys, auditor.sources.images.buildcache; sys.exit(bool({'docker', 'requests'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
