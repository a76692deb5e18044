"""Inputs made to cost time or memory, or to lead in circles."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import tarfile
import zipfile
import zlib

from tests.sources.archives import builders

SECRET = builders.SECRET


def nested(form: str, depth: int) -> bytes:
    """A secret inside of `depth` archives: zip, tar, gz, or each in turn (mixed)."""
    data = SECRET
    for level in range(depth):
        kind = ("zip", "tar", "gz")[level % 3] if form == "mixed" else form
        if kind == "zip":
            data = builders.make_zip({"a": data}, zipfile.ZIP_STORED)
        elif kind == "tar":
            data = builders.make_tar({"a": data}, tarfile.USTAR_FORMAT)[: 1024 + (len(data) + 511) // 512 * 512]
        else:
            data = gzip.compress(data, 1, mtime=0)
    return data


def layered_zips(width: int, depth: int, size: int) -> bytes:
    """`width` copies in each of `depth` layers around a file of `size` zeros: width ** depth * size bytes in all."""
    data = builders.make_zip({"0": bytes(size)})
    for _ in range(depth):
        data = builders.make_zip({f"{i}.zip": data for i in range(width)})
    return data


def shared_zip(count: int, size: int) -> bytes:
    """A directory of `count` members that all are the same compressed bytes, of `size` when unpacked."""
    one = builders.make_zip({"x": bytes(size)})
    at, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    entry = one[at:end]
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    total = len(entry) * count
    wide = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, total, at)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at + total, 1)
    return one[:at] + entry * count + wide + locator + tail


def self_holding_zip() -> bytes:
    """A zip whose stored member is the zip itself, as far as the directory has it."""
    one = bytearray(builders.make_zip({"x": b"a" * 100}, zipfile.ZIP_STORED))
    at = one.index(b"PK\x01\x02")
    struct.pack_into("<II", one, at + 20, len(one), len(one))
    return bytes(one) * 2


def _bits(fields: list[tuple[int, int]]) -> bytes:
    """Numbers of (value, bits), least significant bit first."""
    number = shift = 0
    for value, width in fields:
        number |= value << shift
        shift += width
    return number.to_bytes((shift + 7) // 8, "little")


def gzip_quine() -> bytes:
    """A gzip file that unpacks to itself (the construction of R. Cox, "Zip Files All the Way Down", 2010)."""
    # Every instruction has five bytes: print the next 0, 5 or 20, or the last 20 once more (two matches of ten).
    l0, l1, l4 = (struct.pack("<BHH", 0, size, size ^ 0xFFFF) for size in (0, 5, 20))
    match = [(0b0001000, 7), (0b00010, 5), (3, 3)]
    r4 = _bits([(0, 1), (1, 2), *match, *match, (0, 7)])
    head = b"\x1f\x8b\x08\x08" + bytes(5) + b"\x03" + b"quin\0"
    empty = [(0, 1), (1, 2), (0, 7)]
    end = _bits([*empty, *empty, (1, 1), (0, 2)]) + b"\0\0\xff\xff"
    middle = [
        l4,
        r4,
        l1,
        r4,
        l1,
        l1,
        l4,
        r4,
        l1,
        l1,
        l4,
        r4,
        l4,
        r4,
        l4,
        r4,
        l4,
        r4,
        l4,
        r4,
        l0,
        l0,
        l4,
        r4,
        l0,
        l0,
        l4,
    ]

    def made(checksum: int) -> bytes:
        size = len(head) * 2 + 5 * (len(middle) + 3) + 2 * (len(end) + 8)
        tail = end + struct.pack("<II", checksum, size)
        return head + l4 + head + b"".join(middle) + r4 + tail + r4 + tail

    return made(_own_checksum(lambda checksum: zlib.crc32(made(checksum))))


def _own_checksum(of: object) -> int:
    """The checksum that stays the same once it is written: it changes linearly with every bit, so a row for each."""
    assert callable(of)
    base = of(0)
    rows = [(1 << bit) ^ of(1 << bit) ^ base for bit in range(32)]
    wanted, found = base, 0
    basis: dict[int, tuple[int, int]] = {}
    for bit, row in enumerate(rows):
        value, made_of = row, 1 << bit
        while value and value.bit_length() in basis:
            other, parts = basis[value.bit_length()]
            value, made_of = value ^ other, made_of ^ parts
        if value:
            basis[value.bit_length()] = (value, made_of)
    while wanted:
        value, parts = basis[wanted.bit_length()]
        wanted, found = wanted ^ value, found ^ parts
    return found


def hostile_tar() -> bytes:
    """Links in a circle, sizes beyond any disk, negative ones, a record that gives another size."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, target in (("a", "b"), ("b", "a"), ("c", "c")):
            for kind in (tarfile.LNKTYPE, tarfile.SYMTYPE):
                info = tarfile.TarInfo(name)
                info.type, info.linkname = kind, target
                archive.addfile(info)
        info = tarfile.TarInfo("real")
        info.size = len(SECRET)
        archive.addfile(info, io.BytesIO(SECRET))
    return out.getvalue()[: 6 * 512 + 1024]


