"""Headers of tars: fields as the standard library writes them, and fields that nobody should have written."""

from __future__ import annotations

import tarfile
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.images.tarheaders import (
    LONGEST_NAME,
    Extended,
    Header,
    header_of,
    map_size,
    normal,
    pax,
    text,
    usual,
)
from tests.sources.images.walks import header

_FORMS: tuple[Literal[0, 1], ...] = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT)


@given(
    st.text("abc/._é", min_size=1, max_size=40).filter(lambda name: name.strip("/")),
    st.integers(0, 2**33 - 1),
    st.sampled_from([b"0", b"1", b"2", b"3", b"4", b"5", b"6"]),
    st.text("xyz/", max_size=40),
    st.sampled_from(_FORMS),
)
def test_fields_of_the_standard_library(name: str, size: int, kind: bytes, link: str, form: Literal[0, 1]) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    info.devmajor, info.devminor = (7, 8) if kind in b"34" else (0, 0)
    found = header_of(info.tobuf(form, "utf-8", "surrogateescape"))
    assert found is not None
    assert (found.path.rstrip("/"), found.kind, found.size) == (name.rstrip("/"), kind, size)
    assert found.link == (link if kind in b"12" else "")
    assert found.device == ((7, 8) if kind == b"3" else (0, 0))
    assert not found.mapped


@pytest.mark.parametrize(
    ("field", "size"),
    [
        (b"00000001750\0", 1000),
        (b"   1750 \0\0\0\0", 1000),
        (b"\0" * 12, 0),
        (b" " * 12, 0),
        (b"777777777777", 8**12 - 1),
        (b"\x80" + (2**70).to_bytes(11, "big"), 2**70),
        (b"\xff" * 11 + b"\xfe", None),
        (b"-0000001750\0", None),
        (b"+0000001750\0", None),
        (b"1_750".ljust(12, b"\0"), None),
        (b"0o1750".ljust(12, b"\0"), None),
        (b"17 50".ljust(12, b"\0"), None),
        (b"00000001950\0", None),
        (b"size".ljust(12, b"\0"), None),
    ],
)
def test_sizes(field: bytes, size: int | None) -> None:
    found = header_of(header(raw={124: field}))
    assert (found and found.size) == size
    assert (found is None) == (size is None)


def test_old_headers_are_known_by_their_checksum() -> None:
    old = header(b"name", 5, kind=b"\0", raw={257: bytes(255)})
    assert header_of(old) == Header("name", b"0", 5, "", (0, 0))
    assert header_of(old[:30] + b"x" + old[31:]) is None
    assert header_of(bytes(512)) is None
    assert header_of(b"\x7fELF".ljust(512, b"\1")) is None


def test_the_prefix_belongs_to_posix_only() -> None:
    assert header_of(header(b"name", raw={345: b"some/folder"})) == Header("some/folder/name", b"0", 0, "", (0, 0))
    gnu = header_of(header(b"name", raw={257: b"ustar  \0", 345: b"some/folder"}))
    assert gnu and gnu.path == "name"


@given(
    st.binary(max_size=4),
    st.text("abc/._é", min_size=1, max_size=40).filter(lambda name: name.strip("/")),
    st.integers(0, 2**33 - 1),
    st.sampled_from([b"0", b"\0", b"7", b"1", b"2", b"3", b"5", b"S", b"x", b"L"]),
    st.sampled_from(_FORMS),
    st.dictionaries(
        st.sampled_from([0, 99, 124, 130, 135, 156, 257, 263, 345, 500]), st.binary(max_size=13), max_size=2
    ),
)
def test_the_short_way_reads_what_the_long_one_does(
    before: bytes, name: str, size: int, kind: bytes, form: Literal[0, 1], raw: dict[int, bytes]
) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    head = bytearray(info.tobuf(form, "utf-8", "surrogateescape")[-512:])
    for place, field in raw.items():
        head[place : place + len(field)] = field
    told = usual(bytearray(before + head[:512]), len(before))
    known = header_of(bytes(head[:512]))
    if told is not None:
        assert known is not None
        assert told == (normal(known.path), str(known.kind, "ascii"), known.size if known.kind == b"0" else 0)


@pytest.mark.parametrize("kind", [b"0", b"\0", b"7", b"5"])
def test_the_short_way_is_taken(kind: bytes) -> None:
    expected = ("a/name", "5", 0) if kind == b"5" else ("a/name", "0", 5)
    assert usual(bytearray(header(b"./a/name", 5, kind=kind)), 0) == expected


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"x", b"L", b"S"])
def test_the_short_way_is_not_for_others(kind: bytes) -> None:
    assert usual(bytearray(header(b"name", 5, kind=kind)), 0) is None


def test_names_end_at_the_first_zero() -> None:
    found = header_of(header(b"name\0hidden", kind=b"2", raw={157: b"link\0hidden"}))
    assert found and (found.path, found.link) == ("name", "link")


