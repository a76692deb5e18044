"""Archives of images, from a file and as they pass: every layout that engines and tools write."""

from __future__ import annotations

import gzip
import json
import os
import tarfile
from pathlib import Path

import pytest

from auditor.sources.images.archive import open_archive
from auditor.sources.images.model import (
    ATTESTATION,
    CONFIG,
    INDEX,
    LEGACY,
    MANIFEST,
    SourceError,
)
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
    read_all,
    saved_files,
    several,
    sha,
    without_end,
)


def test_saved_by_an_old_engine(read: Read) -> None:
    (image,), (layers,) = read(archive_of(saved_files(LAYERS)))
    assert layers == LAYERS
    assert kinds(image) == [MANIFEST, CONFIG, LEGACY, LEGACY, LEGACY]
    assert [layer.diff_id for layer in image.layers] == [sha(layer) for layer in LAYERS]
    assert [layer.digest for layer in image.layers] == ["", "", ""]
    assert image.digest == sha(image.documents[1].data)
    assert (image.name, image.platform) == ("x", "linux/amd64")
    assert not image.problems


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_layers_that_are_links(read: Read, kind: bytes) -> None:
    """Engine 20.10 writes a layer once, and links to it."""
    files = saved_files([LAYERS[0], LAYERS[1]])
    first, second = [name for name in files if name.endswith("layer.tar")]
    del files[second]
    target = first if kind == tarfile.LNKTYPE else f"../{first}"
    (image,), (layers,) = read(archive_of(files, {second: target}, kind=kind))
    assert layers == [LAYERS[0], LAYERS[0]]
    assert image.layers[0].key == image.layers[1].key
    assert not image.problems


def test_saved_by_podman(read: Read) -> None:
    """The list names the files; the folders of layers have links to them."""
    files = saved_files(LAYERS)
    listed = json.loads(files["manifest.json"])
    names = listed[0]["Layers"]
    links = {name: f"../{number}.tar" for number, name in enumerate(names)}
    listed[0]["Layers"] = [f"{number}.tar" for number in range(3)]
    moved = {links[name][3:] if name in links else name: data for name, data in reversed(files.items())}
    moved["manifest.json"] = json.dumps(listed).encode()
    (image,), (layers,) = read(archive_of(moved, links))
    assert layers == LAYERS
    legacy = [document.name for document in image.documents if document.kind == LEGACY]
    assert legacy == [name.replace("layer.tar", "json") for name in names]
    assert not image.problems


def test_links_that_lead_nowhere(read: Read) -> None:
    files = saved_files([LAYERS[0], LAYERS[1], LAYERS[2]])
    names = [name for name in files if name.endswith("layer.tar")]
    for name in names[1:]:
        del files[name]
    data = archive_of(files, {names[1]: f"../{names[2]}", names[2]: f"../{names[1]}", "a": "../../../../etc/passwd"})
    with pytest.raises(SourceError, match="is missing"):
        read(data)


def test_blobs_of_a_newer_engine(read: Read) -> None:
    """Engine 25 writes an OCI layout with plain layers, and manifest.json beside it: one image."""
    memory = Memory()
    template, manifest = memory.image([])
    del memory.blobs[template["digest"]]
    for layer in LAYERS:
        manifest["layers"].append(memory.put(layer, "application/vnd.oci.image.layer.v1.tar"))
    config = json.loads(memory.blobs.pop(manifest["config"]["digest"]))
    config["rootfs"]["diff_ids"] = [sha(layer) for layer in LAYERS]
    manifest["config"] = memory.put(config, manifest["config"]["mediaType"])
    entry = memory.put(manifest, manifest["mediaType"], annotations={"io.containerd.image.name": "host.example/app:1"})
    files = layout_files(memory, index(entry))
    paths = [f"blobs/sha256/{sha(layer)[7:]}" for layer in LAYERS]
    listed = [{"Config": f"blobs/sha256/{manifest['config']['digest'][7:]}", "RepoTags": ["app:1"], "Layers": paths}]
    files["manifest.json"] = json.dumps(listed).encode()
    (image,), (layers,) = read(archive_of(files))
    assert layers == LAYERS
    assert image.digest == entry["digest"]
    assert kinds(image) == [INDEX, MANIFEST, CONFIG]
    assert not image.problems
    del files["index.json"]
    (image,), (layers,) = read(archive_of(files))
    assert layers == LAYERS
    assert image.digest == manifest["config"]["digest"]
    assert [layer.digest for layer in image.layers] == [sha(layer) for layer in LAYERS]


