"""Damaged images: everything readable is searched, what is not is named, and the exit code is 3."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from auditor.run.images.metadata import documents
from tests.run.images.configs import GITHUB
from tests.run.images.imagemaking import (
    Memory,
    archive_of,
    audited,
    config_of,
    index,
    layer,
    layout_files,
    run,
    saved,
    saved_files,
    sha,
    written,
)
from tests.run.images.test_scan import CONFIG, LAYERS, TOKEN, Piped


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A place for the image."""
    return tmp_path / "image.tar"


def without(files: dict[str, bytes], ending: str) -> dict[str, bytes]:
    """The members of an archive but the first with such a name."""
    gone = next(name for name in files if name.endswith(ending))
    return {name: data for name, data in files.items() if name != gone}


def test_a_missing_blob(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = Memory()
    descriptor, manifest = memory.image(LAYERS, config=CONFIG)
    gone = manifest["layers"][1]["digest"]
    files = without(layout_files(memory, index(descriptor)), gone.removeprefix("sha256:"))
    ran = audited(capsys, written(image, archive_of(files)))
    assert ran.code == 3
    assert ("layer", 2, "root/.npmrc", "live") in ran.places
    assert any(gone.replace(":", "/") in error for error in ran.errors)
    (target,) = ran.report["targets"]
    assert (target["complete"], target["image"]["layers"][1]["state"]) == (False, "failed")


def test_a_blob_with_other_bytes(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = Memory()
    descriptor, manifest = memory.image(LAYERS)
    memory.blobs[manifest["layers"][1]["digest"]] = gzip.compress(LAYERS[2])
    ran = audited(capsys, written(image, archive_of(layout_files(memory, index(descriptor)))))
    assert ran.code == 3
    assert any(manifest["layers"][1]["digest"] in error for error in ran.errors)
    assert any(sha(LAYERS[1]) in error for error in ran.errors)
    assert {place[2] for place in ran.places} == {"root/.npmrc"}


def test_a_config_with_other_digests(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = saved_files(LAYERS)
    name = next(name for name in files if name.endswith(".json") and name != "manifest.json" and "/" not in name)
    config = json.loads(files[name])
    config["rootfs"]["diff_ids"][1] = "sha256:" + "0" * 64
    made = json.dumps(config).encode()
    files[f"{sha(made)[7:]}.json"] = made
    files["manifest.json"] = files["manifest.json"].replace(name.encode(), f"{sha(made)[7:]}.json".encode())
    for _ in range(2):
        ran = run(capsys, written(image, archive_of(files)), "--format", "json", "--isolated")
        assert (ran.code, len(ran.places)) == (3, 2)
        assert any("0" * 64 in error for error in ran.errors)


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.8, 0.97])
@pytest.mark.parametrize("stdin", [False, True])
def test_a_truncated_archive(
    keep: float, stdin: bool, image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = saved(LAYERS, CONFIG)
    data = data[: int(len(data.rstrip(b"\0")) * keep)]
    monkeypatch.setattr("sys.stdin", Piped(data))
    ran = audited(capsys, "-" if stdin else written(image, data))
    assert ran.code == 3
    assert ran.errors and not ran.report["targets"][0]["complete"]


def test_a_corrupt_compressed_layer(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = Memory()
    big = layer({"noise": os.urandom(20_000), "first.env": TOKEN, "more": os.urandom(300_000)})
    descriptor, manifest = memory.image([big, LAYERS[2]])
    stored = bytearray(memory.blobs[manifest["layers"][0]["digest"]])
    stored[len(stored) // 2 :] = bytes(len(stored) - len(stored) // 2)
    memory.blobs[manifest["layers"][0]["digest"]] = bytes(stored)
    ran = audited(capsys, written(image, archive_of(layout_files(memory, index(descriptor)))))
    assert ran.code == 3
    assert {place[2] for place in ran.places} >= {"first.env", "root/.npmrc"}


@pytest.mark.parametrize("exists", [False, True])
def test_metadata_beyond_the_bound(
    exists: bool, image: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_VALUES", 200)
    config = config_of(Labels={f"label{number}": "x" for number in range(300)} | ({"last": GITHUB} if exists else {}))
    ran = audited(capsys, written(image, saved(LAYERS[:1], config)))
    assert ran.code == 3
    assert any("more than 200 values in the metadata" in error for error in ran.errors)
    assert (("config", None, "", "live") in ran.places) is exists
    (target,) = ran.report["targets"]
    assert target["complete"] is False


def test_a_proof_beyond_the_bound(
    image: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_VALUES", 200)
    monkeypatch.setenv("THE_VALUE", GITHUB[::-1])
    written(image, saved([layer({"a": b""})], config_of(Labels={f"label{number}": "x" for number in range(300)})))
    ran = run(capsys, str(image), "--assert-absent", "db=env:THE_VALUE", "--format", "json", "--isolated")
    assert (ran.code, ran.report["findings"]) == (3, [])
    assert any("more than 200 values in the metadata" in error for error in ran.errors)
