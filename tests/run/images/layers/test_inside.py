"""What packs others, told by its first bytes, and how the way inside is told apart from the path."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO, cast

import pytest

from auditor.run.images.layers import inside
from auditor.sources.contents import Piece
from auditor.sources.files import Skipped
from tests.sources.images.stores import tar


def zipped(**files: str) -> bytes:
    """A zip; "__" in names stands for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return out.getvalue()


def ar(*members: tuple[bytes, bytes]) -> bytes:
    """An archive of System V."""
    parts = [b"!<arch>\n"]
    for name, data in members:
        parts.append(name.ljust(16) + b"0".ljust(12) + b"0".ljust(6) * 2 + b"100644".ljust(8) + b"%d" % len(data))
        parts[-1] = parts[-1].ljust(58) + b"`\n" + data + b"\n" * (len(data) % 2)
    return b"".join(parts)


def database(path: Path) -> bytes:
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (a)")
    connection.close()
    return path.read_bytes()


OBJECT = b"blob 5\0hello"
TEXT = b"some text\n" * 200


def old_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(TEXT),
        bz2.compress(TEXT),
        lzma.compress(TEXT),
        lzma.compress(TEXT, lzma.FORMAT_ALONE),
        b"\x28\xb5\x2f\xfd" + bytes(20),
        zipped(a="x"),
        zipped(),
        b"PK\x07\x08" + zipped(a="x"),
        tar({"a": b"x"}),
        tar({}, pax={"comment": "x"}),
        old_tar(),
        ar((b"debian-binary", b"2.0\n")),
        b"070701" + b"0" * 104,
        b"\xed\xab\xee\xdb\3\0",
        b"PACK" + struct.pack(">II", 2, 1),
        zlib.compress(OBJECT),
        zlib.compress(OBJECT, 1),
    ],
    ids=range(17),
)
def test_what_packs(data: bytes) -> None:
    assert inside.packs(data[: inside.HEAD])


def test_databases(tmp_path: Path) -> None:
    assert inside.packs(database(tmp_path / "x.db")[: inside.HEAD])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1f",
        b"\x1f\x8b\x07",
        b"PK",
        b"PK\1\2 a central directory without a file",
        b"\x78",
        b"x = 1\n" * 90,
        zlib.compress(TEXT),
        b"\x5d\0\0",
        b"\x5d\0\0\1" + bytes(range(200)),
        b"!<arch>\n/               0           0     0     0       4         `\n",
        ar((b"/SYM64/", b"x")),
        b"PACK my bags",
        tar({"a": b"x"})[:300],
        b"\0" * 257 + b"ustar" + b"\0" * 250,
        b"SQLite format 2\0",
        b"#!/bin/sh\necho 1\n",
        TEXT,
    ],
    ids=range(18),
)
def test_what_does_not(data: bytes) -> None:
    assert not inside.packs(data[: inside.HEAD])


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        (b"#!/usr/bin/env python\n" + zipped(a="x"), True),
        (b"MZ" + bytes(5000) + zipped(a="x"), True),
        (b"#!/usr/bin/env python\n" + zipped(a="x") + b"c" * 65_000, True),
        (b"#!/usr/bin/env python\n" + zipped(a="x") + b"c" * 70_000, False),
        (b"#!/bin/sh\necho\n", False),
        (b"MZ" + bytes(5000), False),
        (b"plain" + zipped(a="x"), False),
        (b"", False),
    ],
)
def test_archives_behind_programs(data: bytes, is_one: bool) -> None:
    assert inside.appended(data) == is_one


def test_contents_at_any_depth() -> None:
    inner = zipped(c__txt="deep")
    data = gzip.compress(tar({"b.zip": inner, "a.txt": b"shallow"}))
    found = {one.path: one.data for one in inside.Opening(8).contents("x.tgz", data) if isinstance(one, Piece)}
    assert {inside.split("x.tgz", path): data for path, data in found.items()} == {
        ("x.tgz", "x.tar!b.zip!c.txt"): b"deep",
        ("x.tgz", "x.tar!a.txt"): b"shallow",
    }


def test_contents_no_deeper_than_asked_for() -> None:
    data = zipped(a="x")
    for _ in range(3):
        data = tar({"in.zip": data})
    found = list(inside.Opening(2).contents("x.tar", data))
    assert [one.path for one in found if isinstance(one, Piece) and one.path.endswith("!a")] == []
    assert any(isinstance(one, Skipped) for one in found)
    assert any(one.path.endswith("!a") for one in inside.Opening(4).contents("x.tar", data))


