"""The walk through a layer's tar, against the standard library's reader and against tars made by hand."""

from __future__ import annotations

import io
import random
import tarfile
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.sources.images import layertar
from auditor.sources.images.layertar import BLOCK, FILE, HIDDEN, OVERLAP, PAX, WHOLE
from tests.sources.images.walks import END, header, made, member, second_reader, walk

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
    st.dictionaries(st.sampled_from(["comment", "SCHILY.xattr.user.a", "SCHILY.xattr.b"]), st.text("uvw", max_size=900)),
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
    return "/".join(part for part in path.split("/") if part not in ("", ".", ".."))


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


def test_pieces_share_what_a_word_at_their_border_needs() -> None:
    content = noise(3 * BLOCK)
    pieces = [piece for piece in walk(member(b"a", content) + END).pieces if piece.kind == FILE]
    assert len(pieces) > 2
    for before, after in zip(pieces, pieces[1:], strict=False):
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


def test_truncated_at_any_byte(small: None) -> None:
    """No exception, all bytes that are no header are there, and that something is missing is said."""
    first, second = noise(700), noise(9000, 1)
    parts = [member(b"a", first), member(b"long", second)]
    data = b"".join(parts) + END
    for cut in range(0, len(data) - 1023, 13):
        found = walk(data[:cut], overlap=512)
        contents = first[: max(0, cut - 512)] + second[: max(0, cut - len(parts[0]) - 512)]
        given = b"".join(piece.owned for piece in found.pieces if piece.kind == FILE)
        assert given == contents, cut
        assert found.problems or cut < 512, cut


@pytest.mark.parametrize(
    ("cut", "problem"),
    [
        (512 + 100, "truncated in the middle of a file"),
        (512 + 1024, "no end mark; it may be truncated"),
        (1536 + 512 + 5000, "truncated in the middle of a file"),
    ],
)
def test_what_is_said_of_a_truncated_tar(small: None, cut: int, problem: str) -> None:
    data = member(b"a", noise(700)) + member(b"b", noise(9000))
    assert walk(data[:cut], overlap=512).problems == [problem]


def test_a_problem_of_the_stream_is_told() -> None:
    assert walk(member(b"a", b"x"), problem="connection lost").problems == ["connection lost"]
    assert walk(member(b"a", b"x") + END, problem="connection lost").problems == ["connection lost"]


@settings(max_examples=200)
@given(st.data())
def test_never_raises_for_damaged_tars(data: st.DataObject) -> None:
    """Bytes anywhere in it changed: it ends, no byte has two owners (`walk` checks), and content is still there."""
    tar = bytearray(
        member(b"a", noise(700)) + member(b"././@LongLink", b"n" * 600, kind=b"L") + member(b"b", noise(5000)) + END
    )
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(tar) - 1))
        some = data.draw(st.binary(min_size=1, max_size=12))
        tar[at : at + len(some)] = some
    cut = data.draw(st.integers(0, len(tar)))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _SMALL.items():
            patch.setattr(layertar, name, value)
        found = walk(bytes(tar[:cut]), overlap=512)
    assert found.members <= len(tar) // 512


@pytest.mark.parametrize("size", [2**33, 2**63, 2**70, 2**87])
def test_sizes_that_no_content_has(small: None, size: int) -> None:
    rest = noise(3000)
    found = walk(header(b"a", size) + rest, overlap=512)
    assert found.entries[0].size == size
    assert found.files() == [("a", rest)]
    assert found.problems == ["truncated in the middle of a file"]


@pytest.mark.parametrize("field", [b"-0000001000\0", b"-1", b"\xff" * 12, b"+0000000012", b"1_0", b"0o7", b"9999", b"\x81"])
def test_a_size_that_is_none(field: bytes) -> None:
    """Nothing goes back in the tar, and the rest is read."""
    started = time.monotonic()
    rest = member(b"b", b"content of b") + END
    found = walk(header(b"a", raw={124: field.ljust(12, b"\0")}) + rest)
    assert found.entries == []
    assert b"content of b" in found.hidden()
    assert len(found.problems) == 1
    assert time.monotonic() - started < 5


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
    assert found.of(PAX) == [("", record)]


def test_pax_records_are_given(small: None) -> None:
    record = b"30 comment=what nobody reads\n"[:29] + b"\n"
    found = walk(member(b"pax", record, kind=b"x") + member(b"a", b"x") + END)
    assert found.of(PAX) == [("", record)]


@pytest.mark.parametrize("size", [2049, 30_000])
def test_extended_headers_that_are_too_long(small: None, size: int) -> None:
    record = noise(size)
    found = walk(member(b"pax", record, kind=b"x") + member(b"a", b"x") + END, overlap=512)
    assert found.of(PAX) == [("", record)]
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


@pytest.mark.parametrize("most", [1, 2, 5])
def test_no_more_headers_than_allowed(most: int) -> None:
    data = b"".join(member(b"%d" % number, b"content %d" % number) for number in range(5)) + END
    found = walk(data, most=most)
    assert len(found.entries) == found.members == min(most, 5)
    for number in range(most, 5):
        assert b"content %d" % number in found.hidden()
    assert found.problems == ([f"more than {most:,} files; names of the rest are not read"] if most < 5 else [])


def test_millions_of_entries_take_bounded_time() -> None:
    started = time.process_time()
    found = walk(header(b"a") * 100_000 + END, most=50_000)
    assert found.members == 50_000
    assert time.process_time() - started < 20
