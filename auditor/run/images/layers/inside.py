"""What is packed in a file of a layer: archives, packages, databases, git objects, told by their first bytes."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.sources.archives import Limits
from auditor.sources.archives.git import is_loose
from auditor.sources.archives.tape import is_tar
from auditor.sources.contents import packed
from auditor.sources.files import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from auditor.sources.contents import Piece

#: Longest file that is kept in memory to be opened.
HELD = 96 << 20
#: Bytes of all that is packed in files of one layer, and in one file.
MOST, _TOTAL = 8 << 30, 1 << 30
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
    """Opens what files of one layer pack, as long as there is room: MOST bytes for all of them together."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._room = MOST

    def contents(self, path: str, data: bytes | BinaryIO) -> Iterator[Piece | Skipped]:
        """Everything inside, at any depth, in pieces; what cannot be read as `Skipped`. Never raises."""
        if self._room <= 0:
            yield Skipped(path, f"more than {MOST >> 30} GiB packed in files of one layer: not opened")
            return
        limits = Limits(depth=self._depth, piece=_PIECE, total=min(_TOTAL, self._room))
        for item in packed(path, data, limits):
            if not isinstance(item, Skipped):
                self._room -= len(item.data)
            yield item


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
