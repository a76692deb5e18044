"""What git tracks, as its index says: compared with git itself, and with indexes that are broken."""

from __future__ import annotations

import contextlib
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.gitindex import _NotRead, _paths, tracked

NAMES = ["a", "b/c.env", "b/c.env.local", "secrets/db", "x y", "\u00fc.txt", "d/" + "e" * 200]


def git(folder: Path, *words: str) -> bytes:
    command = ["git", "-c", "core.quotepath=off", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


def repository(folder: Path, version: int) -> Path:
    git(folder, "init", "-q")
    for name in NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    git(folder, "update-index", f"--index-version={version}")
    git(folder, "add", ".")
    (folder / "later").write_text("x")
    if version == 3:
        git(folder, "add", "-N", "later")
    return folder


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("version", [2, 3, 4])
def test_every_version_as_git_says(tmp_path: Path, version: int) -> None:
    folder = repository(tmp_path, version)
    data = (folder / ".git" / "index").read_bytes()
    assert struct.unpack_from(">4sI", data) == (b"DIRC", version)
    assert tracked(str(folder)) == frozenset(git(folder, "ls-files", "-z").decode().split("\0")[:-1])


def test_no_repository(tmp_path: Path) -> None:
    assert tracked(str(tmp_path)) is None
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    assert tracked(str(tmp_path)) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"DIRC",
        b"XXXX" + struct.pack(">II", 2, 0),
        b"DIRC" + struct.pack(">II", 9, 0),
        b"DIRC" + struct.pack(">II", 2, 5),
        b"DIRC" + struct.pack(">II", 2, 1) + b"\0" * 100,
        b"DIRC" + struct.pack(">II", 4, 1) + b"\0" * 60 + b"\0\1" + b"\x7f" + b"a\0" + b"\0" * 40,
        b"DIRC" + struct.pack(">II", 4, 1) + b"\0" * 60 + b"\0\1" + b"\xff" * 40,
    ],
)
def test_what_is_no_index(tmp_path: Path, data: bytes) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_bytes(data)
    assert tracked(str(tmp_path)) is None


@given(st.binary(max_size=400), st.sampled_from([2, 3, 4]), st.integers(0, 5))
def test_any_bytes_are_an_index_or_none(tail: bytes, version: int, count: int) -> None:
    with contextlib.suppress(_NotRead, struct.error, IndexError):
        assert all(_paths(b"DIRC" + struct.pack(">II", version, count) + tail))
