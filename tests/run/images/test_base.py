"""`--base`: what came with the base image is marked, wherever in the image it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.run.images.configs import CHOSEN, GITHUB, NPM
from tests.run.images.imagemaking import Ran, audited, config_of, layer, oci_folder, run, saved, sha, written

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
NPMRC = f"//npm.example/:_authToken={NPM}\n".encode()
OTHER = "vR5tYw92" + "KjHs7Bdm"
BELOW = [layer({"etc/motd": b"hello\n"}), layer({"root/.npmrc": NPMRC})]
ABOVE = [layer({"app/.env": TOKEN})]
BASE_MADE = ["/bin/sh -c #(nop) ADD file:1 in / ", f"ENV DB_PASSWORD={CHOSEN} # buildkit!", "RUN setup"]
MADE = [*BASE_MADE, "COPY .env /app/ # buildkit", f"ENV API_TOKEN={OTHER} # buildkit!"]


@pytest.fixture
def image(tmp_path: Path) -> str:
    """The image."""
    env = [f"DB_PASSWORD={CHOSEN}", f"API_TOKEN={OTHER}"]
    return written(tmp_path / "image.tar", saved([*BELOW, *ABOVE], config_of(MADE, Env=env)))


@pytest.fixture
def base(tmp_path: Path) -> str:
    """What it is built on."""
    return written(tmp_path / "base.tar", saved(BELOW, config_of(BASE_MADE, Env=[f"DB_PASSWORD={CHOSEN}"])))


def marks(ran: Ran) -> dict[str, bool]:
    """Whether it is the base image's, by path or pointer."""
    places = [finding["image"] for finding in ran.report["findings"]]
    return {
        place["path"] or place["pointer"] or f"entry {place['history_index']}": place["in_base"] for place in places
    }


def of_layers(ran: Ran) -> list[bool]:
    """Whether each layer is the base image's."""
    (target,) = ran.report["targets"]
    return [one["in_base"] for one in target["image"]["layers"]]


def test_a_base_image(image: str, base: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = audited(capsys, image, "--base", base)
    assert of_layers(ran) == [True, True, False]
    found = marks(ran)
    assert (found["root/.npmrc"], found["app/.env"]) == (True, False)
    assert (found["/config/Env/0"], found["/config/Env/1"]) == (True, False)
    assert ran.code == 1


def test_the_digest_of_the_last_layer_of_the_base(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = audited(capsys, image, "--base", sha(BELOW[1]))
    assert of_layers(ran) == [True, True, False]
    assert (marks(ran)["root/.npmrc"], marks(ran)["app/.env"]) == (True, False)
    assert (marks(ran)["/config/Env/0"], marks(ran)["/config/Env/1"]) == (True, False)
    assert of_layers(audited(capsys, image, "--base", sha(BELOW[0]))) == [True, False, False]


def test_without_one_nothing_is_marked(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = audited(capsys, image)
    assert set(marks(ran).values()) == {False} and of_layers(ran) == [False] * 3


def test_a_base_in_another_kind_of_place(image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = oci_folder(tmp_path / "layout", BELOW, config_of(BASE_MADE))
    assert of_layers(audited(capsys, image, "--base", f"oci:{folder}")) == [True, True, False]


def test_the_text_says_so(image: str, base: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "base image" in run(capsys, image, "--base", base, "--isolated").out
    assert "base image" not in run(capsys, image, "--isolated").out


@pytest.mark.parametrize("wrong", ["sha256:" + "0" * 64, "./no/such.tar", "oci:/no/such", "rootfs:"])
def test_a_base_that_cannot_be_meant(wrong: str, image: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, image, "--base", wrong, "--isolated")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("audit: error: ") and ran.err.count("\n") == 1


def test_another_image_s_base(image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign = written(tmp_path / "foreign.tar", saved([layer({"x": b"y"})]))
    ran = run(capsys, image, "--base", foreign, "--isolated")
    assert (ran.code, ran.out) == (2, "")
    assert "is not built on" in ran.err


def test_a_base_whose_archive_is_damaged(image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken: Any = tmp_path / "broken.tar"
    broken.write_bytes(b"no archive")
    ran = run(capsys, image, "--base", str(broken), "--isolated")
    assert (ran.code, ran.out) == (2, "") and "--base" in ran.err
