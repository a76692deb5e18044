"""A run over images: the cache, where images come from, and what cannot be read."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from auditor.run.images.layers.outcome import LayerOutcome
from auditor.run.images.layers.search import LayerSearch
from auditor.run.images.layers.searching import Job
from tests import zstd
from tests.run.images.configs import CHOSEN, GITHUB, NPM
from tests.run.images.imagemaking import (
    Memory,
    Ran,
    archive_of,
    audited,
    config_of,
    index,
    layer,
    layout_files,
    oci,
    oci_folder,
    run,
    saved,
    written,
)

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
NPMRC = f"//npm.example/:_authToken={NPM}\n".encode()
LAYERS = [layer({"etc/motd": b"hello\n"}), layer({"app/.env": TOKEN}), layer({"root/.npmrc": NPMRC})]
CONFIG = config_of(["RUN a", "RUN b", "RUN c", f"ENV DB_PASSWORD={CHOSEN}!"], Env=[f"DB_PASSWORD={CHOSEN}"])


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A place for the image."""
    return tmp_path / "image.tar"


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Job]]:
    """The layers that were searched, in this process."""
    jobs: list[Job] = []
    audit = LayerSearch.audit

    def counted(search: LayerSearch, job: Job) -> LayerOutcome:
        jobs.append(job)
        return audit(search, job)

    monkeypatch.setattr("auditor.run.pool.processes", lambda: 1)
    monkeypatch.setattr(LayerSearch, "audit", counted)
    yield jobs


def states(ran: Ran) -> list[str]:
    """Of the layers of the only image."""
    (target,) = ran.report["targets"]
    return [one["state"] for one in target["image"]["layers"]]


def stable(ran: Ran) -> list[dict[str, Any]]:
    """The findings of a report."""
    found: list[dict[str, Any]] = ran.report["findings"]
    return found


def cached(capsys: pytest.CaptureFixture[str], *argv: str) -> Ran:
    """A run with a JSON report that may use the cache."""
    return run(capsys, *argv, "--format", "json", "--isolated")


def test_a_second_run_says_the_same(image: Path, searched: list[Job], capsys: pytest.CaptureFixture[str]) -> None:
    written(image, saved(LAYERS, CONFIG))
    first, second = cached(capsys, str(image)), cached(capsys, str(image))
    assert states(first) == ["scanned"] * 3 and states(second) == ["cached"] * 3
    assert len(searched) == 3
    assert stable(first) == stable(second) and len(stable(first)) >= 3
    assert first.code == second.code == 1


