"""What is packed in a file of a layer: archives, packages, databases, git objects, told by their first bytes."""

from __future__ import annotations

import io
import time

from auditor.core.record import TYPE_CHECKING
from auditor.sources.archives import Limits
from auditor.sources.archives.git import is_loose
from auditor.sources.archives.tape import is_tar
from auditor.sources.contents import packed
from auditor.sources.files import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from auditor.sources.archives.spool import Spool
    from auditor.sources.contents import Piece

#: Bytes of all that is packed in files of one layer, and in one file of usual length.
MOST, _TOTAL = 8 << 30, 1 << 30
#: What a longer file may give: bytes for each of its own, and its own bytes for each member and each step of work.
_RATIO, _BYTES_A_MEMBER, _BYTES_A_STEP = 16, 1 << 10, 1 << 7
#: Seconds of processor time that opening may take: for every layer, and one more for so many bytes of it.
PATIENCE, PACE = 120, 4 << 20
_TOO_SLOW = "more than the time that there is to open what is packed in one layer"
#: What the head of a file has to be long enough for.
HEAD = 512
_PIECE = (1 << 20) - (64 << 10)
_MAGIC = (
    *(b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK"),
    *(b"!<arch>\n", b"070701", b"070702", b"070707", b"\xed\xab\xee\xdb", b"SQLite format 3\0"),
    *(b"PACK\0\0\0\2", b"PACK\0\0\0\3"),
)
_LZMA = b"\x5d\0\0"
_STATIC_LIBRARY = b"!<arch>\n/"
#: Bytes at the end of a program in which the end of an archive appended to it stands.
_ZIP_END = b"PK\x05\x06"
TAIL = 66_000
_OBJECTS = "/objects/"


def packs(head: bytes) -> bool:
    """Whether a file that begins with these bytes (up to HEAD) packs others."""
    if head.startswith(_MAGIC):
        # A static library packs machine code, which the pass over the raw bytes has read.
        return not head.startswith(_STATIC_LIBRARY)
    if head[:1] == b"\x78":
        return is_loose(head)
    if head.startswith(_LZMA):
        return len(head) > 13 and (head[5:13] == b"\xff" * 8 or head[9:13] == bytes(4))
    return head[257:262] == b"ustar" and is_tar(head)


def is_program(head: bytes) -> bool:
    """Whether a file is a script or a program, which may have an archive behind it (zipapp, pex, self-extracting)."""
    return head.startswith((b"#!", b"MZ", b"\x7fELF"))


def has_end(tail: bytes) -> bool:
    """Whether the last bytes (up to TAIL) are those of a zip archive."""
    return tail.rfind(_ZIP_END) >= 0  # takes half the time of `in`


def appended(data: bytes) -> bool:
    """Whether a whole file is a program with an archive behind it."""
    return is_program(data[:4]) and has_end(data[-TAIL:])


class Opening:
    """Opens what files of one layer pack, as long as there is room (MOST bytes for all of them together) and time.

    `clock` gives seconds of work. There are PATIENCE of them, and one more for every PACE bytes of the layer that have
    `passed`. `unopened` counts files that came when one of both was used up, `reason` says which.
    """

    def __init__(
        self, depth: int, spool: Spool | None = None, *, clock: Callable[[], float] = time.thread_time
    ) -> None:
        self._depth = depth
        self._spool = spool
        self._clock = clock
        self._room = MOST
        self._time = float(PATIENCE)
        self._begun: float | None = None
        self.unopened = 0
        self.reason = ""

    def passed(self, size: int) -> None:
        """So many bytes more of the layer were read."""
        self._time += size / PACE

    def contents(self, path: str, data: bytes | BinaryIO) -> Iterator[Piece | Skipped]:
        """Everything inside, at any depth, in pieces; what cannot be read as `Skipped`. Never raises.

        What is done with a piece before the next one is asked for is work, too.
        """
        if reason := self.over():
            self.unopened += 1
            self.reason = reason
            return
        self._begun = self._clock()
        try:
            for item in packed(path, data, self._limits(data)):
                if not isinstance(item, Skipped):
                    self._room -= len(item.data)
                yield item
        finally:
            self._time -= self._clock() - self._begun
            self._begun = None

    def over(self) -> str:
        """Why nothing more is opened, else ""."""
        if self._room <= 0:
            return f"more than {MOST >> 30} GiB packed in files of one layer"
        since = 0.0 if self._begun is None else self._clock() - self._begun
        return _TOO_SLOW if since > self._time else ""

    def _limits(self, data: bytes | BinaryIO) -> Limits:
        size = len(data) if isinstance(data, bytes) else data.seek(0, io.SEEK_END)
        usual = Limits()
        return Limits(
            depth=self._depth,
            members=max(usual.members, size // _BYTES_A_MEMBER),
            total=min(max(_TOTAL, size * _RATIO), self._room),
            steps=max(usual.steps, size // _BYTES_A_STEP),
            piece=_PIECE,
            spool=self._spool,
            late=self.over,
        )


def split(path: str, inner: str) -> tuple[str, str]:
    """Path in the layer and the way inside, of something found in `path`.

    The objects of a git repository are spread over files whose names say nothing: there the store is the file.
    """
    way = inner[len(path) + 1 :] if inner.startswith(f"{path}!") else ""
    store, found, rest = path.rpartition(_OBJECTS)
    if not found or not way:
        return path, way
    folder = f"{store}{_OBJECTS}pack" if rest.startswith("pack/") else f"{store}{_OBJECTS[:-1]}"
    return folder, f"{rest.removeprefix('pack/')}!{way}"


def file_of(path: str, inner: str) -> str:
    """The file that holds what `split` gave as this path and way."""
    if inner and path.endswith((_OBJECTS[:-1], f"{_OBJECTS}pack")):
        return f"{path}/{inner.partition('!')[0]}"
    return path
