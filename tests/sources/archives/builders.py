"""Small archives of every format, made with the standard library or by hand; and their contents by path."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import py_compile
import sqlite3
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from auditor.sources.archives import Limits, members
from auditor.sources.files import Skipped

SECRET = b"password = Zq8vT1xKw3RbLm5N\n"


def make_zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
        archive.comment = comment
    return out.getvalue()


def make_tar(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def make_ar(files: dict[str, bytes]) -> bytes:
    parts = [b"!<arch>\n"]
    for name, data in files.items():
        parts.append(b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name.encode(), 0, 0, 0, 0o100644, len(data)))
        parts.append(data + b"\n" * (len(data) % 2))
    return b"".join(parts)


def make_deb(files: dict[str, bytes]) -> bytes:
    control = gzip.compress(make_tar({"./postinst": SECRET}), mtime=0)
    return make_ar(
        {"debian-binary": b"2.0\n", "control.tar.gz": control, "data.tar.xz": lzma.compress(make_tar(files))}
    )


def make_cpio(files: dict[str, bytes], form: str = "newc") -> bytes:
    out = b""
    for name, data in [*files.items(), ("TRAILER!!!", b"")]:
        raw = name.encode() + b"\0"
        mode = 0o100644 if name != "TRAILER!!!" else 0
        if form == "newc":
            fields = [1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0]
            head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
            out += head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)
        else:
            out += b"070707" + b"%06o" * 7 % (0, 1, mode, 0, 0, 1, 0) + b"%011o%06o%011o" % (0, len(raw), len(data))
            out += raw + data
    return out


def make_rpm(files: dict[str, bytes]) -> bytes:
    def header(store: bytes) -> bytes:
        return b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">II", 1, len(store)) + bytes(16) + store

    signature = header(b"sig")
    signature += b"\0" * (-3 % 8)
    return b"\xed\xab\xee\xdb" + bytes(92) + signature + header(SECRET) + gzip.compress(make_cpio(files), mtime=0)


def make_sqlite(rows: Iterable[tuple[object, ...]], *statements: str) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE users (name, password)")
    connection.executemany("INSERT INTO users VALUES (?, ?)", rows)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    data = connection.serialize()
    connection.close()
    return data


def make_pyc(source: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "module.py")
        path.write_text(source, encoding="utf-8")
        made = py_compile.compile(str(path), cfile=str(Path(folder, "module.pyc")), doraise=True)
        return Path(str(made)).read_bytes()


def make_loose(data: bytes, kind: bytes = b"blob") -> bytes:
    return zlib.compress(kind + b" %d\0" % len(data) + data)


def pack_header(kind: int, size: int) -> bytes:
    out = bytearray([kind << 4 | size & 15])
    size >>= 4
    while size:
        out[-1] |= 0x80
        out.append(size & 0x7F)
        size >>= 7
    return bytes(out)


def _number(value: int) -> bytes:
    out = bytearray([value & 0x7F])
    while value := value >> 7:
        out[-1] |= 0x80
        out.append(value & 0x7F)
    return bytes(out)


def delta(base: bytes, added: bytes) -> bytes:
    """Copies the base (shorter than 64 KiB) and appends up to 127 bytes."""
    copy = b"\xb0" + struct.pack("<H", len(base)) if base else b""
    return _number(len(base)) + _number(len(base) + len(added)) + copy + bytes([len(added)]) + added


def make_pack(base: bytes, added: bytes, *, named: bool = False, first: bool = True) -> bytes:
    """A blob and a delta on it, by offset or by name; with `first` false the delta comes before its base."""
    plain = pack_header(3, len(base)) + zlib.compress(base)
    change = delta(base, added)
    if named:
        name = hashlib.sha1(b"blob %d\0" % len(base) + base).digest()
        changed = pack_header(7, len(change)) + name + zlib.compress(change)
    else:
        back = len(plain)
        distance = bytearray([back & 0x7F])
        while back := back >> 7:
            back -= 1
            distance.insert(0, 0x80 | back & 0x7F)
        changed = pack_header(6, len(change)) + bytes(distance) + zlib.compress(change)
    body = b"PACK" + struct.pack(">II", 2, 2) + (plain + changed if first else changed + plain)
    return body + hashlib.sha1(body).digest()


def make_plain_pack(*objects: tuple[int, bytes]) -> bytes:
    """A pack of objects as they are, each with the number of its kind."""
    body = b"PACK" + struct.pack(">II", 2, len(objects))
    body += b"".join(pack_header(kind, len(data)) + zlib.compress(data) for kind, data in objects)
    return body + hashlib.sha1(body).digest()


ALL = {
    "a.zip": make_zip({"dir/x.properties": SECRET, "y": b"other " * 50}, comment=b"note"),
    "b.zip": make_zip({"x": SECRET}, zipfile.ZIP_BZIP2),
    "l.zip": make_zip({"x": SECRET}, zipfile.ZIP_STORED),
    "a.tar": make_tar({"etc/x": SECRET, "n" * 150: b"long"}),
    "g.tar": make_tar({"etc/x": SECRET, "n" * 150: b"long"}, tarfile.GNU_FORMAT),
    "x.gz": gzip.compress(SECRET, mtime=0),
    "x.bz2": bz2.compress(SECRET),
    "x.xz": lzma.compress(SECRET),
    "x.lzma": lzma.compress(SECRET, lzma.FORMAT_ALONE),
    "a.deb": make_deb({"./etc/x": SECRET}),
    "a.cpio": make_cpio({"etc/x": SECRET}),
    "o.cpio": make_cpio({"etc/x": SECRET}, "odc"),
    "a.rpm": make_rpm({"./etc/x": SECRET}),
    "a.db": make_sqlite([("root", SECRET.decode()), (None, 7)]),
    "m.pyc": make_pyc(f"class A:\n    key = {SECRET.decode()!r}\n    n = (1, 2.5, 10**30, None, {{'a'}})\n"),
    "loose": make_loose(SECRET),
    "a.pack": make_pack(b"base\n", SECRET),
    "n.pack": make_pack(b"base\n" * 50, SECRET, named=True),
}


def walk(data: bytes, limits: Limits | None = None) -> tuple[dict[str, bytes], dict[str, str]]:
    """Contents and reasons by inner path."""
    found: dict[str, bytes] = {}
    skipped: dict[str, str] = {}
    for item in members("f", data, limits):
        if isinstance(item, Skipped):
            skipped[item.path] = item.reason
        else:
            assert item.offset == len(found.get(item.inner_path, b"")) or not item.offset
            found[item.inner_path] = (found.get(item.inner_path, b"") if item.offset else b"") + item.data
    return found, skipped
