"""What can be wrong with an archive of images: an error or a problem names it, and all else is still there."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.sources.images import bundled, members
from auditor.sources.images.archive import open_archive
from auditor.sources.images.model import (
    SourceError,
)
from auditor.sources.images.passing import PassingArchive
from tests.sources.images.layouts import (
    LAYERS,
    Read,
    archive_of,
    contents,
    layer_tar,
    read_all,
    saved_files,
    several,
)


def test_truncated_layer_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    data = archive_of(saved_files(LAYERS))
    at = data.index(LAYERS[2])
    path = tmp_path / "cut.tar"
    path.write_bytes(data[: at + 700])
    with open_archive("x", str(path)) as source:
        (image,) = source.images()
        stream = image.open(image.layers[-1])
        assert stream.read(700) == LAYERS[2][:700]
        with pytest.raises(SourceError, match="truncated"):
            stream.read(1)


def test_missing_layer_names_it(tmp_path: Path) -> None:
    files = saved_files(LAYERS)
    name = next(name for name in files if name.endswith("layer.tar"))
    del files[name]
    path = tmp_path / "a.tar"
    path.write_bytes(archive_of(files))
    with open_archive("x", str(path)) as source:
        (image,) = source.images()
        assert [problem.message for problem in image.problems] == [f"{name} is missing"]
        with pytest.raises(SourceError, match=f"{name} is missing"):
            image.open(image.layers[0])
        assert read_all(image.open(image.layers[1])) == LAYERS[1]


def test_missing_and_wrong_config(read: Read) -> None:
    files = saved_files(LAYERS)
    config = next(name for name in files if name.endswith(".json"))
    (image,), (layers,) = read(archive_of({**files, config: b'{"rootfs": {"diff_ids": []}, "a": 1}'}))
    messages = [problem.message for problem in image.problems]
    assert any("another digest" in message for message in messages)
    assert any("lists 0 layers" in message for message in messages)
    assert layers == LAYERS
    del files[config]
    (image,), (layers,) = read(archive_of(files))
    assert [problem.message for problem in image.problems] == [f"{config} is missing"]
    assert layers == LAYERS


def test_index_that_is_broken_beside_a_manifest_that_is_not(read: Read) -> None:
    (image,), (layers,) = read(archive_of({**saved_files(LAYERS), "index.json": b"{"}))
    assert layers == LAYERS
    assert any("malformed JSON" in problem.message for problem in image.problems)


def test_hostile_manifests(read: Read) -> None:
    for value in ([], {}, [1], [{"Layers": 3}], [{"Config": "../../etc/passwd", "Layers": ["/etc/shadow", 7]}], "x"):
        files = {"manifest.json": json.dumps(value).encode(), "other": b"text"}
        try:
            images, _ = read(archive_of(files))
        except SourceError as error:
            assert str(error)
        else:
            assert images[0].problems


@pytest.mark.parametrize(
    "data", [b"", b"hello", bytes(2000), b"\x1f\x8b\x08\x00broken", b"{}" * 400, b"\xfd7zXZ\0" + b"x" * 50]
)
def test_what_is_no_archive(read: Read, data: bytes) -> None:
    with pytest.raises(SourceError):
        read(data)


def test_empty_file(read: Read) -> None:
    with pytest.raises(SourceError, match="it is empty"):
        read(b"")


def test_other_tars_are_told_so(read: Read) -> None:
    with pytest.raises(SourceError, match=r"no manifest\.json and no index\.json"):
        read(layer_tar())


def test_members_are_bounded(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST_MEMBERS", 3)
    with pytest.raises(SourceError, match="more than 3 members"):
        read(archive_of({f"f{number}": b"x" for number in range(9)}))


def test_images_are_bounded(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "_MOST_IMAGES", 1)
    images, _ = read(several())
    assert len(images) == 1
    assert any("more than 1 images" in problem.message for problem in images[0].problems)


def test_file_that_cannot_be_opened(tmp_path: Path) -> None:
    for path in (str(tmp_path / "none"), str(tmp_path)):
        with pytest.raises(SourceError, match="cannot be read"), open_archive("x", path) as source:
            contents(source)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))
def test_damaged_archives_give_images_or_an_error(tmp_path: Path, damages: list[tuple[int, bytes]]) -> None:
    data = bytearray(archive_of(saved_files(LAYERS)))
    for place, change in damages:
        place %= len(data)
        data[place : place + len(change)] = change
    path = tmp_path / "a.tar"
    path.write_bytes(data)
    found = []
    for source in (open_archive("x", str(path)), PassingArchive("x", io.BytesIO(data))):
        with source:
            try:
                images, layers = contents(source)
            except SourceError as error:
                found.append(str(error))
            else:
                found.append(repr([image.layers for image in images]) + repr(layers))
    assert found[0] == found[1] or "missing" in found[0] + found[1] or "truncated" in found[0] + found[1]
