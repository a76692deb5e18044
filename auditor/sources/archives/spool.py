"""Contents that have to be whole before they can be opened: short ones in memory, long ones in files without a name.

A file's name is gone before anything is written into it, so that nothing stays behind however the program ends.
"""

from __future__ import annotations

import io
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

#: Bytes of one content that are kept in memory; the same where there is no folder for longer ones.
IN_MEMORY, WITHOUT_FOLDER = 32 << 20, 96 << 20
#: Bytes of all contents that are kept in files at one time.
MOST = 2 << 30
_PIECE = 1 << 20


class Spool:
    """Keeps contents. `folder`: an existing one that only this user can write to; "" for none."""

    def __init__(self, folder: str = "") -> None:
        # Where the name of an open file cannot be removed, content could stay behind.
        self.folder = folder if os.name != "nt" else ""
        self.room = MOST

    def begin(self, size: int = 0) -> Spooled:
        """A content of `size` bytes, 0 if that is not known, which is now to be written."""
        content = Spooled(self)
        if size > (self.room if self.folder else WITHOUT_FOLDER):
            content.refuse()
        return content

    def named(self) -> tuple[Spooled, str]:
        """A file that is still to be written, and its name, which the caller has to remove at once. Raises OSError."""
        import tempfile  # start-up: only for long contents

        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".spool")
        content = Spooled(self)
        content.move(os.fdopen(handle, "r+b", buffering=0))
        return content, name


class Spooled:
    """One content: written, then read, then closed. `reason`: why not all of it could be kept, else ""."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._file: BinaryIO = io.BytesIO()
        self._on_disk = 0
        self._in_file = False
        self.size = 0
        self.reason = ""

    def write(self, data: bytes | memoryview) -> memoryview:
        """Add bytes; gives back those for which there was no room."""
        left = memoryview(data)
        try:
            if not self._in_file and self.size + len(left) > (IN_MEMORY if self._spool.folder else WITHOUT_FOLDER):
                self._leave_memory()
            if self._in_file and len(left) > self._spool.room:
                self.refuse()
            while left and not self.reason:
                written = self._file.write(left)
                left = left[written:]
                self.size += written
                if self._in_file:
                    self._on_disk += written
                    self._spool.room -= written
        except OSError as error:
            self.reason = f"larger than can be kept in the cache folder ({error.strerror}): not opened"
        return left

    def file(self) -> BinaryIO:
        """What was written, to be read at any place as long as this is open."""
        self._file.seek(0)
        return self._file

    def refuse(self) -> None:
        """Take no more."""
        if self._spool.folder:
            self.reason = f"larger than there is room for in the cache folder ({MOST >> 30} GiB): not opened"
        else:
            self.reason = f"larger than {WITHOUT_FOLDER >> 20} MiB, and there is no cache folder: not opened"

    def move(self, file: BinaryIO) -> None:
        """Go on in a file, which is closed with this."""
        held, self._file, self._in_file = self.file(), file, True
        self.size = 0
        while data := held.read(_PIECE):
            self.write(data)
        held.close()

    def close(self) -> None:
        """Let the bytes go."""
        self._file.close()
        self._spool.room += self._on_disk
        self._on_disk = 0

    def _leave_memory(self) -> None:
        import tempfile  # start-up: only for long contents

        if self._spool.folder:
            self.move(tempfile.TemporaryFile(dir=self._spool.folder, buffering=0))  # noqa: SIM115 - `close` does it
        else:
            self.refuse()
