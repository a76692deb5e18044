"""Manifests and indexes that are broken, endless or lie: a problem or an error, and all else is still there."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.images import fields
from auditor.sources.images.manifests import images_of
from auditor.sources.images.model import CONFIG, MANIFEST, SourceError
from tests.sources.images.layouts import (
    CONFIG_TYPE,
    IN_TOTO,
    INDEX_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    Memory,
    index,
    kinds,
    layer_tar,
)

ARM = {"architecture": "arm64", "os": "linux", "variant": "v8"}
AMD = {"architecture": "amd64", "os": "linux"}
KEYS = "manifests layers config digest mediaType size annotations platform subject rootfs diff_ids blobs".split()


def test_index_that_lists_itself_ends() -> None:
    """No digest fits itself; a place that does not verify could be told so all the same."""
    memory = Memory()
    main, _ = memory.image()
    loop = "sha256:" + "1" * 64
    memory.blobs[loop] = index({"digest": loop, "mediaType": INDEX_TYPE}, main)
    images = images_of("x", memory, index({"digest": loop, "mediaType": INDEX_TYPE}))
    assert [image.digest for image in images] == [main["digest"]]
    assert "another digest" in images[0].problems[0].message


def test_deep_nesting_is_bounded() -> None:
    memory = Memory()
    main, _ = memory.image()
    entry = main
    for _ in range(20):
        entry = memory.put(index(entry), INDEX_TYPE)
    with pytest.raises(SourceError, match="nested deeper than 8"):
        images_of("x", memory, index(entry))
    image = images_of("x", memory, index(main, entry))[0]
    assert any("nested deeper" in problem.message for problem in image.problems)


def test_many_entries_are_bounded() -> None:
    memory = Memory()
    main, _ = memory.image()
    bad = [{"digest": f"sha256:{number:064x}", "mediaType": MANIFEST_TYPE, "platform": ARM} for number in range(10_100)]
    image, *_ = images_of("x", memory, index(main, *bad), platform="linux/amd64")
    assert any("more than 10,000 manifests" in problem.message for problem in image.problems)


def test_missing_manifest_is_a_problem_but_not_where_platforms_are_left_out() -> None:
    memory = Memory()
    main, _ = memory.image(platform=AMD)
    gone, _ = memory.image([layer_tar(content=b"gone")], platform=ARM, config=ARM)
    del memory.blobs[gone["digest"]]
    (image,) = images_of("x", memory, index(main, gone))
    assert [gone["digest"] in problem.part for problem in image.problems] == [True]
    (image,) = images_of("x", memory, index(main, gone), sparse=True)
    assert not image.problems
    with pytest.raises(SourceError, match="is missing"):
        images_of("x", memory, index(gone), sparse=True)


def test_missing_and_malformed_config() -> None:
    memory = Memory()
    _, manifest = memory.image()
    data = json.dumps(manifest).encode()
    del memory.blobs[manifest["config"]["digest"]]
    (image,) = images_of("x", memory, data)
    assert (image.config, len(image.layers), image.layers[0].diff_id) == ({}, 1, "")
    assert image.problems[0].part.startswith("config sha256:")
    memory.blobs[manifest["config"]["digest"]] = b"[" * 100_000
    (image,) = images_of("x", memory, data)
    assert kinds(image) == [MANIFEST, CONFIG]
    assert [problem.message for problem in image.problems][1] == "nested too deeply"


def test_config_with_another_digest_is_read_all_the_same() -> None:
    memory = Memory()
    _, manifest = memory.image()
    memory.blobs[manifest["config"]["digest"]] = b'{"config": {"Env": ["CHANGED=1"]}}'
    (image,) = images_of("x", memory, json.dumps(manifest).encode())
    assert image.config["config"] == {"Env": ["CHANGED=1"]}
    assert any("another digest" in problem.message for problem in image.problems)


def test_embedded_data_replaces_a_missing_blob() -> None:
    memory = Memory()
    _, manifest = memory.image()
    digest = manifest["config"]["digest"]
    manifest["config"]["data"] = base64.b64encode(memory.blobs.pop(digest)).decode()
    (image,) = images_of("x", memory, json.dumps(manifest).encode())
    assert image.config["architecture"] == "amd64"
    assert not image.problems


def test_layers_and_diff_ids_of_different_number() -> None:
    memory = Memory()
    _, manifest = memory.image([layer_tar(), layer_tar(content=b"2")])
    manifest["layers"].pop()
    (image,) = images_of("x", memory, json.dumps(manifest).encode())
    assert [layer.diff_id for layer in image.layers] == [""]
    assert [problem.message for problem in image.problems] == ["it lists 2 layers, the manifest 1"]


def test_foreign_layer_says_so() -> None:
    memory = Memory()
    _, manifest = memory.image()
    manifest["layers"][0]["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    del memory.blobs[manifest["layers"][0]["digest"]]
    (image,) = images_of("x", memory, json.dumps(manifest).encode())
    with pytest.raises(SourceError, match="may not be distributed"):
        image.open(image.layers[0])


def test_lying_media_types() -> None:
    memory = Memory()
    _, manifest = memory.image()
    manifest["layers"][0]["mediaType"] = "application/json"
    entry = memory.put(manifest, INDEX_TYPE)
    (image,) = images_of("x", memory, index(entry))
    assert len(image.layers) == 1
    assert not image.problems


def test_manifest_that_an_index_calls_a_layer() -> None:
    memory = Memory()
    entry, manifest = memory.image()
    entry["mediaType"] = LAYER_TYPE
    (image,) = images_of("x", memory, index(entry))
    assert image.digest == entry["digest"]
    image, other = images_of("x", memory, index(entry, manifest["layers"][0]))
    assert image.digest == entry["digest"]
    assert [layer.digest for layer in other.layers] == [manifest["layers"][0]["digest"]]


def test_image_that_says_it_is_about_another() -> None:
    """It is read as an image all the same, also where the other one is not asked for."""
    memory = Memory()
    other, _ = memory.image([layer_tar(content=b"other")], config=ARM, platform=ARM)
    _, manifest = memory.image()
    entry = memory.put({**manifest, "subject": other}, MANIFEST_TYPE, platform=AMD)
    (image,) = images_of("x", memory, index(other, entry), platform="linux/amd64")
    assert image.digest == entry["digest"]
    assert image.config["architecture"] == "amd64"


def test_schema_1_is_refused_clearly() -> None:
    root = json.dumps({"schemaVersion": 1, "fsLayers": [{"blobSum": "sha256:" + "0" * 64}], "history": []}).encode()
    with pytest.raises(SourceError, match="schema 1 is not supported"):
        images_of("x", Memory(), root)


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        (b"", "malformed JSON"),
        (b"<html>", "malformed JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "neither an index nor a manifest"),
        (b'{"manifests": {}}', "neither an index nor a manifest"),
        (b'{"manifests": []}', "there is no image in it"),
        (b'{"manifests": [1, null, {"digest": 3}]}', "of its entries have no digest"),
        (b'{"manifests": [{"digest": "sha256:../../../etc/passwd"}]}', "of its entries have no digest"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"manifests":' + b"[" * 200_000, "nested too deeply"),
        (b"[" + b"{}," * 1_000_001 + b"{}]", "more than 1,000,000 values"),
        (b'{"size": ' + b"9" * 5000 + b"}", "malformed JSON"),
    ],
)
def test_roots_that_hold_no_image(root: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        images_of("x", Memory(), root)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.just("sha256:" + "a" * 64),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(json_values, json_values, json_values)
def test_any_json_gives_images_or_an_error(root: object, manifest: object, config: object) -> None:
    memory = Memory()
    memory.blobs["sha256:" + "a" * 64] = json.dumps(config).encode()
    entry = memory.put(json.dumps(manifest).encode(), MANIFEST_TYPE)
    value = {"manifests": [entry, root]} if not isinstance(root, dict) else {**root, "manifests": [entry]}
    try:
        images = images_of("x", memory, json.dumps(value).encode())
    except SourceError:
        return
    assert images
    for image in images:
        assert all(layer.key == layer.digest for layer in image.layers)


def test_documents_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.sources.images.documents.MOST_KEPT", 1200)
    memory = Memory()
    main, _ = memory.image()
    big = memory.put(json.dumps({"a": "b" * 1000}).encode(), IN_TOTO)
    manifest = memory.put({"config": memory.put({}, CONFIG_TYPE), "layers": [big], "subject": main}, MANIFEST_TYPE)
    (image, *_) = images_of("x", memory, index(main, manifest))
    assert any("together exceed" in problem.message for problem in image.problems)


@given(st.text(max_size=30))
def test_names_can_be_printed(name: str) -> None:
    assert fields.text(json.loads(json.dumps({"a": name + "\ud800"})), "a").encode()
