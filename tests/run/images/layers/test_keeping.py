"""Long files that pack others: opened where they lie, or out of the cache folder, and what happens without room."""

from __future__ import annotations

import gzip
import io
import os
import random
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.run.images.layers import inside, keeping
from auditor.sources.archives import spool
from tests.run.images.configs import GITHUB
from tests.run.images.imagemaking import Ran, audited, git_pack, layer, oci, oci_folder, saved, sqlite_database, written
from tests.run.images.test_scan import Piped
from tests.sources.archives.builders import make_ar

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
#: More than is read of a layer at once.
NOISE = random.Random(5).randbytes(5 << 20)


def stored(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


JAR = stored({"noise": NOISE, "BOOT-INF/a.properties": TOKEN})
DEB = make_ar(
    {
        "debian-binary": b"2.0\n",
        "control.tar.gz": gzip.compress(layer({"./control": b"Package: x\n"}), mtime=0),
        "data.tar.gz": gzip.compress(layer({"./noise": NOISE, "./srv/a.env": TOKEN}), 1, mtime=0),
    }
)
FILES = {
    "jar": ("srv/app.jar", JAR, "srv/app.jar!BOOT-INF/a.properties"),
    "tar.gz": (
        "srv/b.tar.gz",
        gzip.compress(layer({"noise": NOISE, "a.env": TOKEN}), 1, mtime=0),
        "srv/b.tar.gz!b.tar!a.env",
    ),
    "jar in a tar": ("srv/b.tar", layer({"app.jar": JAR}), "srv/b.tar!app.jar!BOOT-INF/a.properties"),
    "program": ("usr/bin/tool", b"\x7fELF" + bytes(4000) + JAR, "usr/bin/tool!BOOT-INF/a.properties"),
    "package": ("var/cache/x.deb", DEB, "var/cache/x.deb!data.tar.gz!data.tar!./srv/a.env"),
    "pack": ("app/.git/objects/pack/pack-1.pack", git_pack(NOISE, TOKEN), "app/.git/objects/pack!pack-1.pack!blob/"),
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A cache folder of its own, and little memory; nothing is left in the folder."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("AUDIT_CACHE_DIR", str(folder))
    monkeypatch.setattr(spool, "IN_MEMORY", 100_000)
    yield folder
    assert not [name for name in os.listdir(folder) if "prefilter" not in name]


def as_archive(tmp_path: Path, tar: bytes) -> str:
    return written(tmp_path / "image.tar", saved([tar]))


def as_gzip(tmp_path: Path, tar: bytes) -> str:
    return written(tmp_path / "image.tar", oci([tar]))


def as_folder(tmp_path: Path, tar: bytes) -> str:
    return f"oci:{oci_folder(tmp_path / 'layout', [tar])}"


def as_root(tmp_path: Path, tar: bytes) -> str:
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        archive.extractall(tmp_path / "root", filter="data")
    return f"rootfs:{tmp_path / 'root'}"


SHAPES: dict[str, Callable[[Path, bytes], str]] = {
    "archive": as_archive,
    "gzip": as_gzip,
    "folder": as_folder,
    "root": as_root,
}


def check(ran: Ran, place: str) -> None:
    assert (ran.code, ran.errors) == (1, [])
    assert [str(found[2])[: len(place)] for found in ran.places] == [place]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("form", FILES)
def test_long_files(shape: str, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, data, place = FILES[form]
    check(audited(capsys, SHAPES[shape](tmp_path, layer({path: data, "srv/z": b"z"}))), place)


@pytest.mark.parametrize("form", FILES)
def test_long_files_on_the_standard_input(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, data, place = FILES[form]
    monkeypatch.setattr("sys.stdin", Piped(saved([layer({path: data})])))
    check(audited(capsys, "-"), place)


def test_long_databases(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    usual = inside.Opening._limits
    monkeypatch.setattr(inside.Opening, "_limits", lambda self, data: usual(self, data)._replace(held=50_000))
    text = NOISE.hex() + " " + TOKEN.decode()
    tar = layer({"srv/a.db": sqlite_database(text, tmp_path / "scratch")})
    for shape in (as_archive, as_gzip):
        ran = audited(capsys, shape(tmp_path, tar))
        assert (ran.code, ran.errors) == (1, [])
        assert {str(found[2]) for found in ran.places} == {"srv/a.db!settings"}


def test_nothing_is_written_where_the_layer_can_be_read_in_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun(*_: object) -> None:
        raise AssertionError("a content was written")

    monkeypatch.setattr(spool.Spool, "begin", begun)
    for form in ("jar", "tar.gz", "program"):
        path, data, place = FILES[form]
        check(audited(capsys, as_archive(tmp_path, layer({path: data}))), place)


def test_without_room_the_bytes_are_searched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "MOST", 4 << 20)
    files = {"srv/app.jar": JAR + TOKEN, "srv/other.env": TOKEN}
    ran = audited(capsys, as_gzip(tmp_path, layer(files)))
    assert ran.code == 3
    (error,) = ran.errors
    assert error.startswith("layer 0: srv/app.jar: not read: larger than there is room for in the cache folder")
    assert {str(found[2]) for found in ran.places} == {"srv/app.jar", "srv/other.env"}


def test_layers_that_end_within_a_long_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = layer({"srv/app.jar": JAR})[: 5 << 20]
    for shape in (as_archive, as_gzip):
        ran = audited(capsys, shape(tmp_path, cut))
        assert ran.code == 3
        assert any("truncated in the middle of a file" in error for error in ran.errors)


def test_lists_of_packages_are_bounded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_LIST", 4 << 20)
    ran = audited(capsys, as_archive(tmp_path, layer({"var/lib/dpkg/status": b"Package: x\n" * 500_000})))
    assert ran.code == 3
    assert "larger than 4 MiB: not read as a list of a package" in ran.errors[0]


def test_the_time_for_one_layer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inside, "PATIENCE", -1)
    files = {f"srv/{number}.gz": gzip.compress(TOKEN, mtime=0) for number in range(300)}
    ran = audited(capsys, as_archive(tmp_path, layer({**files, "srv/a.env": TOKEN})))
    assert ran.code == 3
    (error,) = ran.errors
    told = "more than the time that there is to open what is packed in one layer: 300 packed files not opened"
    assert told in error
    (skipped,) = ran.report["targets"][0]["skipped"]
    assert told in skipped["reason"]
    assert [found[2] for found in ran.places] == ["srv/a.env"]


def test_what_was_not_opened_is_told_where_time_came_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layer that goes on for long gives time for what comes later."""
    monkeypatch.setattr(inside, "PATIENCE", -2)
    monkeypatch.setitem(inside.Opening.__init__.__kwdefaults__, "clock", lambda: 0.0)
    packed = gzip.compress(TOKEN, mtime=0)
    tar = layer({"srv/a.gz": packed, "srv/noise": NOISE * 4, "srv/z.gz": packed})
    ran = audited(capsys, as_archive(tmp_path, tar))
    assert ran.code == 3
    assert [found[2] for found in ran.places] == ["srv/z.gz!z"]
    assert ["1 packed file not opened" in error for error in ran.errors] == [True]