def tar_of_size(field: bytes) -> bytes:
    """A tar whose only header has these twelve bytes for the size."""
    block = bytearray(builders.make_tar({"x": SECRET}, tarfile.USTAR_FORMAT))
    block[124:136] = field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    return bytes(block)


def looping_databases() -> list[bytes]:
    """Databases in which one page after the other points back at itself, as a child, an overflow, a sibling."""
    data = builders.make_sqlite([(f"n{i}", "p" * (5000 if i % 9 == 0 else 60)) for i in range(400)])
    size = int.from_bytes(data[16:18], "big")
    made = []
    for page in range(len(data) // size):
        for at in (0, 8, 12):
            looped = bytearray(data)
            start = page * size + at + (100 if page == 0 else 0)
            looped[start : start + 4] = (page + 1).to_bytes(4, "big")
            made.append(bytes(looped))
    return made


def stored(kind: int, size: int, body: bytes, base: bytes = b"") -> bytes:
    """An object as a pack has it: 3 is a blob, 6 and 7 are deltas, whose `base` says on what."""
    return builders.pack_header(kind, size) + base + zlib.compress(body)


def pack_of(objects: list[bytes]) -> bytes:
    """A pack of such objects."""
    body = b"PACK" + struct.pack(">II", 2, len(objects)) + b"".join(objects)
    return body + hashlib.sha1(body).digest()


def self_based_pack() -> bytes:
    """Deltas whose bases are themselves, each other, or nothing."""
    change = builders.delta(b"", b"x")
    here, back, far = b"\0", b"\x08", b"\xff\x7f"
    return pack_of([stored(6, len(change), change, base) for base in (here, back, far)] * 3)


def pack_bomb(count: int, size: int) -> bytes:
    """`count` deltas that each copy a base of `size` zeros (a multiple of 64 KiB) as a whole."""
    base = bytes(size)
    whole = b"".join(b"\x8f" + struct.pack("<I", at) for at in range(0, size, 0x10000))
    change = builders._number(size) + builders._number(size) + whole
    name = hashlib.sha1(b"blob %d\0" % size + base).digest()
    packed = builders.pack_header(7, len(change)) + name + zlib.compress(change)
    return pack_of([stored(3, size, base), *[packed] * count])


def doubling_pack(steps: int) -> bytes:
    """A chain of deltas, each twice as long as the one before."""
    content = bytes(1024)
    objects, size = [stored(3, 1024, content)], 1024
    for _ in range(steps):
        copies = (b"\xff" + struct.pack("<I", 0) + size.to_bytes(3, "little")) * 2
        change = builders._number(size) + builders._number(2 * size) + copies
        back = len(objects[-1])
        distance = bytearray([back & 0x7F])
        while back := back >> 7:
            back -= 1
            distance.insert(0, 0x80 | back & 0x7F)
        objects.append(stored(6, len(change), change, bytes(distance)))
        size *= 2
    return pack_of(objects)
