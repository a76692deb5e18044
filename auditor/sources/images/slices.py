"""A part of a file that can be read at any place, as a file of its own."""

from __future__ import annotations

import io

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    from typing import BinaryIO


class Slice(io.RawIOBase):
    """`size` bytes of a seekable file from `start`; the file is closed with it. Raises OSError."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the slice. Raises ValueError for one before it."""
        self._at = placed(offset, whence, self._at, self._size)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; fewer bytes only at the end."""
        view = memoryview(buffer).cast("B")[: max(self._size - self._at, 0)]
        filled = 0
        try:
            self._file.seek(self._start + self._at)
            while filled < len(view) and (count := self._file.readinto(view[filled:])):  # type: ignore[attr-defined]
                filled += count
        except SourceError as error:
            raise OSError(str(error)) from None
        self._at += filled
        return filled

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def placed(offset: int, whence: int, here: int, size: int) -> int:
    """The place from the beginning that the arguments of `seek` mean. Raises ValueError for one before it."""
    place = offset + (0, here, size)[whence]
    if place < 0:
        raise ValueError("before the beginning")
    return place