def test_text_is_the_same_from_the_cache(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(image, saved(LAYERS, CONFIG))
    first, second = (run(capsys, str(image), "--isolated") for _ in range(2))
    assert first.out == second.out and "npm_****" in first.out
    assert "3 of 3 layers known from before" in second.err and "known from before" not in first.err


def test_only_a_new_layer_is_searched(image: Path, searched: list[Job], capsys: pytest.CaptureFixture[str]) -> None:
    cached(capsys, written(image, saved(LAYERS)))
    del searched[:]
    ran = cached(capsys, written(image, saved([*LAYERS, layer({"app/.wh..env": b""})])))
    assert states(ran) == ["cached", "cached", "cached", "scanned"]
    assert len(searched) == 1
    assert ("layer", 1, "app/.env", "deleted") in ran.places


def test_the_same_layer_in_another_kind_of_archive(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cached(capsys, written(image, saved(LAYERS)))
    ran = cached(capsys, written(image, oci(LAYERS)))
    assert states(ran) == ["cached"] * 3 and ran.errors == []


@pytest.mark.parametrize(
    "options",
    [["--ignore", "known-token"], ["--no-cache"], ["--max-depth", "2"], ["--engine", "keywords"], ["--show-secrets"]],
    ids=" ".join,
)
def test_other_settings_are_not_answered_from_the_cache(
    options: list[str], image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(image, saved(LAYERS))
    cached(capsys, str(image))
    ran = cached(capsys, str(image), *options)
    assert states(ran) == ["scanned"] * 3
    assert (ran.code, len(ran.report["findings"])) == ((0, 0) if "--ignore" in options else (1, 2))
    again = cached(capsys, str(image))
    assert states(again) == ["cached"] * 3 and len(again.report["findings"]) == 2


def test_a_severity_of_one_s_own_is_not_answered_from_the_cache(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(image, saved(LAYERS))
    cached(capsys, str(image))
    (tmp_path / "own.toml").write_text('[severity]\nknown-token = "low"\n')
    ran = run(capsys, str(image), "--format", "json", "--config", str(tmp_path / "own.toml"))
    assert {finding["severity"] for finding in ran.report["findings"]} == {"low"}


def test_the_cache_holds_no_value(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(image, saved([*LAYERS, layer({"etc/db.conf": f"password = {CHOSEN}\n".encode()})], CONFIG))
    cached(capsys, str(image))
    folder = Path(os.environ["XDG_CACHE_HOME"])
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name.startswith("layers.sqlite") for path in files)
    for value in (GITHUB, NPM, CHOSEN):
        assert [path for path in files if value.encode() in path.read_bytes()] == []


def test_a_broken_cache_is_no_error(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(image, saved(LAYERS))
    first = cached(capsys, str(image))
    (database,) = Path(os.environ["XDG_CACHE_HOME"]).rglob("layers.sqlite")
    database.write_bytes(b"not a database" * 1000)
    ran = cached(capsys, str(image))
    assert (ran.code, states(ran), ran.places) == (1, ["scanned"] * 3, first.places)


def test_a_layer_with_errors_is_searched_again(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = LAYERS[1][:700]
    for _ in range(2):
        ran = cached(capsys, written(image, saved([LAYERS[0], broken])))
        assert (ran.code, states(ran)[1]) == (3, "failed")


def test_a_layer_that_is_listed_twice(image: Path, searched: list[Job], capsys: pytest.CaptureFixture[str]) -> None:
    ran = audited(capsys, written(image, oci([LAYERS[1], LAYERS[0], LAYERS[1]])))
    assert len(searched) == 2
    (found,) = ran.report["findings"]
    assert (found["image"]["layer_index"], found["image"]["state"]) == (2, "live")
    assert [one["image"]["layer_index"] for one in found["related"]] == [0]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("make", [saved, oci], ids=["docker", "oci"])
def test_an_archive_on_the_standard_input(
    make: Any, compress: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], image: Path
) -> None:
    data = make(LAYERS, CONFIG)
    plain = audited(capsys, written(image, data))
    monkeypatch.setattr("sys.stdin", Piped(compress(data)))
    ran = audited(capsys, "-")
    assert (ran.code, ran.places) == (1, plain.places)
    assert [one["image"]["created_by"] for one in stable(ran)] == [one["image"]["created_by"] for one in stable(plain)]
    packed = audited(capsys, written(image, compress(data)))
    assert (packed.code, packed.places) == (1, plain.places)


class Piped(SimpleNamespace):
    """A standard input that gives bytes, and cannot be sought in."""

    def __init__(self, data: bytes) -> None:
        raw = io.BytesIO(data)
        super().__init__(buffer=io.BufferedReader(_Unseekable(raw)), closed=False, isatty=lambda: False)


class _Unseekable(io.RawIOBase):
    def __init__(self, inner: io.BytesIO) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._inner.readinto(buffer)


def several(folder: Path) -> str:
    """An OCI archive of two platforms."""
    memory = Memory()
    here = {"os": "linux", "architecture": "amd64"}
    there = {"os": "linux", "architecture": "arm64"}
    one, _ = memory.image([LAYERS[1]], config=here, platform=here)
    other, _ = memory.image([LAYERS[2]], config=there, platform=there)
    return written(folder / "several.tar", archive_of(layout_files(memory, index(one, other))))


def test_platforms_of_an_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = several(tmp_path)
    assert audited(capsys, name, "--platform", "linux/arm64").places == [("layer", 0, "root/.npmrc", "live")]
    assert audited(capsys, name, "--platform", "linux/amd64").places == [("layer", 0, "app/.env", "live")]
    ran = audited(capsys, name, "--platform", "all")
    assert len(ran.places) == 2
    assert len({target["name"] for target in ran.report["targets"]}) == 2
    wrong = audited(capsys, name, "--platform", "plan9/mips")
    assert wrong.code == 3 and len(wrong.errors) == 1


def test_several_targets_share_layers(tmp_path: Path, searched: list[Job], capsys: pytest.CaptureFixture[str]) -> None:
    one = written(tmp_path / "one.tar", saved(LAYERS))
    folder = oci_folder(tmp_path / "layout", [*LAYERS, layer({"x": b"y"})])
    ran = audited(capsys, one, f"oci:{folder}", one)
    assert len(searched) == 4
    names = [target["name"] for target in ran.report["targets"]]
    assert len(names) == len(set(names)) == 3
    assert len(ran.places) == 6


def test_a_plain_folder_tells_what_lies_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "root" / "app").mkdir(parents=True)
    (tmp_path / "root" / "app" / ".env").write_bytes(TOKEN)
    ran = audited(capsys, f"rootfs:{tmp_path / 'root'}")
    assert (ran.code, ran.places) == (1, [("layer", 0, "app/.env", "live")])
