"""Reads a tar with `LayerTar` and keeps what it gives, with the places in the tar."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle
from typing import NamedTuple

from auditor.sources.images.layertar import LayerTar
from auditor.sources.images.tarblocks import FILE, HIDDEN, Entry


class Stream:
    """Bytes that come in pieces of these sizes, whatever is asked for."""

    def __init__(self, data: bytes, sizes: Sequence[int] = (1 << 30,), problem: str = "") -> None:
        self._data = memoryview(data)
        self._sizes: Iterator[int] = cycle(sizes)
        self._problem = problem
        self.problem = ""

    def readinto(self, buffer: memoryview) -> int:
        """See `layertar.Bytes`; the problem is told at the end."""
        count = min(len(buffer), len(self._data), next(self._sizes))
        buffer[:count] = self._data[:count]
        self._data = self._data[count:]
        if not count:
            self.problem = self._problem
        return count


class Piece(NamedTuple):
    """A segment: its kind and path, its bytes, where they are in the tar, and which of them are its own."""

    kind: str
    path: str
    data: bytes
    place: int
    offset: int
    size: int
    own: tuple[int, int]
    last: bool

    @property
    def owned(self) -> bytes:
        """The bytes that belong to it alone."""
        return self.data[self.own[0] - self.place : self.own[1] - self.place]


class Walk(NamedTuple):
    """Everything that a walk gave."""

    pieces: list[Piece]
    entries: list[Entry]
    problems: list[str]
    members: int

    def of(self, *kinds: str) -> list[tuple[str, bytes]]:
        """Paths and own bytes of contents of these kinds, in order."""
        found: list[tuple[str, bytes]] = []
        for piece in self.pieces:
            if piece.kind in kinds:
                if piece.offset:
                    path, before = found.pop()
                    assert path == piece.path
                    found.append((path, before + piece.owned))
                else:
                    found.append((piece.path, piece.owned))
        return found

    def files(self) -> list[tuple[str, bytes]]:
        """Files that are not empty."""
        return self.of(FILE)

    def hidden(self) -> bytes:
        """All hidden bytes."""
        return b"".join(data for _, data in self.of(HIDDEN))


def walk(data: bytes, sizes: Sequence[int] = (1 << 30,), *, problem: str = "", **settings: int) -> Walk:
    """Read a tar; what must hold for any input is checked on the way."""
    tar = LayerTar(Stream(data, sizes, problem), **settings)
    pieces: list[Piece] = []
    entries: list[Entry] = []
    owner = bytearray(len(data))
    for block in tar.blocks():
        base = tar._base
        for one in block.segments:
            assert 0 <= one.start <= one.own_start < one.own_end <= one.end <= len(block.data)
            content = bytes(block.data[one.start : one.end])
            place, own = base + one.start, (base + one.own_start, base + one.own_end)
            assert content == data[place : place + len(content)]
            assert not any(owner[own[0] : own[1]]), "bytes with two owners"
            owner[own[0] : own[1]] = b"\1" * (own[1] - own[0])
            # Only what begins a content may look like its beginning.
            assert one.offset or own[0] == place
            pieces.append(Piece(one.kind, one.path, content, place, one.offset, one.size, own, one.last))
        entries += block.entries
    return Walk(pieces, entries, tar.problems, tar.members)


def header(name: bytes = b"a", size: int = 0, *, kind: bytes = b"0", raw: dict[int, bytes] | None = None) -> bytes:
    """A ustar header, with these bytes at these places put over it."""
    made = bytearray(tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT))
    made[0:100] = name.ljust(100, b"\0")
    made[124:136] = b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    made[156:157] = kind
    for place, data in (raw or {}).items():
        made[place : place + len(data)] = data
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made)


def member(name: bytes, content: bytes, *, kind: bytes = b"0", padding: bytes = b"") -> bytes:
    """A header with its content, and with these bytes in the padding."""
    room = -len(content) % 512
    assert len(padding) <= room
    return header(name, len(content), kind=kind) + content + padding.ljust(room, b"\0")


END = bytes(1024)


def made(fill: Callable[[tarfile.TarFile], None], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar as the standard library writes it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        fill(archive)
    return out.getvalue()


def second_reader(data: bytes) -> Iterable[tuple[tarfile.TarInfo, bytes]]:
    """Members and contents as the standard library reads them."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for one in archive:
            content = archive.extractfile(one) if one.isreg() else None
            yield one, content.read() if content else b""
