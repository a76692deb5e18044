"""Archive files of images (`docker save`, OCI archives): read anywhere, each part straight from the file."""

from __future__ import annotations

import io
import os
import stat
import threading

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images.bundle import Bundle
from auditor.sources.images.bundled import images_in
from auditor.sources.images.inflate import LayerStream
from auditor.sources.images.members import BLOCK, Tape, members
from auditor.sources.images.model import Source, SourceError
from auditor.sources.images.slices import placed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from auditor.sources.images.model import Image

#: Headers are read through a window of this many bytes, since documents are small and lie together.
_WINDOW = 1 << 14
#: Where nothing reads at a place, the file's position is shared.
_ONE_READER = threading.Lock()


class FileWindow(io.RawIOBase):
    """A part of an open file, with a position of its own. Raises SourceError where the file ends too early."""

    def __init__(self, handle: int, start: int, size: int, name: str) -> None:
        self._handle = handle
        self._start = self._at = start
        self._end = start + size
        self._name = name

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the part. Raises ValueError for one before it."""
        place = placed(offset, whence, self._at - self._start, self._end - self._start)
        self._at = self._start + place
        return place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer straight from the file."""
        view = memoryview(buffer).cast("B")[: max(self._end - self._at, 0)]
        if not view:
            return 0
        try:
            count = read_at(self._handle, view, self._at)
        except OSError as error:
            raise SourceError(f"{self._name} cannot be read: {error.strerror}") from None
        if not count:
            raise SourceError(f"{self._name} is truncated")
        self._at += count
        return count


def read_at(handle: int, view: memoryview, place: int) -> int:
    """Read bytes from a place of an open file, whoever else reads it; 0 at its end."""
    if hasattr(os, "preadv"):
        return os.preadv(handle, [view], place)
    with _ONE_READER:
        os.lseek(handle, place, os.SEEK_SET)
        data = os.read(handle, len(view))
    view[: len(data)] = data
    return len(data)


class FileBundle(Bundle):
    """The members of an archive file. The handle stays open until `close`."""

    def __init__(self, handle: int) -> None:
        super().__init__()
        self._handle = handle
        tape = _FileTape(handle)
        for member in members(tape):
            self.add(member)
        self.problems.extend(tape.problems)

    def open(self, path: str) -> BinaryIO:
        """A window on the file."""
        name = self.resolved(path)
        if not name:
            raise SourceError(f"{path} is missing")
        member = self._files[name]
        # A BufferedReader would copy every byte once more.
        return FileWindow(self._handle, member.start, member.size, name)  # type: ignore[return-value]

    def content(self, path: str) -> bytes:
        """All of a file, read from its place."""
        with self.open(path) as stream:
            return stream.read()

    def begins(self, path: str) -> bytes:
        """The first bytes of any file."""
        try:
            with self.open(path) as stream:
                return stream.read(BLOCK)
        except SourceError:
            return b""

    def close(self) -> None:
        """Close the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class _FileTape(Tape):
    """The file as a tape: contents are jumped over."""

    def __init__(self, handle: int) -> None:
        super().__init__()
        self._handle = handle
        self._size = os.fstat(handle).st_size
        self._buffer = bytearray(_WINDOW)
        self._begin = self._filled = 0

    def read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            if not self._begin <= self.at < self._begin + self._filled:
                self._begin = self.at
                self._filled = read_at(self._handle, memoryview(self._buffer), self.at)
                if not self._filled:
                    break
            offset = self.at - self._begin
            piece = self._buffer[offset : min(self._filled, offset + size - len(data))]
            data += piece
            self.at += len(piece)
        return bytes(data)

    def forward(self, place: int) -> bool:
        self.at = place
        return place <= self._size


class ArchiveSource(Source):
    """The images of an archive file that have a tag or a digest ("" = all), for a platform."""

    def __init__(self, name: str, handle: int, *, tag: str, platform: str) -> None:
        super().__init__(name)
        try:
            self._bundle = FileBundle(handle)
        except OSError as error:
            os.close(handle)
            raise SourceError(f"{name}: cannot be read: {error.strerror}") from None
        self._tag = tag
        self._platform = platform

    def images(self) -> Sequence[Image]:
        """As the archive's own documents list them; what is left of them if these are missing."""
        return images_in(self.name, self._bundle, tag=self._tag, platform=self._platform)

    def close(self) -> None:
        """Close the file."""
        self._bundle.close()


def open_archive(name: str, path: str, *, tag: str = "", platform: str = "") -> Source:
    """The archive in a file; one that is compressed as a whole, or a pipe, passes by once. Raises SourceError."""
    from auditor.sources.images.passing import PassingArchive  # start-up: only needed for what is compressed

    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'no file name'}") from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode) or _is_compressed(handle):
            return PassingArchive(name, open(handle, "rb", buffering=0), tag=tag, platform=platform)
    except OSError as error:
        os.close(handle)
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from None
    return ArchiveSource(name, handle, tag=tag, platform=platform)


def _is_compressed(handle: int) -> bool:
    """Whether a file is compressed as a whole; its position stays where it is."""
    head = bytearray(BLOCK)
    count = read_at(handle, memoryview(head), 0)
    return bool(LayerStream(io.BytesIO(head[:count]), verify=False).form)
