"""A directory with a root file system, as an image with one layer: a tar made while it is read."""

from __future__ import annotations

import io
import os

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images.folder import Body, Walk
from auditor.sources.images.model import Image, Layer, Problem, Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from typing import BinaryIO


def tar_of(directory: str, *, overlay: bool = False, problems: list[Problem]) -> BinaryIO:
    """A directory as a stream of tar bytes, the same each time; no link is followed, no device is read.

    With `overlay` it is the upper directory of an overlay file system, whose deletions become whiteouts as layers have
    them. What cannot be read is added to `problems` while the stream is read. Raises SourceError if the directory
    itself cannot be read.
    """
    if os.open not in os.supports_dir_fd:
        raise SourceError(f"{directory}: directories cannot be read as images on this system")
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except (OSError, ValueError) as error:
        raise SourceError(f"{directory}: cannot be read: {getattr(error, 'strerror', '') or 'no path'}") from None
    # The reader fills its caller's buffers from here; a BufferedReader would copy once more.
    return _Tar(Walk(overlay, problems).pieces(handle), problems)  # type: ignore[return-value]


class RootSource(Source):
    """A directory as one image without a config."""

    def __init__(self, name: str, directory: str) -> None:
        super().__init__(name)
        if not os.path.isdir(directory):
            raise SourceError(f"{directory}: not a directory")
        self._directory = directory

    def images(self) -> Sequence[Image]:
        """The one image."""
        return [_RootImage(self.name, self._directory)]


class _RootImage(Image):
    def __init__(self, name: str, directory: str) -> None:
        super().__init__(name)
        self._directory = directory
        self.layers = [Layer(0, "rootfs")]

    def open(self, layer: Layer) -> BinaryIO:
        """The directory as a tar; what cannot be read becomes a problem of the image."""
        return tar_of(self._directory, problems=self.problems)


class _Tar(io.RawIOBase):
    """The pieces as a stream. Buffers are filled as far as there are bytes."""

    def __init__(self, pieces: Generator[bytes | Body, None, None], problems: list[Problem]) -> None:
        self._pieces = pieces
        self._problems = problems
        self._bytes = memoryview(b"")
        self._body: Body | None = None
        self._gone: Body | None = None
        self._extent = 0
        self._at = 0

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; fewer bytes only at the end."""
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view):
            if self._body is not None:
                filled += self._copy(self._body, view[filled:])
            elif self._bytes:
                count = min(len(self._bytes), len(view) - filled)
                view[filled : filled + count] = self._bytes[:count]
                self._bytes = self._bytes[count:]
                filled += count
            elif not self._more():
                break
        return filled

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        if isinstance(piece, Body):
            self._body, self._extent, self._at = piece, 0, 0
        elif piece is not None:
            self._bytes = memoryview(piece)
        return piece is not None

    def _copy(self, body: Body, view: memoryview) -> int:
        """Copy some of a file. Its length is promised by its header: what is gone meanwhile is filled with zeros."""
        offset, length = body.extents[self._extent]
        view = view[: length - self._at]
        try:
            count = os.preadv(body.handle, [view], offset + self._at)
            reason = "shorter than it was"
        except OSError as error:
            count, reason = 0, error.strerror or "cannot be read"
        if not count and self._gone is not body:
            self._gone = body
            self._problems.append(Problem(body.name, reason))
        if not count:
            view[:] = bytes(len(view))
            count = len(view)
        self._at += count
        if self._at == length:
            self._extent, self._at = self._extent + 1, 0
            if self._extent == len(body.extents):
                self._body = None
        return count

    def close(self) -> None:
        """Give back the handles."""
        if not self.closed:
            self._pieces.close()
        super().close()
