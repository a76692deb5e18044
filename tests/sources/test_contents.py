"""Which files are found, and that pieces cover every content whole, with overlaps, in bounded memory."""

from __future__ import annotations

import gzip
import io
import os
import py_compile
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from auditor.sources import contents
from auditor.sources.contents import COMPILED, OVERLAP, PIECE, Found, Piece, find, read
from auditor.sources.files import Skipped, UnreadableFile


def plant(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def listed(root: Path, *paths: Path, exclude: tuple[str, ...] = ()) -> tuple[list[str], dict[str, str]]:
    """Relative names of the files found, and why others were left out."""
    skipped: list[Skipped] = []
    found = find(map(str, paths or (root,)), exclude=exclude, skipped=skipped)
    names = [os.path.relpath(file.path, root) for file in found]
    return names, {os.path.relpath(item.path, root): item.reason for item in skipped}


def read_all(path: Path, *, depth: int = 8, named: bool = True) -> tuple[list[Piece], list[Skipped]]:
    items = list(read(Found(str(path), str(path), 0, named), depth=depth))
    return [item for item in items if isinstance(item, Piece)], [item for item in items if isinstance(item, Skipped)]


def test_hidden_files_and_dependencies_are_found(tmp_path: Path) -> None:
    plant(tmp_path, "b.txt", ".env", "node_modules/a/.npmrc", ".git/config", "a/x.bin")
    assert listed(tmp_path)[0] == [".env", "b.txt", ".git/config", "a/x.bin", "node_modules/a/.npmrc"]


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    plant(tmp_path, "a.txt", "old/b.txt", "c.log")
    (tmp_path / "link").symlink_to("a.txt")
    (tmp_path / "folder").symlink_to("old")
    (tmp_path / "dangling").symlink_to("none")
    os.mkfifo(tmp_path / "pipe")
    names, reasons = listed(tmp_path, exclude=("old", "*.log"))
    assert names == ["a.txt"]
    assert reasons == {
        "old": "excluded", "c.log": "excluded", "link": "link", "folder": "link", "dangling": "link",
        "pipe": "no regular file",
    }  # fmt: skip


def test_every_file_once_and_named_ones_always(tmp_path: Path) -> None:
    plant(tmp_path, "a.txt", "b.txt")
    (tmp_path / "link").symlink_to("a.txt")
    names, _ = listed(tmp_path, tmp_path / "b.txt", tmp_path, tmp_path / "a.txt", tmp_path / "link", exclude=("*",))
    assert names == ["b.txt", "a.txt", "link"]


def test_a_link_given_by_name_is_followed_and_no_other(tmp_path: Path) -> None:
    plant(tmp_path, "a.txt")
    (tmp_path / "link").symlink_to("a.txt")
    assert [piece.data for piece in read_all(tmp_path / "link")[0]] == [b"a.txt"]
    with pytest.raises(UnreadableFile):
        read_all(tmp_path / "link", named=False)


@pytest.mark.parametrize("name", ["none", "pipe", "a\0b", ""])
def test_what_cannot_be_opened(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFile):
        list(read(Found(str(tmp_path / name), name, 0, True)))


SIZES = [0, 1, 5, PIECE - OVERLAP - 1, PIECE - OVERLAP, PIECE - OVERLAP + 1, PIECE, 2 * (PIECE - OVERLAP), 3_000_001]


def covers(pieces: list[Piece], data: bytes) -> None:
    """The pieces show all of the data, each byte owned once, and own nothing too near to where they end."""
    owned = b"".join(piece.data[piece.start : piece.end] for piece in pieces)
    assert owned == data
    for piece in pieces:
        assert len(piece.data) <= PIECE + 4
        shown = data[piece.offset : piece.offset + len(piece.data) - piece.lead]
        assert piece.data[piece.lead :] == shown
        assert piece.last == (piece is pieces[-1])
        assert piece.last or len(piece.data) - piece.end >= OVERLAP // 2
        assert piece.offset == 0 or piece.start >= OVERLAP // 2 - 4


@pytest.mark.parametrize("size", SIZES)
def test_pieces_cover_a_file(size: int, tmp_path: Path) -> None:
    data = os.urandom(size // 2) + b"\xe2\x82\xac" * size
    data = b"#" + data[: max(size - 1, 0)] if size else b""
    (tmp_path / "f").write_bytes(data)
    pieces, skipped = read_all(tmp_path / "f")
    covers(pieces, data)
    assert skipped == [] and not any(piece.outer for piece in pieces)


@pytest.mark.parametrize("size", [1, PIECE - OVERLAP, PIECE, 3_000_001])
def test_pieces_cover_what_is_packed(size: int, tmp_path: Path) -> None:
    data = b"#" + bytes(range(1, 256)) * (size // 255 + 1)
    data = data[:size]
    with zipfile.ZipFile(tmp_path / "f.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a", data)
        packed.writestr("b", b"after")
    pieces, skipped = read_all(tmp_path / "f.zip")
    assert skipped == []
    covers([piece for piece in pieces if piece.path.endswith("!a")], data)
    assert [piece.data for piece in pieces if piece.path.endswith("!b")] == [b"after"]
    assert not any(piece.outer for piece in pieces), "compressed bytes say nothing"


def test_an_uncompressed_archives_own_bytes_come_last(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "f.tar", "w") as packed:
        (tmp_path / "a").write_text("inside")
        packed.add(tmp_path / "a", "a")
    pieces, _ = read_all(tmp_path / "f.tar")
    assert [(piece.path.rpartition("!")[2], piece.outer) for piece in pieces][-2:] == [
        ("a", False), (str(tmp_path / "f.tar"), True)
    ]  # fmt: skip


def test_a_member_that_is_cut_off_keeps_its_last_bytes(tmp_path: Path) -> None:
    data = bytes(range(1, 256)) * 12_000
    with tarfile.open(tmp_path / "f.tar", "w") as packed:
        info = tarfile.TarInfo("a")
        info.size = len(data)
        packed.addfile(info, io.BytesIO(data))
    whole = (tmp_path / "f.tar").read_bytes()
    (tmp_path / "f.tar").write_bytes(whole[:2_500_000])
    pieces, skipped = read_all(tmp_path / "f.tar")
    covers([piece for piece in pieces if piece.path.endswith("!a")], data[: 2_500_000 - 512])
    assert [item.reason for item in skipped] != []


def test_the_depth_is_a_choice(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(gzip.compress(b"deep")))
    assert any(piece.data == b"deep" for piece in read_all(tmp_path / "a.gz")[0])
    pieces, skipped = read_all(tmp_path / "a.gz", depth=1)
    assert not any(piece.data == b"deep" for piece in pieces)
    assert [item.reason for item in skipped] == ["nested deeper than 1"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_every_piece_of_wide_text_says_its_encoding(encoding: str, tmp_path: Path) -> None:
    data = ("\ufeff" + "日本語\n" * 400_000).encode(encoding)
    (tmp_path / "f").write_bytes(data)
    pieces, _ = read_all(tmp_path / "f")
    covers(pieces, data)
    mark = "\ufeff".encode(encoding)
    assert len(pieces) > 2 and all(piece.data.startswith(mark) for piece in pieces)
    assert "".join(piece.data[piece.start : piece.end].decode(encoding) for piece in pieces) == data.decode(encoding)


def test_no_character_is_cut_in_two(tmp_path: Path) -> None:
    for shift in range(4):
        data = b"x" * shift + "€😀é".encode() * 300_000
        (tmp_path / "f").write_bytes(data)
        pieces, _ = read_all(tmp_path / "f")
        assert "".join(piece.data[piece.start : piece.end].decode() for piece in pieces) == data.decode()


@pytest.mark.parametrize("size", [0, 10, 1 << 20, (1 << 20) + 1, 5 << 20])
def test_standard_input(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "_STDIN_HELD", 2 << 20)
    data = bytes(range(1, 255)) * (size // 254 + 1)
    data = data[:size]
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    (found,) = find(["-"], stdin_filename="in.txt")
    pieces = [item for item in read(found) if isinstance(item, Piece)]
    covers(pieces, data)
    assert {piece.path for piece in pieces} <= {"in.txt"}


def test_a_long_archive_on_standard_input_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "_STDIN_HELD", 1 << 20)
    data = gzip.compress(os.urandom(2 << 20), 0)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    items = list(read(Found("-", "-", 0, True)))
    assert any(isinstance(item, Skipped) and "not opened" in item.reason for item in items)
    covers([item for item in items if isinstance(item, Piece)], data)


def test_a_file_that_grows_while_it_is_read_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"x" * (5 << 20))
    monkeypatch.setattr(contents, "_GROWTH", -(3 << 20))
    pieces, skipped = read_all(tmp_path / "f")
    assert sum(piece.end - piece.start for piece in pieces) < 4 << 20
    assert [item.reason for item in skipped] == ["grows while it is read; the rest is not read"]


def _compiled(folder: Path, source: str = "password = 'x'\n") -> str:
    module = folder / "app.py"
    module.write_text(source)
    return py_compile.compile(str(module), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)


def test_a_module_is_read_and_what_was_compiled_from_it_is_not(tmp_path: Path) -> None:
    _compiled(tmp_path)
    skipped: list[Skipped] = []
    assert [os.path.basename(found.path) for found in find([str(tmp_path)], skipped=skipped)] == ["app.py"]
    assert [item.reason for item in skipped] == [COMPILED]


def test_what_was_compiled_from_another_text_is_read(tmp_path: Path) -> None:
    compiled = _compiled(tmp_path)
    (tmp_path / "app.py").write_text("password = 'something else'\n")
    assert compiled in [found.path for found in find([str(tmp_path)])]


def test_what_was_compiled_is_read_where_the_module_is_gone_or_it_was_asked_for(tmp_path: Path) -> None:
    compiled = _compiled(tmp_path)
    assert [found.path for found in find([compiled])] == [compiled]
    (tmp_path / "app.py").unlink()
    assert [found.path for found in find([str(tmp_path)])] == [compiled]


@pytest.mark.parametrize("told", [0, 1, 5, 6, 7, 100, 1 << 20])
def test_a_file_whose_size_has_changed_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: int
) -> None:
    """It may grow or shrink between the question and the answer."""
    (tmp_path / "a").write_bytes(b"abcdef")
    real = contents.open_descriptor
    monkeypatch.setattr(contents, "open_descriptor", lambda *a, **k: (real(*a, **k)[0], told))
    assert [one.data for one in contents.read(Found(str(tmp_path / "a"), "a", 6, False))] == [b"abcdef"]


def test_a_small_file_is_read_by_one_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"abcdef")
    monkeypatch.setattr(io, "FileIO", lambda *_: pytest.fail("more is made than needed"))
    assert [one.data for one in contents.read(Found(str(tmp_path / "a"), "a", 6, False))] == [b"abcdef"]


def test_descriptors_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"abcdef")
    before = len(os.listdir("/proc/self/fd"))
    list(contents.read(Found(str(tmp_path / "a"), "a", 6, False)))
    with monkeypatch.context() as patched, pytest.raises(UnreadableFile):
        patched.setattr(os, "fstat", lambda _: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        list(contents.read(Found(str(tmp_path / "a"), "a", 6, False)))
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_that_has_nothing_to_say_yet_is_told() -> None:
    """As the kernel's messages, which were opened without waiting for them."""
    with pytest.raises(OSError, match="(?i)unavailable"):
        list(contents.pieces("a", SimpleNamespace(read=lambda _: None), contents.Limits(), 0))
