from __future__ import annotations

import json
import os
from typing import Any

import pytest

from auditor.sources.images.model import ATTESTATION, CONFIG, INDEX, MANIFEST, SourceError
from auditor.sources.images.registry import open_registry, own_platform
from auditor.sources.images.target import parse_target
from tests.sources.images.fake_registry import OCI_CONFIG, OCI_INDEX, FakeRegistry, digest_of, loopback, registries
from tests.sources.images.fake_registry import registry as registry

__all__ = ["loopback", "registries"]


def index_of(*entries: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries), **extra}


def test_an_image_is_read_whole(registry: FakeRegistry) -> None:
    with registry.source() as source:
        (image,) = source.images()
        assert source.images()[0] is image
        assert image.name == f"{registry.domain}/team/app:1"
        assert [document.kind for document in image.documents] == [MANIFEST, CONFIG]
        assert image.platform == "linux/amd64" and image.problems == []
        for layer in image.layers:
            with image.open(layer) as stream:
                assert digest_of(stream.read()) == layer.digest == layer.key


def test_the_manifest_is_asked_for_in_all_its_kinds(registry: FakeRegistry) -> None:
    with registry.source() as source:
        source.images()
    asked = next(asked for asked in registry.asked if asked.path.endswith("/manifests/1"))
    for kind in ("oci.image.index.v1", "oci.image.manifest.v1", "distribution.manifest.list.v2", "manifest.v2"):
        assert kind in asked.headers["accept"]
    assert asked.headers["accept-encoding"] == "identity" and "authorization" not in asked.headers


def test_positions_are_independent(registry: FakeRegistry) -> None:
    with registry.source() as source:
        image = source.images()[0]
        with image.open(image.layers[1]) as one, image.open(image.layers[1]) as other:
            first = one.read(10)
            assert other.read(10) == first and one.read(10) != first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_has_connections_of_its_own(registry: FakeRegistry) -> None:
    with registry.source() as source:
        image = source.images()[0]
        before = len(registry.paths("/blobs/"))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for _ in range(3):
                    with image.open(image.layers[1]) as stream:
                        code = digest_of(stream.read()) != image.layers[1].digest
            finally:
                os._exit(code)
        for _ in range(3):
            with image.open(image.layers[1]) as stream:
                assert digest_of(stream.read()) == image.layers[1].digest
        assert os.waitpid(child, 0)[1] == 0
        assert len(registry.paths("/blobs/")) == before + 6


def test_a_digest_is_asked_for_instead_of_the_tag(registry: FakeRegistry) -> None:
    digest = registry.image("2", architecture="arm64")["digest"]
    with registry.source(f"team/app:1@{digest}") as source:
        assert source.images()[0].digest == digest
    assert registry.paths("/manifests/1") == []


def test_own_platform_of_an_index(registry: FakeRegistry) -> None:
    own = own_platform().removeprefix("linux/")
    mine, other = registry.image(architecture=own), registry.image(architecture="s390x")
    registry.manifest(index_of(other, mine), "multi", kind=OCI_INDEX)
    with registry.source("team/app:multi") as source:
        (image,) = source.images()
    assert image.digest == mine["digest"] and INDEX in [document.kind for document in image.documents]
    assert registry.paths(other["digest"]) == []


def test_all_platforms_and_one_of_them(registry: FakeRegistry) -> None:
    entries = [registry.image(architecture=name) for name in ("amd64", "s390x", "arm64")]
    registry.manifest(index_of(*entries), "multi", kind=OCI_INDEX)
    with registry.source("team/app:multi", "all") as source:
        assert [image.digest for image in source.images()] == [entry["digest"] for entry in entries]
    with registry.source("team/app:multi", "linux/arm64/v8") as source:
        assert [image.digest for image in source.images()] == [entries[2]["digest"]]


def test_no_image_for_a_platform_names_those_that_exist(registry: FakeRegistry) -> None:
    entries = [registry.image(architecture=name) for name in ("ppc64le", "s390x")]
    registry.manifest(index_of(*entries), "multi", kind=OCI_INDEX)
    message = registry.failure("team/app:multi", platform="linux/arm64")
    assert "no image for linux/arm64; there are images for linux/ppc64le, linux/s390x" in message


def test_a_single_image_of_another_platform_is_meant(registry: FakeRegistry) -> None:
    registry.image("other", architecture="s390x")
    with registry.source("team/app:other") as source:
        assert source.images()[0].platform == "linux/s390x"


def statement(registry: FakeRegistry, text: str, **extra: Any) -> dict[str, Any]:
    """The manifest of an attestation."""
    body = json.dumps({"_type": "https://in-toto.io/Statement/v0.1", "predicate": {"note": text}}).encode()
    blob = {"mediaType": "application/vnd.in-toto+json", **registry.blob(body)}
    empty = {"mediaType": "application/vnd.oci.empty.v1+json", **registry.blob(b"{}")}
    return {"schemaVersion": 2, "config": empty, "layers": [blob], **extra}


