"""ZIP and everything built on it (jar, war, wheel, office documents, Python zip applications)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from auditor.core.record import NamedTuple
from auditor.sources.archives.compressed import DECODERS, Expansion
from auditor.sources.archives.limits import Budget, Damaged
from auditor.sources.archives.stream import Entries, Entry, Note, Store, Stream, of_bytes, text

_END = b"PK\x05\x06"
_CENTRAL = b"PK\x01\x02"
_LOCAL = b"PK\x03\x04"
#: The end record with its longest comment.
TAIL = 22 + 0xFFFF
_METHODS = {8: "deflate", 12: "bzip2", 93: "zstd", 95: "xz"}
_WIDE = 0xFFFFFFFF


class _Item(NamedTuple):
    """A member as the directory describes it; offsets from the beginning of the file."""

    name: bytes
    method: int
    encrypted: bool
    checksum: int | None
    packed: int
    header: int


def find_end(store: Store) -> int:
    """Offset of the end record, -1 if there is none."""
    start = max(store.size - TAIL, 0)
    found = store.at(start, TAIL).rfind(_END)
    return start + found if found >= 0 else -1


def unzip(store: Store, budget: Budget) -> Entries:
    """Members in the order of the central directory; in the order of the file where that is missing."""
    end = find_end(store)
    if end < 0:
        yield Note("", "no central directory; members read in order")
        yield from _in_order(store, budget)
        return
    record = store.at(end, 22)
    if len(record) < 22:
        yield Note("", "truncated")
        yield from _in_order(store, budget)
        return
    length = int.from_bytes(record[20:22], "little")
    if comment := store.at(end + 22, length):
        yield Entry("#comment", of_bytes(comment))
    if len(comment) < length:
        yield Note("#comment", "truncated")
    stored = 0
    for item in _directory(store, end, record, budget):
        if isinstance(item, Note):
            yield item
            yield from _in_order(store, budget)
            return
        stored += item.packed if item.method == 0 else 0
        # Members may share their bytes; what one file holds more than once is work like decompression.
        if item.method == 0 and stored > store.size:
            budget.charge(min(item.packed, store.size))
        yield from _member(store, item, budget)


def _directory(store: Store, end: int, record: bytes, budget: Budget) -> Iterator[_Item | Note]:
    count, size, offset = struct.unpack("<HII", record[10:20])
    bottom = end
    if _WIDE in (size, offset) or count == 0xFFFF:
        locator = store.at(end - 20, 20)
        if locator[:4] == b"PK\x06\x07":
            wide = store.at(int.from_bytes(locator[8:16], "little"), 56)
            if wide[:4] == b"PK\x06\x06" and len(wide) == 56:
                count, size, offset = struct.unpack("<QQQ", wide[32:56])
                bottom = int.from_bytes(locator[8:16], "little")
    # Bytes put before the archive (a program that unpacks it) shift every offset.
    shift = bottom - size - offset
    if shift < 0 or (store.at(offset + shift, 4) not in (_CENTRAL, b"") and size):
        shift = 0
    at = offset + shift
    for _ in range(count):
        budget.step()
        item = _central(store, at, shift)
        if item is None:
            yield Note("", "damaged central directory; members read in order")
            return
        at += item[1]
        yield item[0]


def _central(store: Store, at: int, shift: int) -> tuple[_Item, int] | None:
    head = store.at(at, 46)
    if len(head) < 46 or head[:4] != _CENTRAL:
        return None
    flags, method = struct.unpack("<HH", head[8:12])
    checksum, packed, size, names, extras, comments = struct.unpack("<IIIHHH", head[16:34])
    offset = int.from_bytes(head[42:46], "little")
    names_and_extras = store.at(at + 46, names + extras)
    packed, offset = _wide_fields(names_and_extras[names:], size, packed, offset)
    item = _Item(names_and_extras[:names], method, bool(flags & 1), checksum, packed, offset + shift)
    return item, 46 + names + extras + comments


def _wide_fields(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int]:
    """Packed size and offset, from the ZIP64 field where 32 bits are too few."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack("<HH", extra[at : at + 4])
        if kind == 1:
            values = [int.from_bytes(extra[i : i + 8], "little") for i in range(at + 4, at + 4 + length - 7, 8)]
            if size == _WIDE and values:
                values.pop(0)
            if packed == _WIDE and values:
                packed = values.pop(0)
            if offset == _WIDE and values:
                offset = values.pop(0)
            break
        at += 4 + length
    return packed, offset


def _member(store: Store, item: _Item, budget: Budget) -> Entries:
    name = text(item.name)
    if item.packed == 0 and (name.endswith("/") or item.method == 0):
        return
    head = store.at(item.header, 30)
    if len(head) < 30 or head[:4] != _LOCAL:
        yield Note(name, "no header where the directory says")
        return
    start = item.header + 30 + sum(struct.unpack("<HH", head[26:30]))
    if reason := _unreadable(item):
        yield Note(name, reason)
        return
    raw = store.stream(start, start + item.packed)
    if item.method:
        raw = Stream(Expansion(raw, DECODERS[_METHODS[item.method]], budget, several=False).read)
    yield Entry(name, _checked(raw, item.checksum))


def _unreadable(item: _Item) -> str:
    if item.encrypted or item.method == 99:
        return "encrypted"
    if item.method and item.method not in _METHODS:
        return f"unknown compression method {item.method}"
    if item.method and DECODERS[_METHODS[item.method]]() is None:
        return f"no library for {_METHODS[item.method]} is installed"
    return ""


def _checked(raw: Stream, checksum: int | None) -> Stream:
    """The same bytes; a wrong checksum is an error at their end."""
    found = 0

    def read(size: int) -> bytes:
        nonlocal found
        data = raw.read(size)
        if data:
            found = zlib.crc32(data, found)
        elif raw.error:
            raise Damaged(raw.error)
        elif checksum is not None and found != checksum:
            raise Damaged("checksum differs")
        return data

    return Stream(read)


def _in_order(store: Store, budget: Budget) -> Entries:
    """Members by their own headers, as far as their lengths can be known."""
    at = store.at(0, TAIL).find(_LOCAL)
    while at >= 0 and len(head := store.at(at, 30)) == 30 and head[:4] == _LOCAL:
        budget.step()
        flags, method = struct.unpack("<HH", head[6:10])
        checksum, packed, size, names, extras = struct.unpack("<IIIHH", head[14:30])
        name = store.at(at + 30, names)
        packed, _ = _wide_fields(store.at(at + 30 + names, extras), size, packed, 0)
        start = at + 30 + names + extras
        item = _Item(name, method, bool(flags & 1), None if flags & 8 else checksum, packed, at)
        if not flags & 8 or packed:
            yield from _member(store, item, budget)
            at = start + packed
        elif method == 8 and not flags & 1:
            expansion = Expansion(store.stream(start), DECODERS["deflate"], budget, several=False)
            stream = Stream(expansion.read)
            yield Entry(text(name), stream)
            stream.drain()
            at = start + expansion.used
        else:
            yield Note(text(name), "length unknown")
            return
        if store.at(at, 4) == b"PK\x07\x08":
            at += 16
