"""Archives that do not say which images they hold: very old ones, and those that end before they would."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Sequence

import pytest

from auditor.sources.images.model import (
    LEGACY,
    Image,
    SourceError,
)
from auditor.sources.images.passing import PassingArchive
from tests.sources.images.layouts import (
    LAYERS,
    Memory,
    Read,
    archive_of,
    kinds,
    layer_tar,
    layout_files,
    saved_files,
    sha,
    without_end,
)


def test_archive_of_the_time_before_manifests(read: Read) -> None:
    files = saved_files(LAYERS)
    top = [name for name in files if name.endswith("/json")][-1].partition("/")[0]
    for name in [name for name in files if name.endswith(".json")]:
        del files[name]
    files["repositories"] = json.dumps({"app": {"1": top}}).encode()
    (image,), (layers,) = read(archive_of(dict(reversed(files.items()))))
    assert layers == LAYERS
    assert kinds(image) == [LEGACY] * 3
    assert image.config["id"] == top
    assert not image.problems


def test_parents_in_a_circle_end(read: Read) -> None:
    files = {f"{name}/json": json.dumps({"parent": "b" if name == "a" else "a"}).encode() for name in "ab"}
    files |= {f"{name}/layer.tar": LAYERS[0] for name in "ab"}
    (image,), layers = read(archive_of({**files, "c/json": b'{"parent": "a"}', "c/layer.tar": LAYERS[1]}))
    assert len(layers[0]) == 3
    assert image.problems


@pytest.mark.parametrize("share", [0.35, 0.7, 0.9])
def test_truncated_archive_gives_what_is_left(read: Read, share: float) -> None:
    whole = archive_of(saved_files([layer_tar(f"f{number}", bytes(3000)) for number in range(6)]))
    (image,), _ = _tolerant(read, whole[: int(len(whole) * share)])
    assert image.layers
    messages = [problem.message for problem in image.problems]
    assert any("truncated" in message for message in messages)
    assert "it does not say which images it holds; this is what is left" in messages


def _tolerant(read: Read, data: bytes) -> tuple[Sequence[Image], list[list[bytes]]]:
    """The images only, where a layer is truncated as well."""
    try:
        return read(data)
    except SourceError as error:
        assert "truncated" in str(error)
        source = PassingArchive("x", io.BytesIO(data))
        for _ in source.passing():
            pass
        return source.images(), []


def test_truncated_oci_archive_keeps_its_manifest(read: Read) -> None:
    memory = Memory()
    memory.image(LAYERS)
    data = archive_of({name: content for name, content in layout_files(memory, b"").items() if "blobs" in name})
    (image,), (layers,) = read(without_end(data))
    assert [gzip.decompress(layer) for layer in layers] == LAYERS
    assert [layer.diff_id for layer in image.layers] == [sha(layer) for layer in LAYERS]
    assert image.problems
