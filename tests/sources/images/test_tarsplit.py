"""A layer's tar made again from its unpacked files: byte for byte, and nothing from outside its folder."""

from __future__ import annotations

import base64
import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.images import tarsplit
from auditor.sources.images.model import Problem, SourceError
from auditor.sources.images.tarsplit import Below, tar_again
from tests.sources.images.stores import tar, unpack, write_notes


def read(folder: Path, notes: Path, *, size: int = 1 << 16) -> tuple[bytes, list[Problem]]:
    problems: list[Problem] = []
    made = bytearray()
    buffer = bytearray(size)
    with tar_again(str(folder), str(notes), "layer 0", problems) as stream:
        while count := stream.readinto(buffer):  # type: ignore[attr-defined]
            made += buffer[:count]
    return bytes(made), problems


FILES = {
    "etc/": b"",
    "etc/a": b"alpha",
    "etc/empty": b"",
    "etc/.wh.gone": b"",
    "big": bytes(range(256)) * 300,
    "b": b"x",
}


@pytest.mark.parametrize("size", [1, 7, 512, 1 << 20])
def test_every_byte_comes_back(tmp_path: Path, size: int) -> None:
    data = tar(FILES, pax={"comment": "made by hand"}, tail=b"hidden behind the end")
    unpack(data, tmp_path / "diff", tmp_path / "notes.gz")
    assert read(tmp_path / "diff", tmp_path / "notes.gz", size=size) == (data, [])


@given(st.dictionaries(st.from_regex(r"[a-c]/[a-d]{1,3}", fullmatch=True), st.binary(max_size=2000), max_size=6))
def test_any_files_come_back(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    folder = tmp_path_factory.mktemp("layer")
    data = tar(files)
    unpack(data, folder / "diff", folder / "notes.gz")
    assert read(folder / "diff", folder / "notes.gz") == (data, [])


def test_name_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "diff").mkdir()
    with open(os.fsencode(tmp_path / "diff") + b"/\xff", "wb") as file:
        file.write(b"odd")
    name = base64.b64encode(b"\xff").decode()
    write_notes(tmp_path / "notes.gz", [{"type": 1, "name_raw": name, "size": 3}])
    assert read(tmp_path / "diff", tmp_path / "notes.gz") == (b"odd", [])


def test_what_is_gone_comes_as_zeros_and_is_said(tmp_path: Path) -> None:
    data = tar({"a": b"aaaa", "b": b"bbbb", "c": b"cccc"})
    unpack(data, tmp_path / "diff", tmp_path / "notes.gz")
    (tmp_path / "diff/a").unlink()
    (tmp_path / "diff/b").write_bytes(b"b")
    made, problems = read(tmp_path / "diff", tmp_path / "notes.gz")
    assert made == data.replace(b"aaaa", bytes(4)).replace(b"bbbb", b"b" + bytes(3))
    assert problems == [
        Problem("layer 0", "'a' is not there any more"),
        Problem("layer 0", "'b' is shorter than it was"),
    ]


def test_zeros_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "diff").mkdir()
    write_notes(tmp_path / "notes.gz", [{"type": 1, "name": "gone", "size": 1 << 60}])
    with pytest.raises(SourceError, match="layer 0: too many of its files cannot be read"):
        read(tmp_path / "diff", tmp_path / "notes.gz")


@pytest.mark.parametrize("link", ["../secret", "/secret", "up", "folder"])
def test_nothing_outside_is_read(tmp_path: Path, link: str) -> None:
    (tmp_path / "secret").write_bytes(b"outside")
    folder = tmp_path / "diff"
    folder.mkdir()
    (folder / "up").symlink_to("../secret")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "abs").symlink_to(str(tmp_path / "secret"))
    for name in (link, f"{link}/secret", "abs", "folder/secret", "x/../../secret"):
        write_notes(tmp_path / "notes.gz", [{"type": 1, "name": name, "size": 7}])
        made, problems = read(folder, tmp_path / "notes.gz")
        assert made == bytes(7)
        assert [problem.part for problem in problems] == ["layer 0"]


def test_links_lead_as_if_the_folder_were_the_root(tmp_path: Path) -> None:
    folder = tmp_path / "diff"
    (folder / "usr/lib").mkdir(parents=True)
    (folder / "usr/lib/a").write_bytes(b"1234567")
    (folder / "lib").symlink_to("usr/lib")
    (folder / "abs").symlink_to("/usr/lib")
    (folder / "usr/out").symlink_to("../../../usr/lib")
    for name in ("lib/a", "abs/a", "usr/out/a", "./usr//lib/a", "/usr/lib/a"):
        write_notes(tmp_path / "notes.gz", [{"type": 1, "name": name, "size": 7}])
        assert read(folder, tmp_path / "notes.gz") == (b"1234567", [])