@pytest.mark.parametrize(
    ("stored", "path"),
    [
        ("a/b", "a/b"),
        ("./a/b", "a/b"),
        ("/etc/passwd", "etc/passwd"),
        ("../../etc/passwd", "etc/passwd"),
        ("a/../b", "b"),
        ("srv/../srv/a", "srv/a"),
        ("a/b/../../../../c", "c"),
        ("a/..", ""),
        ("a/./b//c/", "a/b/c"),
        (".", ""),
        ("..", ""),
        (".hidden", ".hidden"),
        ("a/.hidden/..x", "a/.hidden/..x"),
        ("", ""),
    ],
)
def test_normal_paths(stored: str, path: str) -> None:
    assert normal(stored) == path


@given(st.text("ab./", max_size=12))
def test_no_path_leads_out(path: str) -> None:
    parts = normal(path).split("/")
    assert parts == [""] or not {"", ".", ".."} & set(parts)
    assert normal(normal(path)) == normal(path)


def test_text_keeps_every_byte() -> None:
    assert text("é".encode()) == "é"
    assert text(b"a\xff").encode("utf-8", "surrogateescape") == b"a\xff"


def record(key: bytes, value: bytes) -> bytes:
    """One record of a pax header: its length counts itself."""
    size = len(key) + len(value) + 3
    length = size + len(str(size))
    length = size + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


_PAX = st.sampled_from([b"path", b"linkpath", b"comment", b"SCHILY.xattr.user.x", b"SCHILY.xattr.y"])


@given(st.lists(st.tuples(_PAX, st.binary(max_size=120)), max_size=8))
def test_pax_records(pairs: list[tuple[bytes, bytes]]) -> None:
    told = pax(b"".join(record(*pair) for pair in pairs), Extended())
    last = dict(pairs)
    assert told.path == (text(last[b"path"]) if b"path" in last else None)
    assert told.link == (text(last[b"linkpath"]) if b"linkpath" in last else None)
    assert told.size is None
    assert list(told.xattrs) == [(text(k[13:]), v) for k, v in pairs if k.startswith(b"SCHILY")]


def test_pax_sizes() -> None:
    assert pax(record(b"size", b"1000"), Extended()).size == 1000
    for bad in (b"-1", b"", b"1e3", b"9" * 20, b" 1", "\u0661".encode()):
        assert pax(record(b"size", bad), Extended()).size is None


@pytest.mark.parametrize(
    "damaged",
    [b"x", b"0 path=a\n", b"-5 path=a\n", b"2 path=a\n", b" path=a\n", b"9999999999999 path=a\n", b"\xb2 path=a\n"],
)
def test_damaged_records_end_the_reading(damaged: bytes) -> None:
    before = record(b"linkpath", b"kept")
    told = pax(before + damaged + record(b"path", b"lost"), Extended())
    assert told == Extended(link="kept")


@given(st.binary(max_size=200))
def test_pax_never_raises(data: bytes) -> None:
    told = pax(data, Extended(path="a"))
    assert told.path is not None and len(told.path) <= LONGEST_NAME


def test_bounds_of_pax() -> None:
    told = pax(record(b"path", b"n" * 9000) + record(b"SCHILY.xattr.a", b"v") * 1000, Extended())
    assert told.path == "n" * LONGEST_NAME
    assert len(told.xattrs) == 64


_VERSION = record(b"GNU.sparse.major", b"1") + record(b"GNU.sparse.minor", b"0")
_NAME = record(b"GNU.sparse.name", b"real")


@pytest.mark.parametrize(
    ("records", "path"),
    [
        (_VERSION + _NAME + record(b"path", b"GNUSparseFile.0/x"), "real"),
        (record(b"path", b"GNUSparseFile.0/x") + _VERSION + _NAME, "real"),
        (_NAME + record(b"GNU.sparse.map", b"0,1"), "real"),
        (_NAME + record(b"GNU.sparse.major", b"0") + record(b"GNU.sparse.minor", b"1"), "real"),
        (_VERSION + record(b"GNU.sparse.name", b"") + record(b"path", b"x"), "x"),
        (_VERSION + record(b"path", b"x"), "x"),
        (_NAME + record(b"path", b"x"), "x"),
        (_NAME + record(b"GNU.sparse.major", b"7") + record(b"path", b"x"), "x"),
        (_VERSION + record(b"GNU.sparse.name", b"n" * 9000), "n" * LONGEST_NAME),
    ],
)
def test_names_of_sparse_files(records: bytes, path: str) -> None:
    """Only what says it is sparse is named by that record: Go's archive/tar, with which engines unpack, does so."""
    assert pax(records, Extended()).path == path


def test_what_came_before_stays() -> None:
    told = pax(record(b"path", b"new"), Extended(path="old", link="kept", xattrs=(("a", b"1"),)))
    assert told == Extended(path="new", link="kept", xattrs=(("a", b"1"),))


def test_maps_of_sparse_files() -> None:
    more, last = bytes(504) + b"\1" + bytes(7), bytes(512)
    assert map_size(memoryview(last + more)) == 512
    assert map_size(memoryview(more + more + last)) == 3 * 512
    assert map_size(memoryview(more)) == 1024, "goes on beyond what is there"
    assert map_size(memoryview(b"")) == 512
    assert map_size(memoryview(more * 5000)) == 100 * 512
    found = header_of(header(kind=b"S", raw={482: b"\1"}))
    assert found and found.mapped
    found = header_of(header(kind=b"0", raw={482: b"\1"}))
    assert found and not found.mapped
