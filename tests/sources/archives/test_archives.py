"""Archives opened in memory: every format, nested, damaged, hostile; and every cut is said."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import random
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.archives import Limits, Member, git, members
from auditor.sources.archives.compressed import DECODERS
from auditor.sources.files import Skipped
from tests.sources.archives import builders
from tests.sources.archives.builders import ALL, SECRET, walk

FILES = st.dictionaries(
    st.text("abcdefgh./_-é ", min_size=1, max_size=20).filter(lambda name: not name.endswith(("/", " "))),
    st.binary(min_size=1, max_size=300).map(lambda data: b"x" + data),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("name", ALL)
def test_every_format_gives_its_content(name: str) -> None:
    found, skipped = walk(ALL[name])
    assert any(SECRET.strip() in data for data in found.values())
    assert skipped == {}


@pytest.mark.parametrize("name", ALL)
def test_an_open_file_reads_as_bytes_do_and_stays_open(name: str) -> None:
    file = io.BytesIO(ALL[name])
    assert list(members("f", file)) == list(members("f", ALL[name]))
    assert not file.closed


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"plain text\n" * 100, b"PK", b"\0" * 2000, b"BZhello", b"SQLite format 4", b"#!/bin/sh\necho PK\n"],
)
def test_what_packs_nothing_gives_nothing(data: bytes) -> None:
    found, _ = walk(data)
    assert found == {}


@pytest.mark.parametrize("make", [builders.make_zip, builders.make_tar, builders.make_cpio])
@given(files=FILES)
def test_round_trip(make: object, files: dict[str, bytes]) -> None:
    assert callable(make)
    found, skipped = walk(make(files))
    assert skipped == {}
    assert {path: data for path, data in found.items() if not path.endswith("#pax")} == {
        f"f!{name}": data for name, data in files.items()
    }


@given(st.binary(max_size=3000), st.integers(1, 700))
def test_long_contents_come_in_pieces(data: bytes, piece: int) -> None:
    items = list(members("f.gz", gzip.compress(b"x" + data, mtime=0), Limits(piece=piece)))
    assert all(isinstance(item, Member) and len(item.data) <= piece for item in items)
    assert [item.last for item in items if isinstance(item, Member)] == [False] * (len(items) - 1) + [True]
    assert b"".join(item.data for item in items if isinstance(item, Member)) == b"x" + data


def test_the_path_names_the_way() -> None:
    jar = builders.make_zip({"META-INF/x.properties": SECRET})
    data = gzip.compress(builders.make_tar({"opt/app.war": builders.make_zip({"WEB-INF/lib/a.jar": jar})}), mtime=0)
    paths = [item.inner_path for item in members("l.tgz", data) if isinstance(item, Member)]
    assert paths == ["l.tgz!l.tar!opt/app.war!WEB-INF/lib/a.jar!META-INF/x.properties"]


def test_a_program_with_an_archive_behind_it() -> None:
    found, skipped = walk(b"#!/usr/bin/env python3\n" + builders.make_zip({"__main__.py": SECRET}))
    assert (found, skipped) == ({"f!__main__.py": SECRET}, {})


@pytest.mark.parametrize("join", [gzip.compress, bz2.compress, lzma.compress])
def test_members_of_a_stream_follow_each_other(join: object) -> None:
    assert callable(join)
    assert list(walk(join(b"first ") + join(b"second"))[0].values()) == [b"first second"]


def test_zstd_is_read_or_said_to_be_skipped() -> None:
    frame = b"\x28\xb5\x2f\xfd\x20" + bytes([len(SECRET)]) + struct.pack("<I", len(SECRET) << 3 | 1)[:3] + SECRET
    found, skipped = walk(frame)
    if DECODERS["zstd"]() is None:
        assert skipped == {"f": "no library for zstd is installed"}
    else:
        assert (list(found.values()), skipped) == ([SECRET], {})


def test_members_that_share_a_name_or_leave_the_folder_are_only_named() -> None:
    found, _ = walk(builders.make_tar({"../../etc/passwd": b"a", "/abs": b"b"}))
    assert found == {"f!../../etc/passwd": b"a", "f!/abs": b"b"}


def test_a_wrong_checksum_keeps_the_content() -> None:
    data = bytearray(builders.make_zip({"x": SECRET}, zipfile.ZIP_STORED))
    data[data.index(SECRET) + 3] ^= 1
    found, skipped = walk(bytes(data))
    assert len(found["f!x"]) == len(SECRET) and skipped == {"f!x": "checksum differs"}
    packed = gzip.compress(SECRET, mtime=0)
    found, skipped = walk(packed[:-8] + b"\0\0\0\0" + packed[-4:])
    assert (found, skipped) == ({"f!content": SECRET}, {"f!content": "checksum differs"})


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [(8, b"\x01\0", "encrypted"), (10, b"\x63\0", "encrypted"), (10, b"\x17\0", "unknown compression method 23")],
)
def test_what_cannot_be_unpacked_is_said(offset: int, value: bytes, reason: str) -> None:
    data = bytearray(builders.make_zip({"x": SECRET}))
    at = data.index(b"PK\x01\x02") + offset
    data[at : at + 2] = value
    assert walk(bytes(data)) == ({}, {"f!x": reason})


def test_an_archive_without_its_directory_is_read_in_order() -> None:
    data = builders.make_zip({"x": SECRET, "y": b"second"})
    found, skipped = walk(data[: data.index(b"PK\x01\x02")])
    assert found == {"f!x": SECRET, "f!y": b"second"}
    assert skipped == {"f": "no central directory; members read in order"}


def test_bytes_behind_a_broken_tar_header_are_kept() -> None:
    found, skipped = walk(builders.make_tar({"x": b"1"})[:1024] + SECRET * 40)
    assert found["f!rest"] == SECRET * 40 and "f" in skipped


def test_a_delta_before_its_base_is_resolved_at_the_end() -> None:
    found, skipped = walk(builders.make_pack(b"base\n", SECRET, named=True, first=False))
    assert b"base\n" + SECRET in found.values() and skipped == {}


def test_a_delta_without_its_base_is_said() -> None:
    other = bytearray(builders.make_pack(b"base\n" * 9, SECRET, named=True))
    name = hashlib.sha1(b"blob 45\0" + b"base\n" * 9).digest()
    at = other.index(name)
    other[at] ^= 0xFF
    assert "the base of a delta is missing" in walk(bytes(other))[1].values()


def test_objects_too_long_for_memory_are_read_in_pieces() -> None:
    """And what comes after them, in their pack, all the same."""
    long, limits = SECRET * 1000, Limits(held=20_000, piece=5000)
    name = hashlib.sha1(b"blob %d\0" % len(long) + long).hexdigest()
    data = builders.make_plain_pack((2, long), (3, long), (3, SECRET))
    found, skipped = walk(data, limits)
    assert found[f"f!blob/{name}"] == long
    assert (sorted(found.values(), key=len), skipped) == ([SECRET, long], {})


@pytest.mark.parametrize("named", [True, False])
def test_deltas_on_objects_too_long_for_memory_are_said(named: bool) -> None:
    base = random.Random(3).randbytes(30_000)
    found, skipped = walk(builders.make_pack(base, SECRET, named=named), Limits(held=20_000))
    assert list(found.values()) == [base]
    assert list(skipped.values()) == ["object too large to rebuild in memory"]


def test_deltas_too_long_for_memory_are_said() -> None:
    blobs = builders.make_plain_pack((3, b"x"), (7, SECRET * 1000), (3, SECRET))
    at = blobs.index(zlib.compress(SECRET * 1000))
    data = blobs[:at] + hashlib.sha1(b"blob 1\0x").digest() + blobs[at:]
    found, skipped = walk(data, Limits(held=20_000))
    assert sorted(found.values()) == [SECRET, b"x"]
    assert list(skipped.values()) == ["object too large to rebuild in memory"]


@pytest.mark.parametrize("size", [len(SECRET) * 1000 - 1, len(SECRET) * 1000 + 1])
def test_long_objects_of_another_length_are_damaged(size: int) -> None:
    data = builders.make_plain_pack((3, SECRET * 1000), (3, b"x"))
    head = builders.pack_header(3, len(SECRET) * 1000)
    found, skipped = walk(data.replace(head, builders.pack_header(3, size), 1), Limits(held=20_000))
    assert skipped == {"f!@12": "damaged; later objects are not read"}
    assert not found


def test_bases_that_were_not_kept_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "_NAMES", 0)
    found, skipped = walk(builders.make_pack(b"base\n" * 50, SECRET, named=True))
    assert list(found.values()) == [b"base\n" * 50]
    assert list(skipped.values()) == ["more than 0 objects in a pack: the base of a delta was not kept"]


def test_a_database_in_write_ahead_mode_and_its_views() -> None:
    data = bytearray(
        builders.make_sqlite([("root", "hunter2")], "CREATE VIEW v AS SELECT hex(randomblob(9)) FROM users")
    )
    data[18:20] = b"\2\2"
    assert walk(bytes(data)) == ({"f!users": b"name: root, password: hunter2\n"}, {})


def test_an_encrypted_database_is_said() -> None:
    data = b"SQLite format 3\0" + os.urandom(4080)
    assert set(walk(data)[1].values()) <= {"encrypted or damaged database", "damaged database"}
    assert walk(data)[1]


@pytest.mark.parametrize("name", ALL)
def test_cut_anywhere_never_raises_and_is_said(name: str) -> None:
    data = ALL[name]
    whole, _ = walk(data)
    for end in range(0, len(data), max(len(data) // 300, 1)):
        found, skipped = walk(data[:end])
        # An ar archive has no end mark: one that ends between two members looks complete.
        if found and found != whole and name != "a.deb":
            assert skipped, end


@pytest.mark.parametrize("name", ["x.gz", "x.xz", "x.bz2", "loose"])
def test_a_cut_stream_is_reported(name: str) -> None:
    _, skipped = walk(ALL[name][:-3])
    assert "truncated" in skipped.values()


@given(st.sampled_from(sorted(ALL)), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes_never_raise(name: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(ALL[name])
    for at, value in changes:
        data[at % len(data)] = value
    items = list(members("f", bytes(data), Limits(total=1 << 22, members=1000, steps=10_000, held=1 << 20)))
    assert all(isinstance(item, Member | Skipped) for item in items)


MAGICS = st.sampled_from([data[:40] for data in ALL.values()] + [b""])


@given(MAGICS, st.binary(max_size=600))
def test_any_bytes_behind_a_magic_never_raise(magic: bytes, data: bytes) -> None:
    limits = Limits(total=1 << 22, members=1000, steps=10_000, held=1 << 20)
    for item in members("f", magic + data, limits):
        assert isinstance(item, Member | Skipped)


def test_bytecode_strings_are_read_without_unmarshalling() -> None:
    found, _ = walk(ALL["m.pyc"])
    lines = found["f!strings"].split(b"\n")
    assert b"key" in lines and b"A" in lines


def module_of(objects: int) -> bytes:
    """A compiled module whose code object begins with a list of so many nulls and a string."""
    # Version, flags, time, size; a code object of five numbers, the first of its objects is that list.
    head = (3531).to_bytes(2, "little") + b"\r\n" + bytes(12) + b"c" + bytes(20)
    return head + b"[" + (objects + 1).to_bytes(4, "little") + b"N" * objects + b"z\x06string" + b"N" * 20


@pytest.mark.parametrize("objects", [10, 1023, 1024, 1025, 5000])
def test_objects_of_a_module_are_counted(objects: int) -> None:
    found, skipped = walk(module_of(objects), Limits(steps=objects // 2))
    assert not any(b"string" in content for content in found.values())
    assert skipped == {"f": f"more than {objects // 2:,} steps of work; the rest is not read"}
    found, _ = walk(module_of(objects), Limits(steps=objects + 50))
    assert any(b"string" in content for content in found.values())


def test_the_clock_ends_long_modules() -> None:
    _, skipped = walk(module_of(70_000), Limits(late=lambda: "more than enough"))
    assert "more than enough; the rest is not read" in skipped.values()
