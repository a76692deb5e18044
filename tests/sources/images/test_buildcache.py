"""What builds left behind in an engine made for the test: untagged images, records and folders of the build cache."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.sources.images.buildcache import CacheImage, open_build_cache
from auditor.sources.images.exported import ExportSource, KeptSource
from auditor.sources.images.model import CACHE
from auditor.sources.images.overlay import OverlayImage
from auditor.sources.images.target import DOCKER
from tests.sources.images.engines import VERSIONED, FakeEngine, allow_sockets, chunks, document, refuse, saved
from tests.sources.images.stores import config_with, digest, docker_store, inspection, tar

LAYERS = [tar({"root/.npmrc": b"one"})]
CONFIG = config_with(LAYERS)
STEP = "mount / from exec /bin/sh -c echo x > /root/.npmrc"
RECORDS = [
    {"ID": "onlycache1", "Type": "regular", "Description": STEP},
    {"ID": "0cache", "Type": "regular", "Description": "pulled"},
]
LIST = [
    {"Id": digest(CONFIG), "RepoTags": None, "Size": 9},
    {"Id": digest(b"tagged"), "RepoTags": ["app:1"], "Size": 9},
    {"Id": digest(b"removed meanwhile"), "RepoTags": ["<none>:<none>"], "Size": 9},
]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    allow_sockets(monkeypatch)
    made = FakeEngine()
    made.answers[f"{VERSIONED}/images/json"] = document(LIST)
    made.answers[f"{VERSIONED}/images/get"] = chunks(saved(CONFIG, LAYERS))
    made.answers[f"{VERSIONED}/system/df"] = document({"BuildCache": RECORDS})
    made.answers[f"{VERSIONED}/info"] = document({"DockerRootDir": str(tmp_path / "data"), "Driver": "overlay2"})
    made.add(inspection(LAYERS, CONFIG, {}), [], b"")
    with made.at(tmp_path / "e.sock") as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        yield made


@pytest.fixture
def kept(engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The engine's folder, to be read, with one folder that only the build cache uses."""
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    root = tmp_path / "data"
    engine.add(docker_store(root, LAYERS, CONFIG), [], b"")
    secret = root / "overlay2/onlycache1/diff/root"
    secret.mkdir(parents=True)
    (secret / ".npmrc").write_text("two")
    for other in ("l", "container1-init", "without"):
        (root / "overlay2" / other).mkdir()
    return root


@pytest.mark.usefixtures("kept")
def test_everything_that_only_builds_know(engine: FakeEngine) -> None:
    with open_build_cache(DOCKER) as source:
        assert isinstance(source, KeptSource)
        image, records, folder = source.images()
        assert isinstance(image, OverlayImage)
        assert image.name == f"untagged image {digest(CONFIG)[7:19]}"
        assert image.documents[0].data == CONFIG
        with image.open(image.layers[0]) as stream:
            assert stream.read() == LAYERS[0]
        assert (records.name, records.layers, records.problems) == ("build cache", [], [])
        assert [(document.kind, document.name) for document in records.documents] == [
            (CACHE, "build cache onlycache1"),
            (CACHE, "build cache 0cache"),
        ]
        assert json.loads(records.documents[0].data)["Description"] == STEP
        assert isinstance(folder, CacheImage)
        assert folder.name == "build cache onlycache1"
        assert folder.config == {"history": [{"created_by": STEP}]}
        [layer] = folder.layers
        assert (layer.diff_id, layer.digest) == ("", "")
        with folder.open(layer) as stream:
            assert b"two" in stream.read()
    assert not any("tagged" in path for path in engine.paths)


def test_images_are_exported_together_where_the_disk_cannot_be_read(engine: FakeEngine) -> None:
    with open_build_cache(DOCKER) as source:
        assert isinstance(source, ExportSource)
        passed = {key: blob.read() for key, blob in source.passing()}
        assert engine.asked[-1] == (f"{VERSIONED}/images/get", {"names": [digest(CONFIG)]})
        image, records = source.images()
        assert [passed[layer.key] for layer in image.layers] == LAYERS
        [problem] = records.problems
        assert problem.part == "files of the build cache"
        assert problem.message.startswith("not searched: ")


def test_nothing_is_exported_when_all_layers_are_known(engine: FakeEngine) -> None:
    with open_build_cache(DOCKER, known={digest(layer) for layer in LAYERS}) as source:
        assert isinstance(source, ExportSource)
        assert list(source.passing()) == []
        assert len(source.images()) == 2
    assert f"{VERSIONED}/images/get" not in engine.paths


@pytest.mark.parametrize(
    "about", [{"DockerRootDir": "", "Driver": "overlay2"}, {"DockerRootDir": "/x", "Driver": "overlayfs"}, []]
)
@pytest.mark.usefixtures("kept")
def test_folders_that_cannot_be_told_are_a_problem(engine: FakeEngine, about: object) -> None:
    engine.answers[f"{VERSIONED}/info"] = document(about)
    with open_build_cache(DOCKER) as source:
        problems = [problem for image in source.images() for problem in image.problems]
    assert [problem.message for problem in problems] == [
        "not searched: they do not lie in folders on this machine's disk"
    ]


@pytest.mark.usefixtures("kept")
def test_records_that_the_engine_does_not_give_are_a_problem(engine: FakeEngine) -> None:
    engine.answers[f"{VERSIONED}/system/df"] = refuse(500, "broken")
    with open_build_cache(DOCKER) as source:
        image, records = source.images()
    assert image.problems == []
    assert [problem.part for problem in records.problems] == ["records of the build cache"]


@pytest.mark.parametrize("usage", [{}, {"BuildCache": None}, {"BuildCache": []}, []])
def test_engine_without_a_build_cache(engine: FakeEngine, usage: object) -> None:
    engine.answers[f"{VERSIONED}/system/df"] = document(usage)
    engine.answers[f"{VERSIONED}/images/json"] = document([])
    with open_build_cache(DOCKER) as source:
        [records] = source.images()
    assert (records.documents, records.layers, records.problems) == ([], [], [])


def test_odd_records(engine: FakeEngine) -> None:
    engine.answers[f"{VERSIONED}/system/df"] = document({"BuildCache": [None, 7, {"ID": 7}, {"Description": []}]})
    engine.answers[f"{VERSIONED}/images/json"] = document({"a": 1})
    with open_build_cache(DOCKER) as source:
        [records] = source.images()
    assert len(records.documents) == 4
