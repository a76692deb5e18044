"""Secrets in annotations, attestations and cache metadata."""

from __future__ import annotations

import pytest

from auditor.core.image import ANNOTATION, ATTESTATION, CACHE, CONFIG
from auditor.sources.images import model
from tests.run.images.configs import (
    CHOSEN,
    GITHUB,
    RANDOM,
    document,
    encoded,
    found,
    metadata,
    only,
)


@pytest.mark.parametrize("kind", [model.MANIFEST, model.INDEX])
def test_annotations(kind: str) -> None:
    content = {"manifests": [{"annotations": {"com.example.push-token": RANDOM, "com.example.name": "shop"}}]}
    one = only({}, document(kind, content, "sha256:ab"))
    place = one.leak.place
    assert (one.leak.rule, place.part, place.digest) == ("metadata-secret", ANNOTATION, "sha256:ab")
    assert place.pointer == "/manifests/0/annotations/com.example.push-token"
    assert "com.example.push-token" in one.leak.message


def test_build_information_and_inline_cache() -> None:
    information = {"attrs": {"build-arg:NPM_TOKEN": RANDOM, "build-arg:MODE": "release"}}
    config: dict[str, object] = {
        "moby.buildkit.buildinfo.v1": encoded(information),
        "moby.buildkit.cache.v0": encoded([{"digest": "sha256:" + "ab" * 32, "note": GITHUB}]),
    }
    parts = {one.leak.place.part: one.leak for one in found(config)}
    assert parts[CONFIG].secret.reveal() == RANDOM
    assert parts[CACHE].secret.reveal() == GITHUB
    assert parts[CACHE].place.pointer == "/moby.buildkit.cache.v0/0/note"


def test_a_cache_document() -> None:
    assert only({}, document(model.CACHE, {"records": [{"x": GITHUB}]})).leak.place.part == CACHE


@pytest.mark.parametrize(
    ("content", "pointer", "value"),
    [
        ({"args": {"build-arg:NPM_TOKEN": RANDOM}}, "/predicate/x/args/build-arg:NPM_TOKEN", RANDOM),
        ({"meta": {"env": ["PATH=/bin", f"DB_PASSWORD={CHOSEN}"]}}, "/predicate/x/meta/env/1", CHOSEN),
        ({"meta": {"args": ["/bin/sh", "-c", f"curl -u ci:{RANDOM} x.example"]}}, "/predicate/x/meta/args/2", RANDOM),
        ({"data": encoded(f"token={GITHUB}\n")}, "/predicate/x/data", GITHUB),
        ({"infos": [{"data": encoded(f"FROM x\nENV DB_PASSWORD={CHOSEN}\n")}]}, "/predicate/x/infos/0/data", CHOSEN),
        (
            {"data": encoded({"data": encoded({"env": [f"API_TOKEN={RANDOM}"]})})},
            "/predicate/x/data/data/env/0",
            RANDOM,
        ),
        ({"api-token": RANDOM}, "/predicate/x/api-token", RANDOM),
    ],
)
def test_attestations(content: object, pointer: str, value: str) -> None:
    statement = {"predicateType": "https://slsa.dev/provenance/v1", "predicate": {"x": content}}
    one = only({}, document(model.ATTESTATION, statement, "sha256:cd"))
    place = one.leak.place
    assert (one.leak.rule, place.part, place.pointer, place.digest) == (
        "attestation-secret",
        ATTESTATION,
        pointer,
        "sha256:cd",
    )
    assert one.leak.secret.reveal() == value


def test_base64_in_base64() -> None:
    content: object = {"note": GITHUB}
    for depth in range(6):
        content = {"data": encoded(content)}
        result = metadata({}, document(model.ATTESTATION, content))
        assert depth > 3 or [one.leak.secret.reveal() for one in result.found] == [GITHUB]
        assert bool(result.errors) is (depth >= 3)
