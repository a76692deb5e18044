"""Directories as tars: faithful, the same each time, within bounds, and nothing from outside."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.images import folder as walking
from auditor.sources.images import tarmaking
from auditor.sources.images.model import Problem, SourceError
from auditor.sources.images.rootfs import RootSource, tar_of
from tests.sources.images.layouts import read_all

ROOT = os.geteuid() == 0 if hasattr(os, "geteuid") else False


def packed(
    folder: Path, *, overlay: bool = False
) -> tuple[dict[str, tarfile.TarInfo], dict[str, bytes], list[Problem]]:
    """The members of the tar of a directory, their contents, and the problems."""
    problems: list[Problem] = []
    data = read_all(tar_of(str(folder), overlay=overlay, problems=problems))
    assert data == read_all(tar_of(str(folder), overlay=overlay, problems=[]))
    assert len(data) % 512 == 0
    with tarfile.open(fileobj=io.BytesIO(data), errorlevel=2) as archive:
        members = archive.getmembers()
        contents = {m.name: archive.extractfile(m).read() for m in members if m.isreg()}  # type: ignore[union-attr]
    assert [member.name for member in members] == list(dict.fromkeys(member.name for member in members))
    return {member.name: member for member in members}, contents, problems


def test_tree(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir(mode=0o750)
    (tmp_path / "etc" / "motd").write_bytes(b"hello\n")
    (tmp_path / "etc" / "motd").chmod(0o4711)
    (tmp_path / "etc" / "empty").touch()
    (tmp_path / "big").write_bytes(bytes(range(256)) * 9000)
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(".")
    long = "n" * 200
    (tmp_path / long).mkdir()
    (tmp_path / long / long).symlink_to("t" * 300)
    (tmp_path / "\udcff").write_bytes(b"no UTF-8")
    members, contents, problems = packed(tmp_path)
    assert not problems
    assert contents["etc/motd"] == b"hello\n"
    assert contents["etc/empty"] == b""
    assert contents["big"] == bytes(range(256)) * 9000
    assert contents["\udcff"] == b"no UTF-8"
    assert members["etc/motd"].mode == 0o4711
    assert members["etc"].mode == 0o750
    assert members["etc/motd"].uid == (tmp_path / "etc").stat().st_uid
    assert members["etc/motd"].mtime == int((tmp_path / "etc/motd").stat().st_mtime)
    assert members["link"].linkname == "/etc/passwd"
    assert members["loop"].issym()
    assert members[f"{long}/{long}"].linkname == "t" * 300


def test_hard_links_are_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"once")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    members, contents, _ = packed(tmp_path)
    assert (members["b"].type, members["b"].linkname) == (tarfile.LNKTYPE, "a")
    assert contents == {"a": b"once"}


def test_sockets_and_pipes_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.mknod(tmp_path / "socket", stat.S_IFSOCK | 0o600)
    members, contents, problems = packed(tmp_path)
    assert members["pipe"].isfifo()
    assert list(members) == ["pipe"]
    assert not contents
    assert not problems


@pytest.mark.skipif(ROOT, reason="root may read everything")
def test_what_may_not_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "file").chmod(0)
    (tmp_path / "folder").mkdir(mode=0)
    _, _, problems = packed(tmp_path)
    assert [problem.part for problem in problems] == ["file", "folder"]


def test_what_cannot_be_opened_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad").write_bytes(b"x")
    (tmp_path / "good").write_bytes(b"y")
    real = os.open

    def refuse(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if path == "bad":
            raise PermissionError(13, "Permission denied")
        return real(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "supports_dir_fd", {refuse})
    _, contents, problems = packed(tmp_path)
    assert contents == {"good": b"y"}
    assert problems == [Problem("bad", "Permission denied")]


def test_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 5000)
    (tmp_path / "b").write_bytes(b"after")
    problems: list[Problem] = []
    with tar_of(str(tmp_path), problems=problems) as stream:
        head = stream.read(512)
        (tmp_path / "a").write_bytes(b"x" * 100)
        data = head + stream.read()
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert archive.extractfile("a").read() == b"x" * 100 + bytes(4900)  # type: ignore[union-attr]
        assert archive.extractfile("b").read() == b"after"  # type: ignore[union-attr]
    assert problems == [Problem("a", "shorter than it was")]


def test_huge_holes_are_left_out(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.seek(1 << 40)
        file.write(b"the end")
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(1 << 40)
    members, contents, problems = packed(tmp_path)
    assert contents["sparse"].strip(bytes(1)) == b"the end"
    assert members["sparse"].size < 1 << 20
    assert members["hole"].size == 0
    assert not problems


def test_depth_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_DEEPEST", 3)
    (tmp_path / "a/b/c/d").mkdir(parents=True)
    (tmp_path / "z").write_bytes(b"still there")
    members, contents, problems = packed(tmp_path)
    assert list(members) == ["a", "a/b", "a/b/c", "z"]
    assert problems == [Problem("a/b/c/", "not read: nested deeper than 3 folders")]
    assert contents == {"z": b"still there"}


def test_problems_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_DEEPEST", 1)
    monkeypatch.setattr(walking, "_MOST_PROBLEMS", 2)
    for number in range(5):
        (tmp_path / str(number)).mkdir()
    _, _, problems = packed(tmp_path)
    assert [problem.part for problem in problems] == ["0/", "1/", "files"]
    assert problems[-1].message == "3 more could not be read"


def test_many_names_come_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_SORTED", 2)
    for name in "edcba":
        (tmp_path / name).touch()
    assert sorted(packed(tmp_path)[0]) == list("abcde")


def test_handles_are_given_back(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_bytes(bytes(100_000))
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for size in (1, 600, 1600, 2000):
        with tar_of(str(tmp_path), problems=[]) as stream:
            stream.read(size)
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert before == after


def _attribute(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except (OSError, AttributeError):
        pytest.skip(f"extended attributes {name.partition('.')[0]}.* cannot be set here")


def test_extended_attributes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    _attribute(tmp_path / "file", "user.note", b"a=b\n" * 40)
    members, contents, _ = packed(tmp_path)
    assert members["file"].pax_headers["SCHILY.xattr.user.note"] == "a=b\n" * 40
    assert contents == {"file": b"x"}


@pytest.mark.skipif(not ROOT, reason="only root makes devices")
def test_overlay_whiteouts(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    os.mknod(tmp_path / "etc" / "gone", stat.S_IFCHR | 0o600, os.makedev(0, 0))
    os.mknod(tmp_path / "null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    members, contents, _ = packed(tmp_path, overlay=True)
    assert list(members) == ["etc", "etc/.wh.gone", "null"]
    assert contents == {"etc/.wh.gone": b""}
    assert (members["null"].devmajor, members["null"].devminor) == (1, 3)
    members, _, _ = packed(tmp_path)
    assert members["etc/gone"].ischr()


@pytest.mark.skipif(not ROOT, reason="only root sets trusted attributes")
def test_overlay_opaque_folders(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "new").write_bytes(b"x")
    _attribute(tmp_path / "etc", "trusted.overlay.opaque", b"y")
    _attribute(tmp_path, "trusted.overlay.opaque", b"y")
    members, _, _ = packed(tmp_path, overlay=True)
    assert list(members) == [".wh..wh..opq", "etc", "etc/.wh..wh..opq", "etc/new"]
    assert not members["etc"].pax_headers
    assert list(packed(tmp_path)[0]) == ["etc", "etc/new"]


def test_source(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (image,) = RootSource("rootfs:x", str(tmp_path)).images()
    assert (image.config, len(image.layers)) == ({}, 1)
    with tarfile.open(fileobj=io.BytesIO(read_all(image.open(image.layers[0])))) as archive:
        assert archive.getnames() == ["a"]
    with pytest.raises(SourceError, match="not a directory"):
        RootSource("x", str(tmp_path / "a"))
    with pytest.raises(SourceError, match="cannot be read"):
        tar_of(str(tmp_path / "none"), problems=[])


@given(
    st.binary(min_size=1, max_size=300).map(lambda name: name.replace(b"\0", b"x").strip(b"/") or b"x"),
    st.sampled_from([0, 1, 8**11 - 1, 8**11, 1 << 50]),
    st.integers(0, 1 << 32),
    st.integers(-(1 << 33), 1 << 40),
)
def test_headers_are_read_as_they_were_meant(name: bytes, size: int, owner: int, modified: int) -> None:
    made = tarmaking.header(name, tarmaking.REGULAR, size=size, owner=(owner, owner), modified=modified)
    assert len(made) % 512 == 0
    with tarfile.open(fileobj=io.BytesIO(made), errorlevel=2) as archive:
        member = archive.next()
    assert member is not None
    assert (member.size, member.uid, member.gid, member.mtime) == (size, owner, owner, modified)
    assert member.name == name.decode("utf-8", "surrogateescape")
