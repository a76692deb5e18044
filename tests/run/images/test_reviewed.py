"""What a review of the search of layers found wrong."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import random
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.run.images.configs import GITHUB, RANDOM
from tests.run.images.imagemaking import archive_of, audited, jar, layer, listed, run, saved, written
from tests.sources.images.owning.test_dpkg import CONTROL

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
WEAK = f"DB_PASSWORD={RANDOM}\n".encode()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A place for the image."""
    return tmp_path / "image.tar"


def deb(control: dict[str, bytes], data: dict[str, bytes]) -> bytes:
    """A package of Debian, as `dpkg-deb` writes it."""
    parts = {"debian-binary": b"2.0\n", "control.tar.gz": packed(control), "data.tar.gz": packed(data)}
    made = b"!<arch>\n"
    for name, content in parts.items():
        made += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        made += content + b"\n" * (len(content) % 2)
    return made


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(out.getvalue(), mtime=0)


def installed(name: str, files: dict[str, bytes], **fields: str) -> tuple[dict[str, bytes], bytes]:
    """What dpkg keeps of an installed package with these files, and the package itself with a secret beside them."""
    sums = listed({**files, f"usr/share/doc/{name}/copyright": b"free\n"}).encode()
    status = CONTROL.format(name=name) + "".join(f"{key}: {value}\n" for key, value in fields.items())
    kept = {f"var/lib/dpkg/info/{name}.md5sums": sums, "var/lib/dpkg/status": status.encode()}
    return kept, deb({"md5sums": sums, "control": status.encode()}, {**files, "etc/app.conf": TOKEN})


def paths(ran: Any) -> list[str]:
    return sorted({finding["image"]["path"] for finding in ran.report["findings"]})


def test_the_proof_heeds_no_comment_in_the_image(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = "correct-horse-98"
    (image.parent / "value").write_text(value)
    written(image, saved([layer({"app/x": f"token = '{value}'  # gitleaks:allow\n".encode()})]))
    ran = audited(capsys, str(image), "--assert-absent", f"V=file:{image.parent / 'value'}")
    assert ran.code == 1
    assert paths(ran) == ["app/x"]


@pytest.mark.parametrize("fields", [{}, {"Vendor": "corp"}])
def test_an_installed_package_is_opened_if_it_is_in_house(
    fields: dict[str, str], image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, package = installed("keys", {"usr/bin/keys": b"program"}, **fields)
    written(image, saved([layer({"var/cache/apt/archives/keys_1_all.deb": package, **kept})]))
    ran = audited(capsys, str(image))
    assert paths(ran) == (["var/cache/apt/archives/keys_1_all.deb"] if fields else [])
    assert ("not opened" in json.dumps(ran.report["targets"])) == (not fields)


def test_a_package_that_is_there_twice(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = deb({"md5sums": b"", "control": b""}, {"etc/app.conf": TOKEN})
    written(image, saved([layer([("opt/a.deb", package), ("opt/a.deb", package)])]))
    ran = audited(capsys, str(image))
    assert (ran.code, paths(ran)) == (1, ["opt/a.deb"])


@pytest.mark.parametrize("length", [1000, 9_000_000])
@pytest.mark.parametrize("head", [b"#!/bin/sh\nexec java -jar $0\n", b"MZ\x90\0", b"\x7fELF\2\1\1\0"])
def test_an_archive_behind_a_program(head: bytes, length: int, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filler = random.Random(length).randbytes(length)
    written(image, saved([layer({"opt/app": head + filler + jar({"conf/x": TOKEN})})]))
    ran = audited(capsys, str(image))
    assert [finding["image"]["inner_path"] for finding in ran.report["findings"]] == ["conf/x"]


def test_what_was_not_opened_counts_after_many_others(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = {f"opt/{number}.zip": b"PK\x03\x04" + bytes(60) for number in range(260)}
    deep = TOKEN
    for _ in range(12):
        deep = gzip.compress(deep, mtime=0)
    written(image, saved([layer({**damaged, "srv/last.gz": deep})]))
    ran = audited(capsys, str(image))
    assert ran.code == 3
    assert any("nested deeper than" in error for error in ran.errors)
    assert any("more parts were not read" in skip["reason"] for skip in ran.report["targets"][0]["skipped"])


def test_a_depth_that_was_asked_for_is_another_question(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deep = TOKEN
    for _ in range(12):
        deep = gzip.compress(deep, mtime=0)
    config = {"rootfs": {"type": "layers", "diff_ids": []}}
    tar = layer({"srv/x.gz": deep})
    config["rootfs"]["diff_ids"] = [f"sha256:{hashlib.sha256(tar).hexdigest()}"]
    written(image, saved([tar], config))
    codes = [run(capsys, str(image), "--isolated", *more).code for more in ((), ("--max-depth", "8"), ())]
    assert codes == [3, 0, 3]


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_digests_of_every_kind(algorithm: str, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tar = layer({"app/x": TOKEN})
    for content, code in ((tar, 1), (layer({"app/y": TOKEN}), 3)):
        diff_id = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
        files = {
            "l/layer.tar": tar,
            "c.json": json.dumps({"rootfs": {"type": "layers", "diff_ids": [diff_id]}}).encode(),
            "manifest.json": json.dumps([{"Config": "c.json", "RepoTags": [], "Layers": ["l/layer.tar"]}]).encode(),
        }
        assert audited(capsys, written(image, archive_of(files))).code == code


def test_a_file_beside_those_of_an_npm_package(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = {"packages": {"node_modules/p": {"version": "1.0.0", "integrity": "sha512-x"}}}
    files = {
        "app/node_modules/.package-lock.json": json.dumps(lock).encode(),
        "app/node_modules/p/config/prod.properties": WEAK,
        "app/node_modules/p/index.js": b"var DB_PASSWORD = '" + RANDOM.encode() + b"';\n",
    }
    written(image, saved([layer(files)]))
    assert paths(audited(capsys, str(image))) == ["app/node_modules/p/config/prod.properties"]


def test_the_base_may_be_a_compressed_archive(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, top = layer({"etc/a": TOKEN}), layer({"app/b": b"x\n"})
    diff_ids = [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in (base, top)]
    written(image, saved([base, top], {"rootfs": {"type": "layers", "diff_ids": diff_ids}}))
    other = image.parent / "base.tar.gz"
    other.write_bytes(gzip.compress(saved([base], {"rootfs": {"type": "layers", "diff_ids": diff_ids[:1]}})))
    ran = audited(capsys, str(image), "--base", str(other))
    assert [finding["image"]["in_base"] for finding in ran.report["findings"]] == [True]


def test_places_that_are_not_listed_are_counted(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(image, saved([layer({"app/x": TOKEN * 300})]))
    (finding,) = audited(capsys, str(image)).report["findings"]
    assert len(finding["related"]) == 100
    assert finding["message"].endswith("It is in 199 more places.")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_problem_belongs_to_the_layer_it_came_up_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "readable").write_bytes(TOKEN)
    (tmp_path / "secret").write_bytes(TOKEN)
    (tmp_path / "secret").chmod(0)
    ran = audited(capsys, f"rootfs:{tmp_path}")
    assert ran.code == 3
    assert len(ran.errors) == 1
