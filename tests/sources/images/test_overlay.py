"""Images on an engine's own disk: found by the digests that the engine tells, or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.sources.images import overlay
from auditor.sources.images.model import Layer
from auditor.sources.images.overlay import OverlayImage, chain_ids, kept_image, used_folders
from tests.sources.images.stores import config_with, digest, docker_store, podman_store, tar

LAYERS = [tar({"a": b"one", "d/": b""}, pax={"comment": "x"}), tar({"d/.wh.a": b""}, tail=b"tail"), tar({"a": b"two"})]
CONFIG = config_with(LAYERS)
Store = Callable[..., dict[str, object]]


@pytest.fixture(autouse=True)
def superuser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)


@pytest.mark.parametrize("store", [docker_store, podman_store])
def test_layers_have_their_digests(tmp_path: Path, store: Store) -> None:
    kept = kept_image(store(tmp_path, LAYERS, CONFIG))
    assert kept is not None
    assert kept.config == CONFIG
    image = OverlayImage("app", kept.layers)
    for number, data in enumerate(LAYERS):
        with image.open(Layer(number, "")) as stream:
            assert stream.read() == data
    assert image.problems == []


def test_chains_as_the_specification_computes_them() -> None:
    one, two = digest(b"1"), digest(b"2")
    assert chain_ids([one, two]) == [one, digest(f"{one} {two}".encode())]
    assert chain_ids([]) == []


def test_nobody_but_the_superuser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = docker_store(tmp_path, LAYERS, CONFIG)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert kept_image(record) is None


@pytest.mark.parametrize("store", [docker_store, podman_store])
def test_missing_or_other_parts(tmp_path: Path, store: Store) -> None:
    record = store(tmp_path, LAYERS, CONFIG)
    pattern = "**/tar-split.json.gz" if store is docker_store else "**/*.tar-split.gz"
    for path in [*tmp_path.glob(pattern)][:1]:
        moved = path.rename(path.with_suffix(".away"))
        assert kept_image(record) is None
        moved.rename(path)
    assert kept_image(record) is not None
    [config] = [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == CONFIG]
    config.write_bytes(CONFIG + b" ")
    assert kept_image(record) is None
    config.unlink()
    assert kept_image(record) is None


def test_layer_that_the_engine_does_not_keep(tmp_path: Path) -> None:
    record = docker_store(tmp_path, LAYERS, CONFIG)
    assert kept_image({**record, "RootFS": {"Layers": [digest(b"other")]}}) is None
    record = podman_store(tmp_path / "p", LAYERS, CONFIG)
    assert kept_image({**record, "RootFS": {"Layers": [digest(LAYERS[0])]}}) is None


def test_cache_id_does_not_lead_elsewhere(tmp_path: Path) -> None:
    record = docker_store(tmp_path, LAYERS[:1], CONFIG)
    [path] = tmp_path.rglob("cache-id")
    (tmp_path / "elsewhere" / "diff").mkdir(parents=True)
    for name in ("../elsewhere", "/", "", "." * 3000, "a\nb"):
        path.write_text(name)
        assert kept_image(record) is None


@pytest.mark.parametrize(
    "change",
    [
        {"Id": "sha256:../../x"},
        {"Id": 7},
        {"RootFS": None},
        {"RootFS": {"Layers": ["sha256:../../../x"]}},
        {"RootFS": {"Layers": [None]}},
        {"GraphDriver": None},
        {"GraphDriver": {"Name": "vfs", "Data": {"UpperDir": "/x/overlay2/a/diff"}}},
        {"GraphDriver": {"Name": "overlay2", "Data": None}},
        {"GraphDriver": {"Name": "overlay2", "Data": {"UpperDir": "overlay2/a/diff"}}},
        {"GraphDriver": {"Name": "overlay2", "Data": {"UpperDir": "/x/overlay2/../diff"}}},
        {"GraphDriver": {"Name": "overlay2", "Data": {"UpperDir": "/x\0/overlay2/a/diff"}}},
        {"GraphDriver": {"Name": "overlay", "Data": {"UpperDir": "/etc"}}},
    ],
)
def test_odd_answers_of_an_engine(tmp_path: Path, change: dict[str, object]) -> None:
    assert kept_image({**docker_store(tmp_path, LAYERS, CONFIG), **change}) is None


def test_podman_keeps_all_in_one_place(tmp_path: Path) -> None:
    record = json.loads(json.dumps(podman_store(tmp_path, LAYERS, CONFIG)))
    lower = record["GraphDriver"]["Data"]["LowerDir"]
    record["GraphDriver"]["Data"]["LowerDir"] = lower.replace(str(tmp_path), "/elsewhere")
    assert kept_image(record) is None


def test_image_ids_without_algorithm(tmp_path: Path) -> None:
    record = podman_store(tmp_path, LAYERS, CONFIG)
    assert kept_image({**record, "Id": str(record["Id"]).removeprefix("sha256:")}) is not None


def test_folders_that_are_in_use(tmp_path: Path) -> None:
    docker_store(tmp_path, LAYERS, CONFIG)
    container = tmp_path / "image/overlay2/layerdb/mounts/c1"
    container.mkdir()
    (container / "mount-id").write_text("m1")
    (container / "init-id").write_text("m1-init")
    assert used_folders(str(tmp_path)) == {"0cache", "1cache", "2cache", "m1", "m1-init"}
    with pytest.raises(OSError, match="No such file"):
        used_folders(str(tmp_path / "none"))


def test_a_whole_layer_from_another_one_is_not_mixed_up(tmp_path: Path) -> None:
    kept = kept_image(docker_store(tmp_path, LAYERS, CONFIG))
    assert kept is not None
    assert [Path(layer.folder).parent.name for layer in kept.layers] == ["0cache", "1cache", "2cache"]
    assert overlay.diff_ids_of({"RootFS": {"Layers": ["a", 1]}}) == ["a", ""]