def test_links_in_a_circle_and_pipes_do_not_hold_it_up(tmp_path: Path) -> None:
    folder = tmp_path / "diff"
    folder.mkdir()
    (folder / "x").symlink_to("y")
    (folder / "y").symlink_to("x")
    os.mkfifo(folder / "pipe")
    lines = [{"type": 1, "name": name, "size": 1} for name in ("x/a", "x", "pipe", "", "..", ".", "a\0b")]
    write_notes(tmp_path / "notes.gz", lines)
    made, problems = read(folder, tmp_path / "notes.gz")
    assert made == bytes(len(lines))
    assert len(problems) == len(lines)


DAMAGED = [
    b"{",
    b"[]",
    b'{"type": 3}',
    b'{"type": 1, "name": "a", "size": -1}',
    b'{"type": 1, "name": "a", "size": "7"}',
    b'{"type": 1, "name_raw": "a", "size": 1}',
    b'{"type": 2, "payload": "\\u00e9"}',
    b"[" * 9000,
    b"\xff\xfe",
]


@pytest.mark.parametrize("line", DAMAGED)
def test_damaged_notes_are_said(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "diff").mkdir()
    (tmp_path / "notes.gz").write_bytes(gzip.compress(line + b"\n"))
    with pytest.raises(SourceError, match=r"layer 0: the engine's notes on its tar are damaged"):
        read(tmp_path / "diff", tmp_path / "notes.gz")


def test_notes_cut_short_or_not_compressed(tmp_path: Path) -> None:
    unpack(tar(FILES), tmp_path / "diff", tmp_path / "notes.gz")
    whole = (tmp_path / "notes.gz").read_bytes()
    for data in (whole[:-20], b"plain", whole[:40] + b"\0" * 40):
        (tmp_path / "notes.gz").write_bytes(data)
        with pytest.raises(SourceError, match="damaged"):
            read(tmp_path / "diff", tmp_path / "notes.gz")


def test_endless_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarsplit, "_LONGEST", 1000)
    (tmp_path / "diff").mkdir()
    write_notes(tmp_path / "notes.gz", [{"type": 2, "payload": "A" * 4000}])
    with pytest.raises(SourceError, match="damaged"):
        read(tmp_path / "diff", tmp_path / "notes.gz")


def test_missing_folder_or_notes(tmp_path: Path) -> None:
    (tmp_path / "diff").mkdir()
    write_notes(tmp_path / "notes.gz", [])
    for folder, notes in (("none", "notes.gz"), ("diff", "none")):
        with pytest.raises(SourceError, match="layer 0: cannot be read: No such file"):
            tar_again(str(tmp_path / folder), str(tmp_path / notes), "layer 0", [])


def test_handles_are_given_back(tmp_path: Path) -> None:
    unpack(tar({"a/b/c": b"1", "a/d/e": b"2" * 9000}), tmp_path / "diff", tmp_path / "notes.gz")
    (tmp_path / "diff/a/l").symlink_to("b")
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else pytest.skip("needs /proc")
    for _ in range(3):
        read(tmp_path / "diff", tmp_path / "notes.gz")
        with tar_again(str(tmp_path / "diff"), str(tmp_path / "notes.gz"), "x", []) as stream:
            stream.read(5000)
        below = Below(str(tmp_path / "diff"))
        os.close(below.file(b"a/l/c"))
        with pytest.raises(OSError, match="No such file"):
            below.file(b"a/l/none/x")
        below.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_two_readers_have_positions_of_their_own(tmp_path: Path) -> None:
    data = tar({"a": b"alpha", "b": b"beta"})
    unpack(data, tmp_path / "diff", tmp_path / "notes.gz")
    again = (str(tmp_path / "diff"), str(tmp_path / "notes.gz"), "x", [])
    with tar_again(*again) as one, tar_again(*again) as two:
        assert one.read(600) + two.read(600) == data[:600] * 2
        assert one.read() == two.read() == data[600:]


def test_closed_reader_reads_nothing(tmp_path: Path) -> None:
    unpack(tar({"a": b"alpha"}), tmp_path / "diff", tmp_path / "notes.gz")
    stream = tar_again(str(tmp_path / "diff"), str(tmp_path / "notes.gz"), "x", [])
    stream.close()
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        stream.read(1)