def test_long_contents_come_in_pieces() -> None:
    data = bytes(range(1, 256)) * 12_000
    pieces = [one for one in inside.Opening(8).contents("x.gz", gzip.compress(data)) if isinstance(one, Piece)]
    assert len(pieces) > 2
    assert b"".join(one.data[one.start : one.end] for one in pieces) == data
    assert max(len(one.data) for one in pieces) <= 1 << 20


def test_damaged_contents_are_told() -> None:
    """Never an exception; that something could not be read is said."""
    whole = gzip.compress(tar({"a.txt": TEXT * 30}))
    for cut in range(12, len(whole) - 9, 7):
        assert any(isinstance(one, Skipped) for one in inside.Opening(8).contents("x.tgz", whole[:cut])), cut


class Clock:
    """Every look at it takes some time."""

    def __init__(self, step: float) -> None:
        self.now = 0.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_the_time_is_for_all_files_of_a_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "PATIENCE", 100)
    clock = Clock(0)
    opening = inside.Opening(8, clock=clock)
    data = gzip.compress(TEXT)
    for _ in range(3):
        for _piece in opening.contents("x.gz", data):
            clock.now += 33  # what is done with a piece is work, too
    assert not opening.over()
    clock.now += 1000  # what is not done for what is packed is none
    assert not opening.over()
    assert [type(one) for one in opening.contents("x.gz", data)] == [Piece]
    for _piece in opening.contents("x.gz", data):
        clock.now += 2
    assert opening.over().startswith("more than the time")
    assert [list(opening.contents("x.gz", data)) for _ in range(5)] == [[]] * 5
    assert opening.unopened == 5


def test_the_time_ends_within_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "PATIENCE", 10)
    opening = inside.Opening(8, clock=Clock(1))
    found = list(opening.contents("x.zip", zipped(**{f"f{number}": "x" for number in range(3000)})))
    assert 0 < len(found) < 3000
    assert isinstance(found[-1], Skipped)
    assert found[-1].reason.startswith("more than the time that there is")


def test_the_time_grows_with_the_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "PATIENCE", 10)
    clock = Clock(0)
    opening = inside.Opening(8, clock=clock)
    for _ in opening.contents("x.gz", gzip.compress(TEXT)):
        clock.now += 30
    assert list(opening.contents("x.gz", gzip.compress(TEXT))) == []
    opening.passed(20 * inside.PACE)
    assert not opening.over()
    assert (opening.unopened, opening.reason[:18]) == (1, "more than the time")
    opening.passed(-inside.PACE)
    assert opening.over()


def test_the_room_is_for_all_files_of_a_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "MOST", 3 * len(TEXT) - 1)
    opening = inside.Opening(8, clock=Clock(0))
    data = gzip.compress(TEXT)
    assert [len(list(opening.contents("x.gz", data))) for _ in range(2)] == [1, 1]
    assert any(isinstance(one, Skipped) for one in opening.contents("x.gz", data))


def test_long_files_may_give_more() -> None:
    """Bounds of one file grow with it: 16 bytes for each, a member for each KiB."""
    limits = inside.Opening(8)._limits
    assert limits(b"")._replace(late=None) == limits(b"x" * 1000)._replace(late=None)
    huge = SimpleNamespace(seek=lambda *_: 400 << 20)
    assert limits(cast("BinaryIO", huge))[1:3] == (400 << 10, 16 * (400 << 20))


@pytest.mark.parametrize(
    ("path", "inner", "shown", "way"),
    [
        ("app/x.jar", "app/x.jar!a/b.txt", "app/x.jar", "a/b.txt"),
        ("app/x.tgz", "app/x.tgz!b.zip!c", "app/x.tgz", "b.zip!c"),
        ("app/x.txt", "app/x.txt", "app/x.txt", ""),
        ("app/a!b", "app/a!b", "app/a!b", ""),
        ("app/a!b.zip", "app/a!b.zip!c", "app/a!b.zip", "c"),
        ("s/.git/objects/ab/cdef", "s/.git/objects/ab/cdef!blob", "s/.git/objects", "ab/cdef!blob"),
        ("s/.git/objects/pack/p.pack", "s/.git/objects/pack/p.pack!0ff", "s/.git/objects/pack", "p.pack!0ff"),
        ("s/.git/objects/ab/cdef", "s/.git/objects/ab/cdef", "s/.git/objects/ab/cdef", ""),
        ("objects/x.zip", "objects/x.zip!a", "objects/x.zip", "a"),
    ],
)
def test_paths_and_ways(path: str, inner: str, shown: str, way: str) -> None:
    assert inside.split(path, inner) == (shown, way)
    assert inside.file_of(shown, way) == path
