"""A layer's tar as it was, byte for byte, from its unpacked folder and the notes that engines keep beside it.

The notes (github.com/vbatts/tar-split, `tar-split.json.gz`) hold everything of the tar but the contents of files: one
JSON object per line, {"type": 2, "payload": base64 of raw bytes} or {"type": 1, "name" or "name_raw", "size"} where
the content of a file stood. So names, owners, pax headers and padding are as the image has them, and the digest can
be checked.
"""

from __future__ import annotations

import base64
import binascii
import errno
import gzip
import io
import json
import os
import stat
import zlib

from auditor.core.record import TYPE_CHECKING, cast
from auditor.sources.images.model import Problem, SourceError

if TYPE_CHECKING:
    from typing import BinaryIO

#: Longest line of the notes, in bytes.
_LONGEST = 64 << 20
#: How many bytes of files that are gone are filled with zeros, so that the rest can be read.
_MOST_FILLED = 1 << 30
_MOST_LINKS = 40
_ZEROS = bytes(1 << 16)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def tar_again(folder: str, notes: str, name: str, problems: list[Problem]) -> BinaryIO:
    """The tar whose files were unpacked into a folder. `name` is the layer's, for messages.

    Files that are gone or shorter than noted come as zeros, and are added to `problems`. Raises SourceError, at once
    if folder or notes cannot be opened, while reading if the notes are damaged.
    """
    try:
        return cast("BinaryIO", _Reassembled(folder, notes, name, problems))
    except OSError as error:
        raise SourceError(f"{name}: cannot be read: {error.strerror or error}") from None


class Below:
    """Opens files below a folder, and none outside of it: links are followed as if the folder were the root."""

    def __init__(self, folder: str) -> None:
        self._root = os.open(folder, _FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
        self._parent: bytes | None = None
        self._handle = -1

    def file(self, name: bytes) -> int:
        """A handle of a regular file. Raises OSError."""
        parent, _, leaf = name.rstrip(b"/").rpartition(b"/")
        if parent != self._parent:
            self._leave()
            self._handle = self._folder(parent)
            self._parent = parent
        if leaf in (b"", b".", b".."):
            raise OSError(errno.EINVAL, "no name of a file")
        handle = os.open(leaf, _FILE, dir_fd=self._handle)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(errno.EINVAL, "not a regular file")
        return handle

    def close(self) -> None:
        """Give back the handles."""
        self._leave()
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def _leave(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        self._handle, self._parent = -1, None

    def _folder(self, path: bytes) -> int:
        """A handle of a folder, found step by step from the root."""
        steps, links = [step for step in path.split(b"/") if step not in (b"", b".")][::-1], 0
        way = [os.dup(self._root)]
        try:
            while steps:
                step = steps.pop()
                if step == b"..":
                    if len(way) > 1:
                        os.close(way.pop())
                    continue
                try:
                    way.append(os.open(step, _FOLDER, dir_fd=way[-1]))
                except OSError as error:
                    links += 1
                    if error.errno not in (errno.ELOOP, errno.ENOTDIR) or links > _MOST_LINKS:
                        raise
                    led = os.readlink(step, dir_fd=way[-1])
                    if led.startswith(b"/"):
                        while len(way) > 1:
                            os.close(way.pop())
                    steps += [part for part in led.split(b"/") if part not in (b"", b".")][::-1]
            return way.pop()
        finally:
            for handle in way:
                os.close(handle)


class _Reassembled(io.RawIOBase):
    """Notes and files, one after the other."""

    def __init__(self, folder: str, notes: str, name: str, problems: list[Problem]) -> None:
        super().__init__()
        self._below: Below | None = None
        self._notes: gzip.GzipFile | None = gzip.GzipFile(notes, "rb")
        self._below = Below(folder)
        self._name, self._problems = name, problems
        self._file, self._path = -1, ""
        #: Bytes still to come: of the file, of zeros in its place, of the piece of the tar at hand.
        self._left = self._zeros = 0
        self._filled = 0
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._done_with_file()
            for part in (self._below, self._notes):
                if part:
                    part.close()
            self._below = self._notes = None
        super().close()

    def readinto(self, buffer: object) -> int:
        """Fills the buffer as far as there are bytes."""
        if self.closed:
            raise ValueError("read of a closed file")
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        at, end = 0, len(view)
        while at < end:
            if self._left:
                at += self._from_file(view[at : at + self._left])
            elif self._zeros:
                count = min(self._zeros, end - at, len(_ZEROS))
                view[at : at + count] = _ZEROS[:count]
                self._zeros -= count
                at += count
            elif self._piece:
                count = min(len(self._piece), end - at)
                view[at : at + count] = self._piece[:count]
                self._piece = self._piece[count:]
                at += count
            elif not self._next():
                break
        return at

    def _from_file(self, view: memoryview) -> int:
        try:
            count = os.readv(self._file, [view])
        except OSError:
            count = 0
        self._left -= count
        if not count:
            left, self._left = self._left, 0
            self._fill(left, "is shorter than it was")
        if not self._left:
            self._done_with_file()
        return count

    def _done_with_file(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _fill(self, count: int, why: str) -> None:
        self._filled += count
        if self._filled > _MOST_FILLED:
            raise SourceError(f"{self._name}: too many of its files cannot be read")
        self._zeros = count
        self._problems.append(Problem(self._name, f"{self._path!a} {why}"))

    def _next(self) -> bool:
        """Takes the next line; False at the end of the notes."""
        note = self._note()
        if note is None:
            return False
        payload, size = note.get("payload"), note.get("size", 0)
        if note.get("type") == 2:
            try:
                self._piece = memoryview(base64.b64decode(payload if isinstance(payload, str) else ""))
            except (ValueError, binascii.Error):
                raise self._damaged() from None
        elif not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise self._damaged()
        elif size:
            self._open(note, size)
        return True

    def _note(self) -> dict[str, object] | None:
        if self._notes is None:
            return None
        try:
            line = self._notes.readline(_LONGEST + 1)
            if not line:
                return None
            note = json.loads(line) if len(line) <= _LONGEST else None
        except (OSError, EOFError, zlib.error, ValueError, RecursionError):
            raise self._damaged() from None
        if not isinstance(note, dict) or note.get("type") not in (1, 2):
            raise self._damaged()
        return note

    def _open(self, note: dict[str, object], size: int) -> None:
        raw, name = note.get("name_raw"), note.get("name")
        try:
            path = base64.b64decode(raw) if isinstance(raw, str) else os.fsencode(str(name))
        except ValueError:
            raise self._damaged() from None
        self._path = os.fsdecode(path)
        try:
            self._file = self._below.file(path) if self._below else -1
            self._left = size
        except (OSError, ValueError):
            self._fill(size, "is not there any more")

    def _damaged(self) -> SourceError:
        return SourceError(f"{self._name}: the engine's notes on its tar are damaged")
