"""Layouts and archives as skopeo writes them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from auditor.sources.images.model import CONFIG
from auditor.sources.images.target import open_source, parse_target
from tests.realparts import SKOPEO, skopeo_copy
from tests.sources.images.layouts import LAYERS, REF_NAME, Memory, contents, index, kinds, sha, write_layout

pytestmark = SKOPEO


@pytest.mark.parametrize(
    "form", ["oci:{0}/copy:v1", "oci-archive:{0}/copy.tar:v1", "docker-archive:{0}/copy.tar:app:v1"]
)
def test_copies_of_skopeo(tmp_path: Path, form: str) -> None:
    memory = Memory()
    entry, _ = memory.image(LAYERS, annotations={REF_NAME: "v1"})
    layout = write_layout(tmp_path / "layout", memory, index(entry))
    copy = form.format(tmp_path)
    skopeo_copy(f"oci:{layout}:v1", copy)
    with open_source(parse_target(copy)) as source:
        (image,), (layers,) = contents(source)
    assert not image.problems
    assert CONFIG in kinds(image)
    assert [layer.diff_id for layer in image.layers] == [sha(layer) for layer in LAYERS]
    assert [gzip.decompress(layer) if layer[:2] == b"\x1f\x8b" else layer for layer in layers] == LAYERS
