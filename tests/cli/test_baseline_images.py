"""The baseline and images: created from them, honoured by `audit image` and `audit history`, pruned."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from auditor.cli.main import main
from tests.run.images.configs import CHOSEN, GITHUB, NPM
from tests.run.images.imagemaking import config_of, layer, saved, written

NAME = "audit-baseline.jsonl"
NPMRC = layer({"root/.npmrc": f"//npm.example/:_authToken={NPM}\n".encode()})
MOTD = layer({"etc/motd": b"hello\n"})
ENV = layer({"app/.env": f"GITHUB_TOKEN={GITHUB}\n".encode()})


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "here"


def image(name: str, *layers: bytes, **config: object) -> str:
    made = ["COPY x /"] * len(layers)
    return written(Path(f"../{name}.tar"), saved(list(layers), config_of(made, **config)))


def active(capsys: pytest.CaptureFixture[str], *argv: str) -> list[tuple[str, str]]:
    """Rule and path of what `audit image` still reports."""
    capsys.readouterr()
    main(["image", *argv, "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    return [(one["rule"], one["image"]["path"]) for one in found if one["suppressed"] is None]


def test_an_image_is_accepted_and_so_is_its_rebuild(capsys: pytest.CaptureFixture[str]) -> None:
    old = image("old", MOTD, NPMRC, Env=[f"DB_PASSWORD={CHOSEN}"])
    assert len(active(capsys, old)) == 2
    assert main(["baseline", "create", "--image", old, "--reason", "being replaced"]) == 0
    text = Path(NAME).read_text()
    assert [value for value in (NPM, CHOSEN, GITHUB) if value in text] == []
    rows = [json.loads(line) for line in text.splitlines()][1:]
    assert {(row["image"], row.get("path"), row.get("pointer")) for row in rows} == {
        ("layer", "root/.npmrc", None),
        ("config", None, "/config/Env/-"),
    }
    assert active(capsys, old, "--baseline", NAME) == []
    new = image("new", MOTD, MOTD, NPMRC, Env=["A=b", f"DB_PASSWORD={CHOSEN}"])
    assert active(capsys, new, "--baseline", NAME) == []
    assert main(["history", new, "--baseline", NAME]) == 0
    assert main(["history", new]) == 1
    worse = image("worse", ENV, NPMRC)
    assert active(capsys, worse, "--baseline", NAME) == [("known-token", "app/.env")]


def test_the_cache_of_layers_serves_every_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    one = image("one", NPMRC)
    active(capsys, one)
    for _ in range(2):
        assert main(["baseline", "create", "--force", "--image", one]) == 0
        for _ in range(2):
            assert active(capsys, one, "--baseline", NAME) == []
            assert active(capsys, one, "--baseline", NAME, "--no-cache") == []
    assert len(active(capsys, one)) == 1


def test_a_file_is_no_place_in_an_image(capsys: pytest.CaptureFixture[str]) -> None:
    os.mkdir("root")
    Path("root/.npmrc").write_text(f"//npm.example/:_authToken={NPM}\n")
    assert main(["baseline", "create"]) == 0
    one = image("one", NPMRC)
    assert len(active(capsys, one, "--baseline", NAME)) == 1
    assert main(["baseline", "update", "--image", one]) == 0
    assert active(capsys, one, "--baseline", NAME) == []
    assert main(["scan", "--baseline", NAME]) == 0


def test_entries_of_images_go_when_all_images_were_read(capsys: pytest.CaptureFixture[str]) -> None:
    one, other = image("one", NPMRC), image("two", ENV)
    main(["baseline", "create", "--image", one, "--image", other])
    assert main(["baseline", "prune"]) == 0
    assert len(Path(NAME).read_text().splitlines()) == 3
    Path("cut.tar").write_bytes(Path(one).read_bytes()[:2500])
    assert main(["baseline", "prune", "--image", one, "--image", "cut.tar"]) == 3
    assert len(Path(NAME).read_text().splitlines()) == 3
    capsys.readouterr()
    assert main(["baseline", "prune", "--image", one]) == 0
    assert capsys.readouterr().out == "removed: image layer app/.env: known-token\n"


def test_a_proof_of_absence_accepts_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = image("one", NPMRC)
    main(["baseline", "create", "--image", one])
    monkeypatch.setenv("NPM_TOKEN", NPM)
    assert main(["image", one, "--assert-absent", "NPM=env:NPM_TOKEN", "--baseline", NAME]) == 2
    Path("audit.toml").write_text(f'baseline = "{NAME}"\n')
    assert main(["image", one, "--assert-absent", "NPM=env:NPM_TOKEN"]) == 1


def test_a_baseline_of_detect_secrets_says_nothing_of_images(capsys: pytest.CaptureFixture[str]) -> None:
    Path("root.npmrc").write_text(f"//npm.example/:_authToken={NPM}\n")
    main(["baseline", "export"])
    assert len(active(capsys, image("one", NPMRC), "--baseline", ".secrets.baseline")) == 1


def test_review_shows_findings_in_images(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\nbeing replaced\n\n")))
    assert main(["baseline", "review", "--image", image("one", NPMRC)]) == 0
    out = capsys.readouterr().out
    assert "root/.npmrc" in out
    assert NPM not in out
    assert out.endswith("1 answered, 0 of 1 left\n")


def test_an_image_that_is_not_there_makes_no_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.tar").write_bytes(b"x" * 2_000)
    assert main(["baseline", "create", "--image", "broken.tar"]) == 3
    assert "not written" in capsys.readouterr().err
    assert not (tmp_path / NAME).exists()
