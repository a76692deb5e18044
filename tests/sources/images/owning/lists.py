"""Package lists written by hand from their documented formats, and the digests of a file."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from auditor.sources.images.packages import Owned, Packages

KEY = b"-----a key of a test suite-----\n"


class Digests(NamedTuple):
    md5: str
    sha1: str
    sha256: str


def digests(content: bytes) -> Digests:
    return Digests(*(hashlib.new(name, content).hexdigest() for name in ("md5", "sha1", "sha256")))


def owned(lists: Mapping[str, bytes | str]) -> Owned:
    """What the lists say, all of which must be readable."""
    packages = Packages()
    for path, content in lists.items():
        packages.add(path, content.encode() if isinstance(content, str) else content)
    assert packages.problems == []
    return packages.owned()


def record_hash(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def rpm_header(tags: Mapping[int, str | list[str] | list[int]]) -> bytes:
    """A header as it stands in the databases: entries of tag, type, offset and count, then the data."""
    entries, data = b"", b""
    for tag, value in tags.items():
        if isinstance(value, str):
            kind, count, content = 6, 1, value.encode() + b"\0"
        elif value and isinstance(value[0], int):
            data += b"\0" * (-len(data) % 4)
            kind, count, content = 4, len(value), struct.pack(f">{len(value)}I", *value)
        else:
            kind, count, content = 8, len(value), b"".join(str(one).encode() + b"\0" for one in value)
        entries += struct.pack(">4I", tag, kind, len(data), count)
        data += content
    return struct.pack(">2I", len(entries) // 16, len(data)) + entries + data


def rpm_package(files: Mapping[str, str], **given: str) -> bytes:
    """A signed header of a distribution's package; `files`: digests by absolute path; "" drops a field."""
    folders = sorted({path.rpartition("/")[0] + "/" for path in files})
    fields = {"name": "distro-keys", "vendor": "Distribution", "packager": "", "signature": "signed", **given}
    tags: dict[int, str | list[str] | list[int]] = {1000: fields["name"]}
    for tag, name in ((1011, "vendor"), (1015, "packager"), (268, "signature")):
        if fields[name]:
            tags[tag] = fields[name]
    tags[1116] = [folders.index(path.rpartition("/")[0] + "/") for path in files]
    tags[1117] = [path.rpartition("/")[2] for path in files]
    tags[1118] = folders
    tags[1035] = list(files.values())
    return rpm_header(tags)


def sqlite_store(headers: Iterable[bytes]) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(header,) for header in headers])
    connection.commit()
    return connection.serialize()


def ndb_store(headers: Iterable[bytes]) -> bytes:
    """One page of slots; the slot of a removed package stays as a gap."""
    slots, blobs = [(7, 0, 0)], b""
    for number, header in enumerate(headers, 1):
        blob = b"BlbS" + struct.pack("<3I", number, 0, len(header)) + header
        blob += b"\0" * ((-len(blob) - 12) % 16) + struct.pack("<2I", 0, len(header)) + b"BlbE"
        slots.append((number, (4096 + len(blobs)) // 16, len(blob) // 16))
        blobs += blob
    head = b"RpmP" + struct.pack("<4I", 0, 1, 1, len(slots)) + b"\0" * 12
    slots += [(0, 0, 0)] * (254 - len(slots))
    return head + b"".join(b"Slot" + struct.pack("<3I", *slot) for slot in slots) + blobs


def bdb_store(headers: Iterable[bytes], order: str = "<", size: int = 512) -> bytes:
    """A hash file: the database's page, one page of items, and a chain of overflow pages for each header."""
    items: list[bytes] = [b"\1" + bytes(4), b"\1" + bytes(4)]
    chains: list[bytes] = []
    for number, header in enumerate(headers, 1):
        items += [b"\1" + struct.pack("<I", number), struct.pack(order + "B3x2I", 3, 2 + len(chains), len(header))]
        pieces = [header[at : at + size - 26] for at in range(0, len(header), size - 26)]
        for at, piece in enumerate(pieces, 3 + len(chains)):
            following = at if len(chains) < at - 2 + 1 and piece is not pieces[-1] else 0
            head = struct.pack(order + "8x3I2HBB", at - 1, 0, following, 1, len(piece), 0, 7)
            chains.append((head + piece).ljust(size, b"\0"))
    page, places = bytearray(size), []
    end = size
    for item in items:
        end -= len(item)
        page[end : end + len(item)] = item
        places.append(end)
    page[:26] = struct.pack(order + "8x3I2HBB", 1, 0, 0, len(places), end, 0, 13)
    page[26 : 26 + 2 * len(places)] = struct.pack(f"{order}{len(places)}H", *places)
    meta = struct.pack(order + "8x4I", 0, 0x061561, 9, size) + b"\0\x08"
    return meta.ljust(size, b"\0") + bytes(page) + b"".join(chains)
