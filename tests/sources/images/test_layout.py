"""OCI layout directories: what they list, and nothing outside of them."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from auditor.sources.images.layout import LayoutBlobs, LayoutSource
from auditor.sources.images.model import SourceError
from tests.sources.images.layouts import REF_NAME, Memory, contents, index, layer_tar, sha, write_layout

LAYERS = [layer_tar(), layer_tar("app/.env", b"A=b\n")]


@pytest.fixture
def memory() -> Memory:
    return Memory()


def test_layout(tmp_path: Path, memory: Memory) -> None:
    entry, _ = memory.image(LAYERS, annotations={REF_NAME: "v1"})
    folder = str(write_layout(tmp_path, memory, index(entry)))
    for tag in ("", "v1", entry["digest"]):
        with LayoutSource("x", folder, tag=tag) as source:
            (image,), (layers,) = contents(source)
        assert [gzip.decompress(layer) for layer in layers] == LAYERS
        assert (image.name, image.digest) == ("x", entry["digest"])
        assert not image.problems
    with pytest.raises(SourceError, match="no image v2 in it; there are v1"):
        LayoutSource("x", folder, tag="v2").images()


def test_missing_blob_is_named(tmp_path: Path, memory: Memory) -> None:
    entry, manifest = memory.image(LAYERS)
    folder = write_layout(tmp_path, memory, index(entry))
    gone = manifest["layers"][0]["digest"]
    (folder / "blobs" / gone.replace(":", "/")).unlink()
    (image,) = LayoutSource("x", str(folder)).images()
    with pytest.raises(SourceError, match=f"blob {gone} is missing"):
        image.open(image.layers[0])
    (folder / "blobs" / entry["digest"].replace(":", "/")).unlink()
    with pytest.raises(SourceError, match=f"blob {entry['digest']} is missing"):
        LayoutSource("x", str(folder)).images()


def test_changed_manifest_is_read_with_a_problem(tmp_path: Path, memory: Memory) -> None:
    entry, _ = memory.image(LAYERS)
    folder = write_layout(tmp_path, memory, index(entry))
    place = folder / "blobs" / entry["digest"].replace(":", "/")
    place.write_bytes(place.read_bytes() + b"\n")
    (image,) = LayoutSource("x", str(folder)).images()
    assert len(image.layers) == 2
    assert f"has another digest: {sha(place.read_bytes())}" in image.problems[0].message


@pytest.mark.parametrize("where", ["blob", "folder", "index"])
def test_links_are_not_followed(tmp_path: Path, memory: Memory, where: str) -> None:
    entry, manifest = memory.image(LAYERS)
    folder = write_layout(tmp_path / "layout", memory, index(entry))
    moved = tmp_path / "moved"
    place = {
        "blob": folder / "blobs" / manifest["layers"][0]["digest"].replace(":", "/"),
        "folder": folder / "blobs" / "sha256",
        "index": folder / "index.json",
    }[where]
    place.rename(moved)
    place.symlink_to(moved)
    with pytest.raises(SourceError, match="cannot be read"):
        contents(LayoutSource("x", str(folder)))


def test_pipes_and_folders_are_no_blobs(tmp_path: Path, memory: Memory) -> None:
    entry, manifest = memory.image(LAYERS)
    folder = write_layout(tmp_path, memory, index(entry))
    for number, make in enumerate((os.mkfifo, os.mkdir)):
        place = folder / "blobs" / manifest["layers"][number]["digest"].replace(":", "/")
        place.unlink()
        make(place)
    (image,) = LayoutSource("x", str(folder)).images()
    for layer in image.layers:
        with pytest.raises(SourceError, match="not a regular file"):
            image.open(layer)


NO_DIGESTS = [
    *("", "sha256:", "sha256:../../../../etc/passwd", "sha256:" + "A" * 64, "sha256:" + "a" * 63, "md5:" + "a" * 32),
    *("sha256:" + "a" * 64 + "\n", "../x:" + "a" * 64, "sha512:" + "a" * 64),
]


@pytest.mark.parametrize("digest", NO_DIGESTS)
def test_digests_are_checked(tmp_path: Path, digest: str) -> None:
    with pytest.raises(SourceError, match="malformed digest"):
        LayoutBlobs(str(tmp_path)).open(digest)


def test_blob_that_is_too_long(tmp_path: Path, memory: Memory) -> None:
    entry = memory.put(bytes(1000), "application/octet-stream")
    folder = write_layout(tmp_path, memory, b"{}")
    with pytest.raises(SourceError, match="larger than 999 bytes"):
        LayoutBlobs(str(folder)).document(entry["digest"], 999)
    assert LayoutBlobs(str(folder)).document(entry["digest"], 1000) == bytes(1000)


@pytest.mark.parametrize(
    ("marker", "message"),
    [(None, "is missing"), ('{"imageLayoutVersion": "2.0"}', "version '2.0' is not known"), ("{", "malformed JSON")],
)
def test_marker(tmp_path: Path, memory: Memory, marker: str | None, message: str) -> None:
    folder = write_layout(tmp_path, memory, index(memory.image()[0]))
    (folder / "oci-layout").unlink() if marker is None else (folder / "oci-layout").write_text(marker)
    (image,) = LayoutSource("x", str(folder)).images()
    assert [message in problem.message for problem in image.problems] == [True]


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"index\.json is missing"):
        LayoutSource("x", str(tmp_path)).images()
