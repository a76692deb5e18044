"""Blobs of a layout that no manifest names."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from auditor.sources.images import layout, orphans
from auditor.sources.images.layout import LayoutSource
from auditor.sources.images.model import ATTESTATION, CONFIG, INDEX, LEGACY, MANIFEST, Image
from tests import zstd
from tests.sources.images.layouts import (
    LAYERS,
    Memory,
    Read,
    archive_of,
    contents,
    index,
    kinds,
    layer_tar,
    layout_files,
    saved_files,
    sha,
    write_layout,
)

OLD = layer_tar("old", b"left behind")
TAR = "application/vnd.oci.image.layer.v1.tar"


def retagged() -> tuple[Memory, bytes, list[str]]:
    """A layout whose index was rewritten: manifest, config and one layer of the image before are still there."""
    memory = Memory()
    main, _ = memory.image(LAYERS)
    before, manifest = memory.image([LAYERS[0], OLD], config={"config": {"Env": ["OLD=1"]}})
    left = [before["digest"], manifest["config"]["digest"], manifest["layers"][1]["digest"]]
    return memory, index(main), left


def by_digest(images: Sequence[Image]) -> dict[str, Image]:
    """Images of orphans by the digest in their names."""
    return {image.name.partition("(unreferenced blob ")[2].rstrip(")"): image for image in images[1:]}


def check(images: Sequence[Image], layers: Sequence[Sequence[bytes]], left: list[str]) -> None:
    manifest, config, layer = left
    assert [list(one) for one in layers if len(one) > 1] == [LAYERS]
    assert kinds(images[0]) == [INDEX, MANIFEST, CONFIG, MANIFEST]
    assert images[0].documents[-1].name == f"unreferenced manifest {manifest}"
    assert not any(image.problems for image in images)
    found = by_digest(images)
    assert set(found) == {config[:19], layer[:19]}
    assert found[config[:19]].config["config"] == {"Env": ["OLD=1"]}
    assert (found[config[:19]].digest, found[config[:19]].layers) == (config, [])
    (one,) = found[layer[:19]].layers
    assert (one.number, one.key, one.digest, one.diff_id, found[layer[:19]].config) == (0, layer, layer, "", {})


def test_what_an_archive_has_left(read: Read) -> None:
    memory, root, left = retagged()
    images, layers = read(archive_of(layout_files(memory, root)))
    check(images, [[gzip.decompress(layer) for layer in one] for one in layers], left)
    assert [gzip.decompress(layer) for layer in layers[-1]] in ([OLD], [])


def test_what_a_folder_has_left(tmp_path: Path) -> None:
    memory, root, left = retagged()
    images, layers = contents(LayoutSource("x", str(write_layout(tmp_path, memory, root))))
    check(images, [[gzip.decompress(layer) for layer in one] for one in layers], left)
    sizes = {layer.digest: layer.size for image in images for layer in image.layers}
    assert sizes[left[2]] == len(memory.blobs[left[2]])


def test_nothing_is_left_of_whole_layouts(tmp_path: Path, read: Read) -> None:
    memory = Memory()
    main, _ = memory.image(LAYERS)
    about = memory.attestation(main["digest"], {"arg": "x"})
    files = layout_files(memory, index(main, about))
    assert len(read(archive_of(files))[0]) == 1
    assert len(contents(LayoutSource("x", str(write_layout(tmp_path, memory, index(main, about)))))[0]) == 1
    (image,), _ = read(archive_of(saved_files(LAYERS)))
    assert len(image.layers) == len(LAYERS)


@pytest.mark.parametrize("chosen", [{"tag": "1"}, {"platform": "linux/amd64"}])
def test_who_chooses_an_image_gets_only_that(chosen: dict[str, str], tmp_path: Path) -> None:
    memory = Memory()
    main, _ = memory.image(LAYERS, annotations={"org.opencontainers.image.ref.name": "1"})
    memory.put(OLD, TAR)
    folder = str(write_layout(tmp_path, memory, index(main)))
    assert len(contents(LayoutSource("x", folder, **chosen))[0]) == 1
    assert len(contents(LayoutSource("x", folder))[0]) == 2
    assert len(contents(LayoutSource("x", folder, platform="all"))[0]) == 2


def test_layers_of_every_kind(tmp_path: Path) -> None:
    memory = Memory()
    main, _ = memory.image(LAYERS)
    for data in (OLD, gzip.compress(OLD, mtime=0), zstd.compress(OLD)):
        memory.put(data, TAR)
    images, layers = contents(LayoutSource("x", str(write_layout(tmp_path, memory, index(main)))))
    assert len(images) == 4
    assert {sha(layer) for one in layers[1:] for layer in one} == set(memory.blobs) - {
        document.digest for document in images[0].documents
    } - {layer.digest for layer in images[0].layers}


def test_documents_of_every_kind(tmp_path: Path) -> None:
    """Those of several images are nobody's: they get an image of their own. What says nothing is left out."""
    memory = Memory()
    both = [memory.image(LAYERS)[0], memory.image([LAYERS[1]])[0]]
    for value in ({"manifests": []}, {"predicateType": "x"}, {"id": "a", "config": {"Env": ["A=b"]}}, {}, []):
        memory.put(json.dumps(value).encode(), "application/json")
    memory.put(b'{"broken', "application/json")
    images, _ = contents(LayoutSource("x", str(write_layout(tmp_path, memory, index(*both)))))
    (beside,) = images[2:]
    assert beside.name == "x (unreferenced documents)"
    assert sorted(kinds(beside)) == sorted([INDEX, ATTESTATION, LEGACY, LEGACY, LEGACY])
    assert not beside.layers


def test_their_number_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    main, _ = memory.image(LAYERS)
    for number in range(5):
        memory.put(layer_tar(f"f{number}"), TAR)
    folder = str(write_layout(tmp_path, memory, index(main)))
    monkeypatch.setattr(orphans, "MOST", 3)
    images, _ = contents(LayoutSource("x", folder))
    assert len(images) == 4
    assert [problem.message for problem in images[0].problems] == ["2 more that no manifest names were not read"]
    monkeypatch.setattr(layout, "_MOST_BLOBS", 4)
    images, _ = contents(LayoutSource("x", folder))
    assert "more than 4; the others were not looked at" in [problem.message for problem in images[0].problems]


def test_their_documents_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "_MOST_BYTES", 3000)
    memory = Memory()
    main, _ = memory.image(LAYERS)
    for number in range(4):
        memory.put({"note": f"{number}" * 1000}, "application/json")
    (image,), _ = contents(LayoutSource("x", str(write_layout(tmp_path, memory, index(main)))))
    assert kinds(image).count(LEGACY) == 2
    assert all(problem.part.startswith("unreferenced blob sha256:") for problem in image.problems)
    assert len(image.problems) == 2


def test_odd_names_are_no_blobs(tmp_path: Path) -> None:
    memory = Memory()
    main, _ = memory.image(LAYERS)
    folder = write_layout(tmp_path, memory, index(main))
    (folder / "blobs/sha256/short").write_bytes(OLD)
    (folder / f"blobs/sha256/{'a' * 64}").mkdir()
    (folder / f"blobs/sha256/{'b' * 64}").symlink_to("/etc/passwd")
    assert len(contents(LayoutSource("x", str(folder)))[0]) == 1
