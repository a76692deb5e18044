"""Parts of files that are read at any place."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from auditor.sources.images.archive import FileWindow
from auditor.sources.images.slices import Slice

DATA = bytes(range(200))


class Some(io.BytesIO):
    """Gives fewer bytes than asked for."""

    def readinto(self, buffer: object) -> int:
        return super().readinto(memoryview(cast("bytearray", buffer))[:7])


@pytest.fixture
def file(tmp_path: Path) -> BinaryIO:
    """A window on a file, as archives give it, with the data behind 50 other bytes."""
    path = tmp_path / "file"
    path.write_bytes(b"#" * 50 + DATA + b"#" * 50)
    return cast("BinaryIO", FileWindow(os.open(path, os.O_RDONLY), 50, len(DATA), "file"))


def test_any_place(file: BinaryIO) -> None:
    part = Slice(file, 10, 100)
    assert part.seekable()
    assert part.readable()
    assert part.read() == DATA[10:110]
    assert part.read(1) == b""
    assert part.seek(0, io.SEEK_END) == 100
    assert part.seek(-30, io.SEEK_CUR) == 70
    assert part.read(50) == DATA[80:110]
    assert (part.seek(500), part.read(5)) == (500, b"")
    assert (part.seek(99), part.read(5)) == (99, DATA[109:110])
    with pytest.raises(ValueError, match="before"):
        part.seek(-1)


def test_windows_are_sought_in(file: BinaryIO) -> None:
    assert file.seekable()
    assert (file.seek(190), file.read(50)) == (190, DATA[190:])
    assert (file.seek(0, io.SEEK_END), file.read(1)) == (200, b"")
    assert (file.seek(400), file.read(1)) == (400, b"")
    with pytest.raises(ValueError, match="before"):
        file.seek(-201, io.SEEK_END)


def test_files_that_give_less() -> None:
    assert Slice(Some(DATA), 5, 150).read(100) == DATA[5:105]


def test_a_file_that_became_shorter(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(DATA[:20])
    whole = cast("BinaryIO", FileWindow(os.open(path, os.O_RDONLY), 0, 200, "file"))
    with pytest.raises(OSError, match="truncated"):
        Slice(whole, 30, 100).read(10)


def test_closing_closes_the_file() -> None:
    file = io.BytesIO(DATA)
    Slice(file, 0, 10).close()
    assert file.closed
