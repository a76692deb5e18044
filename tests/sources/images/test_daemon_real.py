"""Real engines: the same bytes from the disk as from the export, for images loaded and built on the spot."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.sources.images import daemon
from auditor.sources.images.buildcache import open_build_cache
from auditor.sources.images.daemon import open_daemon
from auditor.sources.images.exported import ExportSource, KeptSource
from auditor.sources.images.model import CONFIG, Image, PassingSource, Source
from auditor.sources.images.overlay import OverlayImage
from auditor.sources.images.target import DOCKER, parse_target
from tests.realbuilders import Podman
from tests.realparts import BUILDKIT, LEGACY, DockerEngine
from tests.sources.images.engines import saved
from tests.sources.images.stores import config_with

BASE, BUILT = f"audit-test-base-{os.getpid()}:1", f"audit-test-{os.getpid()}:1"
pytestmark = pytest.mark.real


def layer(*members: tuple[str, bytes, str], tail: bytes = b"") -> bytes:
    """A layer's tar: members are (name, type letter, content or link)."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "by hand"}) as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.uname, member.mode = kind, "alice", 0o755 if kind == tarfile.DIRTYPE else 0o600
            if kind == tarfile.REGTYPE:
                member.size = len(content)
            else:
                member.linkname = content
            archive.addfile(member, io.BytesIO(content.encode()))
    return made.getvalue() + tail


LAYERS = [
    layer(
        ("etc", tarfile.DIRTYPE, ""),
        ("etc/token", tarfile.REGTYPE, "first"),
        ("etc/twice", tarfile.LNKTYPE, "etc/token"),
        ("etc/empty", tarfile.REGTYPE, ""),
        ("old", tarfile.DIRTYPE, ""),
        ("old/key", tarfile.REGTYPE, "second" * 5000),
        ("lib", tarfile.SYMTYPE, "etc"),
        ("outside", tarfile.SYMTYPE, "/etc/passwd"),
    ),
    layer(
        ("etc", tarfile.DIRTYPE, ""),
        ("etc/.wh.token", tarfile.REGTYPE, ""),
        ("old", tarfile.DIRTYPE, ""),
        ("old/.wh..wh..opq", tarfile.REGTYPE, ""),
        ("old/\u00e9", tarfile.REGTYPE, "third"),
        tail=b"behind the end".ljust(512, b"\0"),
    ),
]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """What is built: two files upon the image that is loaded."""
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "token").write_text("fourth")
    (folder / "Dockerfile").write_text(
        f"FROM {BASE}\nARG WHO=me\nENV A=1\nCOPY token /etc/token\nCOPY token /lib/new\n"
    )
    (tmp_path / "base.tar").write_bytes(saved(config_with(LAYERS), LAYERS, BASE))
    return folder


@pytest.fixture
def loaded(overlay2: DockerEngine, context: Path) -> Iterator[DockerEngine]:
    overlay2("load", "-i", str(context.parent / "base.tar"))
    try:
        yield overlay2
    finally:
        overlay2("rmi", BASE)


@pytest.fixture(params=[LEGACY, BUILDKIT], ids=["legacy", "buildkit"])
def built(request: pytest.FixtureRequest, loaded: DockerEngine, context: Path) -> Iterator[str]:
    """The target of an image that was built."""
    loaded.build(context, "-t", BUILT, builder=request.param)
    try:
        yield f"docker:{BUILT}"
    finally:
        loaded("rmi", BUILT)


@pytest.fixture
def served(podman: Podman, context: Path) -> str:
    """The target of an image that was built in podman's storage."""
    podman("load", "-i", str(context.parent / "base.tar"))
    dockerfile = (context / "Dockerfile").read_text().replace(BASE, f"localhost/{BASE}")
    (context / "Dockerfile").write_text(dockerfile)
    podman("build", "-t", BUILT, str(context))
    return f"podman:localhost/{BUILT}"


def contents(data: bytes) -> set[tuple[str, str, str]]:
    """Path, type and digest of the content of everything in a tar."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {
            (member.name, member.type.decode(), hashlib.sha256(file.read() if file else b"").hexdigest())
            for member in archive
            for file in (archive.extractfile(member) if member.isreg() else None,)
        }


def delivered(source: Source) -> tuple[Image, list[bytes]]:
    """The one image, and its layers, base first."""
    passed = {key: blob.read() for key, blob in source.passing()} if isinstance(source, PassingSource) else {}
    [image] = source.images()
    layers = []
    for one in image.layers:
        if passed:
            layers.append(passed[one.key])
            continue
        with image.open(one) as stream:
            layers.append(stream.read())
    return image, layers


def both_ways(target: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Image, list[bytes]]:
    with open_daemon(parse_target(target)) as source:
        assert isinstance(source, KeptSource)
        kept, layers = delivered(source)
    monkeypatch.setattr(daemon, "kept_image", lambda record: None)
    with open_daemon(parse_target(target)) as source:
        assert isinstance(source, ExportSource)
        [described] = source.described()
        exported, other = delivered(source)
    assert [contents(one) for one in layers] == [contents(one) for one in other]
    assert layers == other
    diff_ids = ["sha256:" + hashlib.sha256(one).hexdigest() for one in layers]
    for image in (kept, exported, described):
        assert [one.diff_id for one in image.layers] == diff_ids
        assert image.problems == []
        assert image.digest == kept.digest
    configs = [[document.data for document in image.documents if document.kind == CONFIG] for image in (kept, exported)]
    assert configs[0] == configs[1]
    assert history(described) == history(kept)
    return kept, layers


def history(image: Image) -> list[tuple[str, bool]]:
    entries = image.config["history"]
    assert isinstance(entries, list)
    return [(entry.get("created_by", "").strip(), entry.get("empty_layer", False)) for entry in entries]


@pytest.mark.xdist_group("docker")
def test_disk_and_export_of_docker(built: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image, layers = both_ways(built, monkeypatch)
    assert layers[:2] == LAYERS
    assert len(layers) == 4
    assert [empty for _, empty in history(image)].count(False) == 4


@pytest.mark.xdist_group("podman")
def test_disk_and_export_of_podman(served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, layers = both_ways(served, monkeypatch)
    assert len(layers) >= 3
    assert {path for path, _, _ in contents(layers[1])} == {path for path, _, _ in contents(LAYERS[1])}


@pytest.mark.xdist_group("docker")
def test_build_cache_of_docker(loaded: DockerEngine, context: Path) -> None:
    (context / "Dockerfile").write_text(f"FROM {BASE}\nLABEL audit-test=untagged\n")
    identity = loaded.build(context, "-q", builder=LEGACY).strip()
    try:
        with open_build_cache(DOCKER) as source:
            [image] = [image for image in source.images() if image.digest == identity]
            assert isinstance(image, OverlayImage)
            assert b"audit-test" in image.documents[0].data
            assert any(image.name == "build cache" for image in source.images())
    finally:
        loaded("rmi", identity)
