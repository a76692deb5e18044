"""The walk through a layer's tar, against the standard library's reader and against tars made by hand."""

from __future__ import annotations

import io
import posixpath
import random
import tarfile
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.sources.images import layertar
from auditor.sources.images.layertar import BLOCK, OVERLAP, WHOLE
from auditor.sources.images.tarblocks import FILE, HIDDEN, PAX, Entry, Segment
from tests.sources.images.walks import END, Stream, header, made, member, second_reader, walk

_OTHER_KINDS = (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)
_SMALL = {"WHOLE": 2048, "BLOCK": 8192}
_EDGES = [0, 1, 511, 512, 513, 2047, 2048, 2049, 8191, 8192, 8193, 9000, 20_000, 40_000]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so short that everything happens at their borders."""
    for name, value in _SMALL.items():
        monkeypatch.setattr(layertar, name, value)


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes none of which is zero."""
    return random.Random(seed).randbytes(size).replace(b"\0", b"\1")


_NAME = st.one_of(
    st.text("abc/.é-", min_size=1, max_size=12),
    st.text("xyz/", min_size=90, max_size=300),
    st.sampled_from(["./a", "/etc/passwd", "../../b", "d/./e//f", "\udcff\udcfe"]),
)
_MEMBER = st.tuples(
    _NAME,
    st.one_of(st.sampled_from(_EDGES), st.integers(0, 3000)),
    st.sampled_from([tarfile.REGTYPE] * 6 + list(_OTHER_KINDS)),
    st.dictionaries(
        st.sampled_from(["comment", "SCHILY.xattr.user.a", "SCHILY.xattr.b"]), st.text("uvw", max_size=900)
    ),
)


def _archive(members: list[tuple[str, int, bytes, dict[str, str]]], form: int) -> bytes:
    def fill(archive: tarfile.TarFile) -> None:
        for number, (name, size, kind, pax) in enumerate(members):
            if not name.strip("/"):
                continue
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = f"to/{name}"
            if kind == tarfile.CHRTYPE:
                info.devmajor, info.devminor = number, 3
            if form == tarfile.PAX_FORMAT:
                info.pax_headers = dict(pax)
            info.size = size if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(noise(info.size, number)))

    return made(fill, form)


def _plain(path: str) -> str:
    return posixpath.normpath(f"/{path}").lstrip("/")


