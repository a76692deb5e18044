"""Long files that pack others: opened where they lie, or out of the cache folder, and what happens without room."""

from __future__ import annotations

import functools
import gzip
import io
import os
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.run.images.layers import inside, keeping
from auditor.sources.archives import spool
from tests.run.images.configs import GITHUB, NPM
from tests.run.images.imagemaking import Ran, audited, git_pack, layer, oci, oci_folder, saved, sqlite_database, written
from tests.run.images.test_scan import Piped
from tests.sources.archives.builders import make_ar

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
OTHER = f"NPM_TOKEN={NPM}\n".encode()
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


def hold_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in archives goes into the spool early, too."""
    usual = inside.Opening._limits
    monkeypatch.setattr(inside.Opening, "_limits", lambda self, data: usual(self, data)._replace(held=50_000))


def test_long_databases(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    hold_little(monkeypatch)
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


def deflated(*sizes: int) -> bytes:
    """That many zeros, one after the other as streams of gzip."""
    return b"".join(gzip.compress(bytes(size), mtime=0) for size in sizes)


def one_for_many(data: bytes, count: int) -> bytes:
    """A zip whose directory lists the same member many times."""
    one = stored({"a": data})
    at = one.index(b"PK\x01\x02")
    entry = one[at : one.index(b"PK\x05\x06")]
    return one[:at] + entry * count + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(entry) * count, at, 0)


PLACED = stored({"noise": NOISE, "a.properties": TOKEN})
#: Content, places of what is found in it all the same, errors that make the run incomplete, what is only told.
HOSTILE: dict[str, tuple[bytes, list[str], list[str], list[str]]] = {
    "a bomb among others": (
        stored({"noise": NOISE, "boom": bytes(128 << 20), "z.properties": TOKEN}),
        ["z.properties"],
        ["compressed more than 1,000 to 1"],
        [],
    ),
    "a bomb behind noise": (
        gzip.compress(NOISE, 1, mtime=0) + deflated(*[60 << 20] * 3),
        [],
        ["more than 104,857,600 decompressed bytes"],
        [],
    ),
    "shared bytes": (one_for_many(NOISE, 50), [], ["more than 104,857,600 decompressed bytes"], []),
    "no directory": (
        stored({"a.properties": TOKEN, "noise": NOISE})[:-2000],
        ["a.properties"],
        [],
        ["no central directory", "truncated"],
    ),
    "a directory that lies": (
        PLACED[:-6] + struct.pack("<I", 7) + PLACED[-2:],
        [],
        [],
        ["no header where the directory says"],
    ),
    "a cut stream": (
        gzip.compress(layer({"a.env": TOKEN, "noise": NOISE}), 1, mtime=0)[:-9000],
        ["content!a.env"],
        [],
        ["truncated"],
    ),
    "archives in archives": (stored({"x.tar": layer({"y.jar": PLACED})}), ["x.tar!y.jar!a.properties"], [], []),
    "too many archives in archives": (
        functools.reduce(lambda inner, _: stored({"x": inner, "noise": NOISE[:1000]}), range(9), PLACED),
        [],
        ["nested deeper than 8"],
        [],
    ),
}


@pytest.mark.parametrize("shape", ["archive", "gzip"])
@pytest.mark.parametrize("form", HOSTILE)
def test_hostile_long_files(
    shape: str, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can be read of them is; what comes after them is, too."""
    monkeypatch.setattr(inside, "_TOTAL", 100 << 20)
    data, ways, bounds, told = HOSTILE[form]
    ran = audited(capsys, SHAPES[shape](tmp_path, layer({"srv/x.bin": data, "srv/z.env": TOKEN})))
    assert {str(found[2]) for found in ran.places} == {"srv/z.env", *(f"srv/x.bin!{way}" for way in ways)}
    assert ran.code == (3 if bounds else 1)
    assert len(ran.errors) == len(bounds)
    assert all(bound in error for bound, error in zip(bounds, ran.errors, strict=True))
    reasons = " ".join(skipped["reason"] for skipped in ran.report["targets"][0]["skipped"])
    assert all(reason in reasons for reason in told)


def test_the_room_for_archives_in_archives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the outer one has taken it, the inner one's own bytes are searched; what comes later is opened again."""
    hold_little(monkeypatch)
    monkeypatch.setattr(spool, "MOST", 14 << 20)
    inner = layer({"in.jar": JAR + TOKEN})
    files = {"srv/a.jar": stored({"b.tar": inner, "z.env": OTHER}), "srv/b.jar": JAR}
    ran = audited(capsys, as_gzip(tmp_path, layer(files)))
    assert {str(found[2]) for found in ran.places} == {
        "srv/a.jar!b.tar!in.jar!BOOT-INF/a.properties",
        "srv/a.jar!z.env",
        "srv/b.jar!BOOT-INF/a.properties",
    }
    monkeypatch.setattr(spool, "MOST", 8 << 20)
    ran = audited(capsys, as_gzip(tmp_path, layer(files)))
    assert ran.code == 3
    assert [error.partition(": not read: ")[0] for error in ran.errors] == ["layer 0: srv/a.jar!b.tar!in.jar"]
    assert "srv/b.jar!BOOT-INF/a.properties" in {str(found[2]) for found in ran.places}


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
