"""The three stores in which rpm keeps its headers: SQLite, ndb and BerkeleyDB hash files, read from memory."""

from __future__ import annotations

import struct

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_LONGEST_HEADER = 32 << 20
_SQLITE = b"SQLite format 3\0"
#: Instructions of SQLite's machine: so many between two looks, so many looks.
_INSTRUCTIONS, _LOOKS = 1000, 20_000
_NDB, _NDB_SLOT, _NDB_BLOB = b"RpmP", b"Slot", b"BlbS"
_NDB_PAGE, _NDB_BLOCK = 4096, 16
_BDB_MAGIC = 0x061561
_BDB_HASH_PAGES = (2, 13)
_BDB_OVERFLOW, _BDB_KEY_DATA, _BDB_OFF_PAGE, _BDB_HEAD = 7, 1, 3, 26


class DamagedStore(ValueError):
    """A database cannot be read (further); the message is a short reason."""


def headers(data: bytes) -> Iterator[bytes]:
    """The headers in a database, by its magic. Raises DamagedStore.

    Honest databases hold every header once, so that all of them together are no longer than the file: a hostile one
    that points at the same bytes again and again ends there.
    """
    if data.startswith(_SQLITE):
        found = _of_sqlite(data)
    elif data.startswith(_NDB):
        found = _of_ndb(data)
    elif len(data) >= 512 and _BDB_MAGIC in (int.from_bytes(data[12:16], "little"), int.from_bytes(data[12:16], "big")):
        found = _of_bdb(data)
    else:
        raise DamagedStore("not a database of rpm")
    left = len(data)
    for blob in found:
        left -= len(blob)
        if left < 0:
            raise DamagedStore("headers are longer than the database")
        yield blob


def _of_sqlite(data: bytes) -> Iterator[bytes]:
    """Column `blob` of the table `Packages`; no view, trigger or function runs."""
    import sqlite3  # start-up: layers with such a database only

    if data[18:20] != b"\1\1":
        # Write-ahead mode: its log is another file, which a database in memory cannot have.
        data = data[:18] + b"\1\1" + data[20:]
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        _restrict(connection, data)
        listing = "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = 'Packages'"
        if not any(isinstance(root, int) and root > 0 for (root,) in connection.execute(listing)):
            raise DamagedStore("no table of packages")
        for (blob,) in connection.execute("SELECT blob FROM Packages"):
            if isinstance(blob, bytes):
                yield blob
    except (sqlite3.Error, sqlite3.Warning, MemoryError, OverflowError):
        raise DamagedStore("damaged database") from None
    finally:
        connection.close()


def _restrict(connection: sqlite3.Connection, data: bytes) -> None:
    import sqlite3  # start-up: layers with such a database only

    from auditor.sources.archives.sqlite import restrict  # start-up: as above

    restrict(connection, data, _LONGEST_HEADER)
    looks = 0

    def interrupt() -> int:
        nonlocal looks
        looks += 1
        return int(looks > _LOOKS)

    connection.set_progress_handler(interrupt, _INSTRUCTIONS)
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
    connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY)


def _of_ndb(data: bytes) -> Iterator[bytes]:
    """Blobs by the slots of the first pages (rpm, lib/backend/ndb/rpmpkg.c); all numbers are little-endian."""
    if len(data) < _NDB_PAGE:
        raise DamagedStore("damaged database")
    pages = int.from_bytes(data[12:16], "little")
    # The first two slots of the first page are the database's own header.
    for at in range(32, min(pages * _NDB_PAGE, len(data) - 15), 16):
        if data[at : at + 4] != _NDB_SLOT:
            raise DamagedStore("damaged database")
        number, block, _ = struct.unpack_from("<3I", data, at + 4)
        if not block:
            continue
        start = block * _NDB_BLOCK
        if data[start : start + 4] != _NDB_BLOB or start + 16 > len(data):
            raise DamagedStore("damaged database")
        owner, _, size = struct.unpack_from("<3I", data, start + 4)
        if owner != number or start + 16 + size > len(data):
            raise DamagedStore("damaged database")
        yield data[start + 16 : start + 16 + size]


def _of_bdb(data: bytes) -> Iterator[bytes]:
    """Values of a hash file (BerkeleyDB 4 and 5, dbinc/db_page.h), in the page or on a chain of overflow pages."""
    order = "<" if int.from_bytes(data[12:16], "little") == _BDB_MAGIC else ">"
    (size,) = struct.unpack_from(order + "I", data, 20)
    if size < 512 or size > 65536:
        raise DamagedStore("damaged database")
    for page in range(size, len(data) - size + 1, size):
        if data[page + 25] not in _BDB_HASH_PAGES:
            continue
        (count,) = struct.unpack_from(order + "H", data, page + 20)
        if _BDB_HEAD + 2 * count > size:
            raise DamagedStore("damaged database")
        places = struct.unpack_from(f"{order}{count}H", data, page + _BDB_HEAD)
        # Keys and values take turns.
        for key, value in zip(places[::2], places[1::2], strict=False):
            kind = data[page + value] if value < size else 0
            if kind == _BDB_KEY_DATA and key - value > 8:
                yield data[page + value + 1 : page + key]
            elif kind == _BDB_OFF_PAGE and value + 12 <= size:
                first, length = struct.unpack_from(order + "2I", data, page + value + 4)
                yield _chained(data, order, size, first, length)


def _chained(data: bytes, order: str, size: int, page: int, length: int) -> bytes:
    """A value on overflow pages; no longer than the database, so that a chain that bites its tail ends."""
    if length > len(data):
        raise DamagedStore("damaged database")
    pieces = []
    while length > 0:
        start = page * size
        if not page or start + size > len(data) or data[start + 25] != _BDB_OVERFLOW:
            raise DamagedStore("damaged database")
        (page,) = struct.unpack_from(order + "I", data, start + 16)
        pieces.append(data[start + _BDB_HEAD : start + min(size, _BDB_HEAD + length)])
        length -= len(pieces[-1])
    return b"".join(pieces)