@settings(max_examples=150)
@given(
    st.lists(_MEMBER, min_size=1, max_size=8),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    st.sampled_from([(1 << 30,), (1,), (7, 1000, 1), (512,), (8192,), (8193, 3)]),
    st.sampled_from([512, 600, 1024]),
)
def test_reads_what_the_standard_library_reads(
    members: list[tuple[str, int, bytes, dict[str, str]]], form: int, sizes: tuple[int, ...], overlap: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _SMALL.items():
            patch.setattr(layertar, name, value)
        data = _archive(members, form)
        found = walk(data, sizes, overlap=overlap)
    expected = list(second_reader(data))
    assert found.problems == []
    assert [(e.path, e.kind.encode(), e.size) for e in found.entries] == [
        (_plain(one.name), one.type, one.size) for one, _ in expected
    ]
    assert found.files() == [(_plain(one.name), content) for one, content in expected if content]
    assert [e.link for e in found.entries] == [one.linkname for one, _ in expected]
    assert [e.device for e in found.entries if e.kind == "3"] == [
        (one.devmajor, one.devminor) for one, _ in expected if one.type == tarfile.CHRTYPE
    ]
    assert [dict(e.xattrs) for e in found.entries] == [
        {key[13:]: value.encode() for key, value in one.pax_headers.items() if key.startswith("SCHILY.xattr.")}
        for one, _ in expected
    ]
    assert found.hidden() == b""


def test_ustar_with_a_prefix() -> None:
    name = "/".join(["directory"] * 20) + "/file"
    data = _archive([(name, 5, tarfile.REGTYPE, {})], tarfile.USTAR_FORMAT)
    assert walk(data).files() == [(name, noise(5))]


@pytest.mark.parametrize("edge", [512, 513, WHOLE - 1, WHOLE, WHOLE + 1, BLOCK - 512, BLOCK, BLOCK + 1, 2 * BLOCK + 77])
def test_sizes_at_the_borders(edge: int) -> None:
    first, second = noise(edge), noise(700, 1)
    found = walk(member(b"a", first) + member(b"b", second) + END)
    assert found.files() == [("a", first), ("b", second)]
    assert found.problems == []
    whole = [piece for piece in found.pieces if piece.path == "a"]
    assert (len(whole) == 1) == (edge <= WHOLE or edge + 512 <= BLOCK)
    assert [piece.last for piece in whole] == [False] * (len(whole) - 1) + [True]


@pytest.mark.parametrize("before", range(0, 9 * 1024, 512))
def test_a_long_content_begins_anywhere_in_a_block(small: None, before: int) -> None:
    """Only its first piece has the offset 0 (`walk` checks that): others take it for a new file."""
    long = noise(30_000)
    filler = member(b"f", noise(1000)) * (before // 1536)
    filler += header(b"e") * ((before - len(filler)) // 512)
    found = walk(filler + member(b"long", long) + END, overlap=2048)
    assert found.files()[-1] == ("long", long)
    assert sum(piece.path == "long" and not piece.offset for piece in found.pieces) == 1


@pytest.mark.parametrize(("size", "pieces"), [(2047, 1), (2048, 1), (2049, 2)])
def test_short_contents_are_given_in_one_piece(small: None, size: int, pieces: int) -> None:
    """Also where a block ends in the middle of them."""
    found = walk(member(b"f", noise(1500)) * 3 + header(b"e") * 2 + member(b"a", noise(size)) + END, overlap=256)
    assert found.files()[-1] == ("a", noise(size))
    assert sum(piece.path == "a" for piece in found.pieces) == pieces


def test_pieces_share_what_a_word_at_their_border_needs() -> None:
    content = noise(3 * BLOCK)
    pieces = [piece for piece in walk(member(b"a", content) + END).pieces if piece.kind == FILE]
    assert len(pieces) > 2
    for before, after in pairwise(pieces):
        assert after.own[0] - after.place >= OVERLAP // 2
        assert before.place + len(before.data) - before.own[1] >= OVERLAP // 2
        assert before.own[1] == after.own[0]


def test_many_long_files(small: None) -> None:
    contents = [noise(2049 + 997 * number, number) for number in range(60)]
    data = b"".join(member(b"%d" % number, content) for number, content in enumerate(contents)) + END
    found = walk(data, (777,), overlap=1024)
    assert found.files() == [(str(number), content) for number, content in enumerate(contents)]
    assert found.problems == []


@pytest.mark.parametrize("size", [1, 300, 1900, 2000, 2049, 5001, 8200, 20_001])
def test_padding_is_read(small: None, size: int) -> None:
    hidden = b"hidden in the padding"
    data = member(b"a", noise(size), padding=hidden) + member(b"b", b"x") + END
    for sizes in ((1 << 30,), (1,), (513,)):
        found = walk(data, sizes, overlap=512)
        assert found.of(HIDDEN) == [("a", hidden.ljust(-size % 512, b"\0"))]
        assert [path for path, _ in found.files()] == ["a", "b"]
        assert found.problems == []


@pytest.mark.parametrize("zeros", [1024, 1536, 10_240])
@pytest.mark.parametrize("size", [1, 512, 700, 30_000])
def test_bytes_behind_the_end_mark_are_read(small: None, zeros: int, size: int) -> None:
    found = walk(member(b"a", b"x") + bytes(zeros) + noise(size), overlap=512)
    assert found.hidden() == noise(size)
    assert found.problems == []


def test_one_block_of_zeros_is_no_end(small: None) -> None:
    found = walk(member(b"a", b"x") + bytes(512) + member(b"b", b"y") + END)
    assert found.files() == [("a", b"x"), ("b", b"y")]
    assert found.problems == []


def test_what_stands_instead_of_a_header_is_read(small: None) -> None:
    rest = noise(15_001)
    found = walk(member(b"a", b"x") + rest, overlap=512)
    assert found.files() == [("a", b"x")]
    assert found.hidden() == rest
    assert found.problems == ["no tar header where one should be; names of the rest are not read"]


@pytest.mark.parametrize("data", [b"", bytes(512), bytes(20_000)])
def test_nothing(data: bytes) -> None:
    assert walk(data) == ([], [], [], 0)


def test_no_tar_at_all() -> None:
    found = walk(b"not a tar")
    assert found.hidden() == b"not a tar"
    assert found.entries == []


def test_links_and_folders_have_no_content() -> None:
    data = b"".join(header(kind, 4096, kind=kind) for kind in (b"1", b"2", b"3", b"4", b"5", b"6"))
    found = walk(data + member(b"a", b"x") + END)
    assert [entry.path for entry in found.entries] == ["1", "2", "3", "4", "5", "6", "a"]
    assert found.files() == [("a", b"x")]


def test_size_in_a_pax_header_counts() -> None:
    content = noise(1000)
    record = b"13 size=1000\n"
    data = member(b"pax", record, kind=b"x") + header(b"a", 0) + content + bytes(24) + member(b"b", b"y") + END
    found = walk(data)
    assert found.files() == [("a", content), ("b", b"y")]
    assert found.of(PAX) == [("a", record)]


def test_pax_records_are_given(small: None) -> None:
    record = b"30 comment=what nobody reads\n"[:29] + b"\n"
    found = walk(member(b"pax", record, kind=b"x") + header(b"a", kind=b"5") + header(b"b", kind=b"5") + END)
    assert found.of(PAX) == [("a", record)], "with the path of the member after it"


@pytest.mark.parametrize("size", [2049, 30_000])
def test_extended_headers_that_are_too_long(small: None, size: int) -> None:
    record = noise(size)
    found = walk(member(b"pax", record, kind=b"x") + member(b"a", b"x") + END, overlap=512)
    assert b"".join(piece.owned for piece in found.pieces if piece.kind == PAX) == record
    assert found.files() == [("a", b"x")]
    assert found.problems == ["an extended header is too long to be read"]


def test_long_names_of_gnu_end_at_the_zero() -> None:
    """As for every runtime; what stands behind it is hidden there."""
    record = b"name" * 40 + b"\0hidden\0"
    found = walk(member(b"././@LongLink", record, kind=b"L") + member(b"short", b"x") + END)
    assert [entry.path for entry in found.entries] == ["name" * 40]
    assert b"hidden" in found.hidden()


def test_names_are_cut_and_the_rest_is_read() -> None:
    record = b"n" * 5000 + b"rest of the name\0"
    found = walk(member(b"././@LongLink", record, kind=b"L") + member(b"short", b"x") + END)
    assert len(found.entries[0].path) == 4096
    assert b"rest of the name" in found.hidden()


@pytest.mark.parametrize("stated", [True, False])
def test_sparse_files_of_pax_have_their_own_name(stated: bool) -> None:
    """Version 1.0: the map stands before the content (GNU tar manual, "PAX 1")."""
    content = noise(900)
    info = tarfile.TarInfo("GNUSparseFile.0/disk")
    info.pax_headers = {"GNU.sparse.name": "var/disk.img", "GNU.sparse.realsize": "100000", "path": info.name}
    if stated:
        info.pax_headers |= {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    body = b"1\n0\n900\n".ljust(512, b"\0") + content
    info.size = len(body)
    found = walk(made(lambda archive: archive.addfile(info, io.BytesIO(body))))
    assert found.problems == []
    assert found.files() == [("var/disk.img" if stated else "GNUSparseFile.0/disk", body)]
    assert [piece.path for piece in found.pieces if piece.kind == PAX] == [found.entries[0].path]


@pytest.mark.parametrize("extensions", [0, 1, 3])
def test_old_sparse_files_of_gnu(extensions: int) -> None:
    """Blocks with more of the map stand between header and content (GNU tar manual, "Standard": oldgnu_header)."""
    entry = b"%011o\0%011o\0"
    content = noise(900)
    raw = {257: b"ustar  \0", 386: entry % (0, 900), 482: bytes([extensions > 0]), 483: b"%011o\0" % 5000}
    more = [(entry % (5000, 0)).ljust(504, b"\0") + bytes([number + 1 < extensions]) for number in range(extensions)]
    data = header(b"s", 900, kind=b"S", raw=raw) + b"".join(one.ljust(512, b"\0") for one in more)
    data += content + bytes(124) + member(b"b", b"y") + END
    [(first, _), (second, _)] = second_reader(data)
    assert (first.name, second.name) == ("s", "b")
    found = walk(data)
    assert found.problems == []
    assert found.files() == [("s", content), ("b", b"y")]


def test_members_and_segments_are_whole() -> None:
    """They are made without a look at how many fields there are."""
    data = member(b"a", b"x" * 600) + header(b"b/", kind=b"5") + member(b"l", b"", kind=b"2") + END
    (block,) = layertar.LayerTar(Stream(data)).blocks()
    assert [len(entry) for entry in block.entries] == [len(Entry._fields)] * 3
    assert {len(segment) for segment in block.segments} == {len(Segment._fields)}
