"""`audit image` over images whose metadata is made to break it: everything readable is searched all the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.run.images.configs import CHOSEN, GITHUB
from tests.run.images.imagemaking import (
    Memory,
    archive_of,
    audited,
    config_of,
    index,
    layer,
    layout_files,
    saved,
    saved_files,
    written,
)

LAYERS = [layer({"app/.env": f"GITHUB_TOKEN={GITHUB}\n".encode()})]
CONFIG = config_of(["COPY . /app # buildkit"], Env=[f"DB_PASSWORD={CHOSEN}"], Labels={"a": GITHUB})


WRONG: list[Any] = [None, 5, "text", [], {}, [None], [[]], [{}], {"a": 1}, -1, 1e300, True, "\ud800", ["\x1b[31m"]]
PATHS = [
    ("config",), ("config", "Env"), ("config", "Labels"), ("config", "Cmd"), ("config", "Entrypoint"),
    ("config", "Healthcheck"), ("config", "Healthcheck", "Test"), ("config", "OnBuild"), ("config", "Shell"),
    ("config", "Volumes"), ("config", "User"), ("history",), ("rootfs",), ("rootfs", "diff_ids"), ("os",),
    ("architecture",), ("variant",), ("author",), ("created",), ("container_config",), ("moby.buildkit.cache.v0",),
    ("moby.buildkit.buildinfo.v1",),
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids="/".join)
def test_wrong_types_in_the_config(path: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in WRONG:
        files = saved_files(LAYERS, config=CONFIG)
        name = next(name for name in files if name.endswith(".json") and "/" not in name and name != "manifest.json")
        config = json.loads(files[name])
        inner = config
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner[path[-1]] = wrong
        files[name] = json.dumps(config).encode()
        ran = audited(capsys, written(tmp_path / "x.tar", archive_of(files)))
        assert ran.code in (1, 3)
        assert ("layer", 0, "app/.env", "live") in ran.places
        assert "\x1b" not in ran.out


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "config": JSON | st.dictionaries(st.sampled_from(["Env", "Labels", "Cmd", "OnBuild", "Healthcheck"]), JSON),
            "history": JSON
            | st.lists(st.dictionaries(st.sampled_from(["created_by", "comment", "empty_layer"]), JSON)),
            "author": JSON,
            "rootfs": JSON,
        },
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_config(capsys: pytest.CaptureFixture[str], tmp_path: Path, config: dict[str, Any]) -> None:
    ran = audited(capsys, written(tmp_path / "x.tar", saved(LAYERS, config)))
    assert ran.code in (1, 3) and ("layer", 0, "app/.env", "live") in ran.places
    assert GITHUB not in ran.out + ran.err


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"null", b"\xff\xfe\x00", b'{"a":' * 5000, b"{}" * 10])
def test_a_config_that_is_no_json(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = saved_files(LAYERS, config=CONFIG)
    name = next(name for name in files if name.endswith(".json") and "/" not in name and name != "manifest.json")
    ran = audited(capsys, written(tmp_path / "x.tar", archive_of({**files, name: data})))
    assert ran.code == 3 and ran.errors
    assert ("layer", 0, "app/.env", "live") in ran.places


@pytest.mark.parametrize("media", ["text/plain", "", "application/vnd.oci.image.layer.v1.tar+zstd", 5, None, []])
def test_media_types_that_lie(media: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = Memory()
    _, manifest = memory.image(LAYERS)
    manifest["layers"][0]["mediaType"] = media
    descriptor = memory.put(manifest, manifest["mediaType"])
    ran = audited(capsys, written(tmp_path / "x.tar", archive_of(layout_files(memory, index(descriptor)))))
    assert ("layer", 0, "app/.env", "live") in ran.places
