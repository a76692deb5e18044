"""Bytes read in order, with a look ahead; and bytes read anywhere. Damage ends a stream, it does not raise."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from auditor.core.record import NamedTuple
from auditor.sources.archives.limits import Damaged
from auditor.sources.archives.spool import IN_MEMORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    from auditor.sources.archives.spool import Spool, Spooled

_BLOCK = 1 << 16


class Stream:
    """Content of one member. `error` is why it ended early, else "". Exhausted passes through."""

    __slots__ = ("_buffer", "_read", "_spooled", "error", "store")

    def __init__(self, read: Callable[[int], bytes], store: Store | None = None) -> None:
        self._read = read
        self._buffer = b""
        self._spooled: Spooled | None = None
        self.error = ""
        self.store = store

    def read(self, size: int) -> bytes:
        """At least one and at most `size` bytes; none at the end."""
        if self._buffer:
            part, self._buffer = self._buffer[:size], self._buffer[size:]
            return part
        return self._more(size)

    def exactly(self, size: int) -> bytes:
        """`size` bytes, fewer only at the end."""
        part = self.read(size)
        if len(part) == size or not part:
            return part
        parts, room = [part], size - len(part)
        while room > 0 and (part := self.read(room)):
            parts.append(part)
            room -= len(part)
        return b"".join(parts)

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end, without taking them."""
        if len(self._buffer) < size:
            parts, have = [self._buffer], len(self._buffer)
            while have < size and (part := self._more(max(size - have, _BLOCK))):
                parts.append(part)
                have += len(part)
            self._buffer = b"".join(parts)
        return self._buffer[:size]

    def drain(self) -> None:
        """Read to the end."""
        while self.read(_BLOCK):
            pass

    def held(self, limit: int, spool: Spool | None = None) -> Store | None:
        """All of it for random access; None, with nothing taken, if it is no file and there is no room for it.

        Up to `limit` bytes stay in memory; long contents go into the spool until `release` is called.
        """
        if self.store is not None:
            return self.store
        limit = min(limit, IN_MEMORY) if spool is not None and spool.folder else limit
        data = self.peek(limit + 1)
        if len(data) <= limit:
            return Store(io.BytesIO(data))
        return None if spool is None or not spool.folder else self._spool(spool)

    def _spool(self, spool: Spool) -> Store | None:
        spooled = self._spooled = spool.begin()
        data, self._buffer = self._buffer, b""
        left = spooled.write(data)
        while not left and (data := self.read(_BLOCK)):
            left = spooled.write(data)
        store = Store(spooled.file())
        kept = store.stream().read
        if left:
            self._read = _in_turn(kept, io.BytesIO(left).read, self._read)
            return None
        self._read, self.store = kept, store
        return store

    def release(self) -> None:
        """Give back what `held` took; nothing more can be read."""
        if self._spooled is not None:
            self._spooled.close()

    def _more(self, size: int) -> bytes:
        try:
            return self._read(size)
        except Damaged as error:
            self.error = str(error)
            self._read = _nothing
            return b""


def _nothing(_size: int) -> bytes:
    return b""


def _in_turn(*reads: Callable[[int], bytes]) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        return next(filter(None, (one(size) for one in reads)), b"")

    return read


def of_bytes(data: bytes) -> Stream:
    """A stream over bytes in memory."""
    return Stream(io.BytesIO(data).read, Store(io.BytesIO(data)))


def part(outer: Stream, size: int) -> Stream:
    """The next `size` bytes of another stream. Its reader must drain it before reading on."""
    left = size

    def read(wanted: int) -> bytes:
        nonlocal left
        if left <= 0:
            return b""
        data = outer.read(min(wanted, left))
        if not data:
            left = 0
            raise Damaged(outer.error or "truncated")
        left -= len(data)
        return data

    return Stream(read)


class Store:
    """Bytes of a seekable file or of memory, read at any place."""

    __slots__ = ("_file", "size")

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, io.SEEK_END)

    def at(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; none outside. Raises Damaged if the file cannot be read."""
        if not 0 <= offset < self.size or size <= 0:
            return b""
        try:
            self._file.seek(offset)
            return self._file.read(size)
        except (OSError, ValueError):
            raise Damaged("cannot be read") from None

    def stream(self, start: int = 0, end: int | None = None) -> Stream:
        """The bytes from `start` to `end` in order."""
        position = start
        stop = self.size if end is None else end

        def read(size: int) -> bytes:
            nonlocal position
            if position >= stop:
                return b""
            data = self.at(position, min(size, stop - position))
            if not data:
                raise Damaged("truncated")
            position += len(data)
            return data

        whole = start == 0 and stop == self.size
        return Stream(read, self if whole else None)


class Entry(NamedTuple):
    """One content inside of another: its name there and its bytes, to be read before the next entry is asked for."""

    name: str
    stream: Stream


class Note(NamedTuple):
    """Something inside that could not be read: its name ("" for the container itself) and why."""

    name: str
    reason: str


Entries = Iterator[Entry | Note]


def text(name: bytes) -> str:
    """A name as stored, in UTF-8 where it is."""
    return name.decode("utf-8", "surrogateescape")