def test_containerd_lists_platforms_that_it_does_not_have(read: Read) -> None:
    memory = Memory()
    here, manifest = memory.image(LAYERS, platform={"os": "linux", "architecture": "amd64"})
    there, gone = memory.image([layer_tar(content=b"?")], platform={"os": "linux", "architecture": "s390x"})
    about = memory.attestation(here["digest"], {"arg": "TOKEN"})
    for one in (there, gone["config"], *gone["layers"]):
        del memory.blobs[one["digest"]]
    files = layout_files(memory, index(here, there, about))
    oci = archive_of(files)
    (image,), _ = read(oci)
    assert [there["digest"] in problem.part for problem in image.problems] == [True]
    paths = [f"blobs/{layer['digest'].replace(':', '/')}" for layer in manifest["layers"]]
    config = f"blobs/{manifest['config']['digest'].replace(':', '/')}"
    files["manifest.json"] = json.dumps([{"Config": config, "RepoTags": None, "Layers": paths}]).encode()
    (image,), (layers,) = read(archive_of(files))
    assert [gzip.decompress(layer) for layer in layers] == LAYERS
    assert any(b"TOKEN" in document.data for document in image.documents if document.kind == ATTESTATION)
    assert not image.problems


def test_manifest_json_with_gzip_blobs(read: Read) -> None:
    """As buildx writes it with type=docker."""
    files = saved_files(
        [gzip.compress(layer) for layer in LAYERS], config={"rootfs": {"diff_ids": list(map(sha, LAYERS))}}
    )
    (image,), (layers,) = read(archive_of(files))
    assert [gzip.decompress(layer) for layer in layers] == LAYERS
    assert [layer.diff_id for layer in image.layers] == [sha(layer) for layer in LAYERS]


def test_oci_archive(read: Read) -> None:
    memory = Memory()
    entry, _ = memory.image(LAYERS, annotations={"org.opencontainers.image.ref.name": "v1"})
    data = archive_of({f"./{name}": content for name, content in layout_files(memory, index(entry)).items()})
    for tag in ("", "v1", entry["digest"]):
        (image,), (layers,) = read(data, tag)
        assert [gzip.decompress(layer) for layer in layers] == LAYERS
        assert not image.problems
    with pytest.raises(SourceError, match="no image v2 in it; there are v1"):
        read(data, "v2")


def test_several_images_and_tags(read: Read) -> None:
    images, layers = read(several())
    assert [image.name for image in images] == ["x (app:1)", "x (host.example:5000/team/app:2)"]
    assert layers == [LAYERS[:1], LAYERS[:2]]
    for tag in ("2", "host.example:5000/team/app:2", "app:2"):
        (image,), _ = read(several(), tag)
        assert (image.name, len(image.layers)) == ("x", 2)
    with pytest.raises(SourceError, match=r"no image app:3 in it; there are app:1, host"):
        read(several(), "app:3")


def test_platforms(read: Read) -> None:
    (image,), _ = read(several(), "", "linux/arm64")
    assert image.platform == "linux/arm64"
    with pytest.raises(SourceError, match="no image for linux/386; there are images for linux/amd64, linux/arm64"):
        read(several(), "", "linux/386")


def test_names_are_normal_ones_for_looking_up(read: Read) -> None:
    files = {f"/.././/{name}": content for name, content in saved_files(LAYERS).items()}
    (image,), (layers,) = read(archive_of(files))
    assert layers == LAYERS
    assert not image.problems


def test_last_member_of_a_name_counts(tmp_path: Path) -> None:
    files = saved_files(LAYERS[:1])
    name = next(name for name in files if name.endswith("layer.tar"))
    data = without_end(archive_of({name: layer_tar(content=b"first")})) + archive_of(files)
    path = tmp_path / "a.tar"
    path.write_bytes(data)
    with open_archive("x", str(path)) as source:
        (image,), (layers,) = contents(source)
    assert layers == LAYERS[:1]
    assert [problem.part for problem in image.problems] == [name]


def test_long_names(read: Read) -> None:
    files = saved_files(LAYERS)
    deep = "d" * 90 + "/" + "e" * 90 + "/"
    listed = json.loads(files.pop("manifest.json"))
    listed[0]["Layers"] = [deep + name for name in listed[0]["Layers"]]
    moved = {(deep + name if "/" in name else name): content for name, content in files.items()}
    moved["manifest.json"] = json.dumps(listed).encode()
    (image,), (layers,) = read(archive_of(moved))
    assert layers == LAYERS
    assert kinds(image).count(LEGACY) == 3


def test_windows_have_positions_of_their_own_in_forked_processes(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(archive_of(saved_files(LAYERS)))
    with open_archive("x", str(path)) as source:
        (image,) = source.images()
        one, two = image.open(image.layers[0]), image.open(image.layers[0])
        assert one.read(100) == two.read(100) == LAYERS[0][:100]
        child = os.fork()
        if child == 0:
            os._exit(0 if read_all(image.open(image.layers[1])) == LAYERS[1] else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert one.read(10) == LAYERS[0][100:110]