def attested(registry: FakeRegistry, reference: str = "team/app:1") -> tuple[list[bytes], list[str]]:
    with registry.source(reference) as source:
        image = source.images()[0]
    texts = [document.data for document in image.documents if document.kind == ATTESTATION]
    return texts, [f"{problem.part}: {problem.message}" for problem in image.problems]


def test_referrers_are_documents(registry: FakeRegistry) -> None:
    image = registry.image("1")
    about = registry.manifest(statement(registry, "by referrers", subject=image))
    registry.things[f"/v2/team/app/referrers/{image['digest']}"] = (OCI_INDEX, json.dumps(index_of(about)).encode())
    texts, problems = attested(registry)
    assert any(b"by referrers" in text for text in texts) and problems == []
    assert not any(path.endswith(image["digest"].replace(":", "-")) for path in registry.paths())


def test_referrers_by_tag_where_there_is_no_api(registry: FakeRegistry) -> None:
    image = registry.image("1")
    about = registry.manifest(statement(registry, "by tag", subject=image))
    registry.manifest(index_of(about), image["digest"].replace(":", "-"), kind=OCI_INDEX)
    texts, problems = attested(registry)
    assert any(b"by tag" in text for text in texts) and problems == []


@pytest.mark.parametrize("ending", ["att", "sbom"])
def test_tags_of_cosign(registry: FakeRegistry, ending: str) -> None:
    tag = f"{registry.image('1')['digest'].replace(':', '-')}.{ending}"
    registry.manifest(statement(registry, "by cosign"), tag)
    texts, problems = attested(registry)
    assert any(b"by cosign" in text for text in texts) and problems == []


def test_what_is_about_the_index_belongs_to_its_image(registry: FakeRegistry) -> None:
    own = own_platform().removeprefix("linux/")
    index = registry.manifest(index_of(registry.image(architecture=own)), "multi", kind=OCI_INDEX)
    registry.manifest(statement(registry, "about the index"), f"{index['digest'].replace(':', '-')}.att")
    texts, _ = attested(registry, "team/app:multi")
    assert any(b"about the index" in text for text in texts)


def test_failing_referrers_are_a_problem_and_the_image_is_there(registry: FakeRegistry) -> None:
    registry.tricks.append(lambda handler, asked: "/referrers/" in asked.path and (handler.reply(500, b"", {}) or True))
    texts, (problem,) = attested(registry)
    assert texts == [] and "attestations of sha256:" in problem and "HTTP status 500" in problem


def test_many_referrers_are_bounded(registry: FakeRegistry) -> None:
    image = registry.image("1")
    abouts = [registry.manifest(statement(registry, f"number {n}", subject=image)) for n in range(70)]
    registry.things[f"/v2/team/app/referrers/{image['digest']}"] = (OCI_INDEX, json.dumps(index_of(*abouts)).encode())
    texts, (problem,) = attested(registry)
    assert sum(b"_type" in text for text in texts) == 64 and "more than 64" in problem


def test_a_missing_layer_is_told_and_the_others_are_there(registry: FakeRegistry) -> None:
    with registry.source() as source:
        image = source.images()[0]
        del registry.things[f"/v2/team/app/blobs/{image.layers[0].digest}"]
        with pytest.raises(SourceError, match=f"blob {image.layers[0].digest}.*404"):
            image.open(image.layers[0])
        with image.open(image.layers[1]) as stream:
            assert stream.read()


def test_a_missing_config_is_a_problem(registry: FakeRegistry) -> None:
    del registry.things[next(path for path in registry.things if _is_config(registry, path))]
    with registry.source() as source:
        image = source.images()[0]
    assert len(image.layers) == 2 and any("config" in problem.part for problem in image.problems)


def _is_config(registry: FakeRegistry, path: str) -> bool:
    return "/blobs/" in path and b'"rootfs"' in registry.things[path][1]


@pytest.mark.parametrize(
    ("text", "message"),
    [("registry:app:1", "registry:HOST/app:1"), ("registry:team/app", "registry:HOST/team/app:latest")],
)
def test_a_reference_without_host_asks_for_it(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_registry(parse_target(text))


def test_the_default_registry_is_a_setting(registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_DEFAULT_REGISTRY", registry.domain)
    registry.image("latest", name="library/app")
    for text in ("registry:app", "registry:team/app:1"):
        with open_registry(parse_target(text)) as source:
            assert len(source.images()) == 1


def test_an_image_that_is_not_there(registry: FakeRegistry) -> None:
    message = registry.failure("team/app:nope")
    assert message.endswith("/team/app:nope: the registry has no such image or tag (404 MANIFEST_UNKNOWN)")


def test_what_is_no_manifest(registry: FakeRegistry) -> None:
    registry.things["/v2/team/app/manifests/odd"] = (OCI_CONFIG, b"[1]")
    assert "team/app:odd: " in registry.failure("team/app:odd")
