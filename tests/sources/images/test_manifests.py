"""Images out of manifests and indexes: everything that is there, and a problem for what is not."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from auditor.sources.images.manifests import attach, images_of
from auditor.sources.images.model import ATTESTATION, CACHE, CONFIG, INDEX, MANIFEST, SourceError
from tests.sources.images.layouts import (
    CONFIG_TYPE,
    INDEX_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    REF_NAME,
    Memory,
    index,
    kinds,
    layer_tar,
    read_all,
    sha,
)

ARM = {"architecture": "arm64", "os": "linux", "variant": "v8"}
AMD = {"architecture": "amd64", "os": "linux"}


def named(memory: Memory, name: str, content: bytes = b"x", **more: Any) -> dict[str, Any]:
    return memory.image([layer_tar(content=content)], annotations={REF_NAME: name}, **more)[0]


def test_manifest_alone() -> None:
    memory = Memory()
    layers = [layer_tar(), layer_tar("app/run", b"#!/bin/sh\n")]
    _, manifest = memory.image(layers)
    data = json.dumps(manifest).encode()
    (image,) = images_of("x", memory, data, digest=sha(data))
    assert (image.name, image.digest, image.platform) == ("x", sha(data), "linux/amd64")
    assert kinds(image) == [MANIFEST, CONFIG]
    assert image.config["config"] == {"Env": ["A=b"]}
    assert [layer.diff_id for layer in image.layers] == [sha(layer) for layer in layers]
    assert [layer.number for layer in image.layers] == [0, 1]
    assert [gzip.decompress(read_all(image.open(layer))) for layer in image.layers] == layers
    assert image.layers[0].media_type == LAYER_TYPE
    assert not image.problems


def test_same_blob_twice_has_one_key() -> None:
    memory = Memory()
    root = json.dumps(memory.image([layer_tar(), layer_tar()])[1]).encode()
    (image,) = images_of("x", memory, root)
    assert len(image.layers) == 2
    assert image.layers[0].key == image.layers[1].key


def test_index_of_platforms() -> None:
    memory = Memory()
    arm, _ = memory.image([layer_tar(content=b"arm")], config=ARM, platform=ARM)
    amd, _ = memory.image([layer_tar(content=b"amd")], platform=AMD)
    root = index(arm, amd)
    assert [image.platform for image in images_of("x", memory, root)] == ["linux/arm64/v8", "linux/amd64"]
    assert [image.platform for image in images_of("x", memory, root, platform="all")] == [
        "linux/arm64/v8",
        "linux/amd64",
    ]
    for wanted in ("linux/arm64", "linux/arm64/v8", "arm64", "linux/aarch64"):
        (image,) = images_of("x", memory, root, platform=wanted)
        assert (image.name, image.platform) == ("x", "linux/arm64/v8")
        assert kinds(image) == [INDEX, MANIFEST, CONFIG]
    with pytest.raises(
        SourceError, match=r"no image for linux/s390x; there are images for linux/amd64, linux/arm64/v8"
    ):
        images_of("x", memory, root, platform="linux/s390x")


def test_other_platforms_are_not_even_read() -> None:
    memory = Memory()
    arm, _ = memory.image([layer_tar(content=b"arm")], config=ARM, platform=ARM)
    amd, _ = memory.image([layer_tar(content=b"amd")], platform=AMD)
    about = memory.attestation(arm["digest"], {"of": "arm"})
    images_of("x", memory, index(arm, amd, about), platform="linux/amd64")
    assert arm["digest"] not in memory.asked
    assert about["digest"] not in memory.asked


def test_platform_of_the_config_counts_where_the_index_says_nothing() -> None:
    memory = Memory()
    arm, _ = memory.image([layer_tar(content=b"arm")], config=ARM)
    amd, _ = memory.image([layer_tar(content=b"amd")])
    (image,) = images_of("x", memory, index(arm, amd), platform="linux/arm64")
    assert image.digest == arm["digest"]


def test_attestations_belong_to_their_image() -> None:
    memory = Memory()
    arm, _ = memory.image([layer_tar(content=b"arm")], config=ARM, platform=ARM)
    amd, _ = memory.image([layer_tar(content=b"amd")], platform=AMD)
    about = [memory.attestation(entry["digest"], {"about": entry["digest"]}) for entry in (arm, amd)]
    images = images_of("x", memory, index(arm, amd, *about))
    assert len(images) == 2
    for image in images:
        told = [document.data for document in image.documents if document.kind == ATTESTATION]
        assert json.dumps({"about": image.digest}).encode() in told
        assert kinds(image).count(CONFIG) == 1
        assert not image.problems


def test_attestation_of_a_missing_image_stands_alone() -> None:
    memory = Memory()
    about = memory.attestation("sha256:" + "0" * 64, {"build": "args"})
    (image,) = images_of("x", memory, index(about))
    assert any(b"args" in document.data for document in image.documents)


def test_artifacts_with_a_subject() -> None:
    memory = Memory()
    main, _ = memory.image()
    blob = memory.put({"spdx": "yes"}, "text/spdx+json")
    odd = memory.put(b'  {"no": "json by its type"}', "application/octet-stream")
    packed = memory.put(gzip.compress(b"whatever"), "application/gzip")
    sbom = {"schemaVersion": 2, "artifactType": "a/b", "subject": main, "layers": [blob, odd, packed]}
    sbom["config"] = memory.put({}, "application/vnd.oci.empty.v1+json")
    entry = memory.put(sbom, MANIFEST_TYPE)
    image, other = images_of("x", memory, index(main, entry))
    told = [document.data for document in image.documents if document.kind == ATTESTATION]
    assert b'{"spdx": "yes"}' in told
    assert b'  {"no": "json by its type"}' in told
    assert [layer.digest for layer in other.layers] == [packed["digest"]]
    assert not image.problems


def test_cosign_tags_in_a_layout() -> None:
    memory = Memory()
    main, _ = memory.image()
    layer = memory.put({"payload": "e30="}, "application/vnd.dsse.envelope.v1+json")
    manifest = {"schemaVersion": 2, "config": memory.put({}, CONFIG_TYPE), "layers": [layer]}
    tag = main["digest"].replace(":", "-") + ".att"
    entry = memory.put(manifest, MANIFEST_TYPE, annotations={REF_NAME: tag})
    (image,) = images_of("x", memory, index(main, entry))
    assert any(b"payload" in document.data for document in image.documents if document.kind == ATTESTATION)


def test_attach() -> None:
    memory = Memory()
    main, _ = memory.image()
    (image,) = images_of("x", memory, index(main))
    about = memory.attestation(main["digest"], {"late": "news"})
    assert attach(image, memory, memory.blobs[about["digest"]], about["digest"]) == []
    assert any(b"news" in document.data for document in image.documents if document.kind == ATTESTATION)
    with pytest.raises(SourceError, match="malformed JSON"):
        attach(image, memory, b"<html>", sha(b"<html>"))


def test_cache_exports() -> None:
    memory = Memory()
    config = memory.put({"layers": [], "records": []}, "application/vnd.buildkit.cacheconfig.v0")
    layer = memory.put(gzip.compress(layer_tar()), LAYER_TYPE)
    inner = memory.put(index(layer, config), INDEX_TYPE)
    (image,) = images_of("x", memory, index(inner))
    assert CACHE in kinds(image)
    assert [found.digest for found in image.layers] == [layer["digest"]]
    manifest = json.dumps({"schemaVersion": 2, "config": config, "layers": [layer]}).encode()
    (image,) = images_of("x", memory, manifest)
    assert kinds(image) == [MANIFEST, CACHE]
    assert len(image.layers) == 1
    assert not image.problems


def test_artifact_that_is_no_image() -> None:
    memory = Memory()
    chart = memory.put(gzip.compress(b"chart"), "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
    config = memory.put({"name": "chart"}, "application/vnd.cncf.helm.config.v1+json")
    (image,) = images_of("x", memory, json.dumps({"config": config, "layers": [chart]}).encode())
    assert [layer.digest for layer in image.layers] == [chart["digest"]]
    assert not image.problems


def test_tags_and_digests_choose() -> None:
    memory = Memory()
    one, two = named(memory, "one", b"1"), named(memory, "host.example/app:two", b"2")
    root = index(one, two)
    assert [image.name for image in images_of("x", memory, root)] == [
        "x (one, linux/amd64)",
        "x (host.example/app:two, linux/amd64)",
    ]
    for tag, entry in {"one": one, "two": two, "host.example/app:two": two, one["digest"]: one}.items():
        assert [image.digest for image in images_of("x", memory, root, tag=tag)] == [entry["digest"]]
    with pytest.raises(SourceError, match=r"no image three in it; there are one, host\.example/app:two"):
        images_of("x", memory, root, tag="three")


def test_digest_in_a_nested_index_is_found_with_its_attestation() -> None:
    memory = Memory()
    main, _ = memory.image(platform=AMD)
    other, _ = memory.image([layer_tar(content=b"other")], platform=ARM, config=ARM)
    about = memory.attestation(main["digest"], {"secret": "build argument"})
    inner = memory.put(index(main, other, about), INDEX_TYPE, annotations={REF_NAME: "v1"})
    (image,) = images_of("x", memory, index(inner), tag=main["digest"])
    assert kinds(image).count(INDEX) == 2
    assert any(b"build argument" in document.data for document in image.documents)
    assert len(images_of("x", memory, index(inner), tag="v1")) == 2


def test_same_manifest_under_two_tags_is_one_image() -> None:
    memory = Memory()
    entry, _ = memory.image()
    first, second = ({**entry, "annotations": {REF_NAME: name}} for name in ("a", "b"))
    assert len(images_of("x", memory, index(first, second))) == 1
    assert len(images_of("x", memory, index(first, second), tag="b")) == 1
