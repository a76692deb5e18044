"""Archives that are read from front to back: tar, ar (Debian packages, static libraries), cpio and RPM."""

from __future__ import annotations

import struct

from auditor.core.record import NamedTuple
from auditor.sources.archives.limits import Budget
from auditor.sources.archives.stream import Entries, Entry, Note, Stream, of_bytes, part, text

_BLOCK = 512
_LONGEST_NAME = 1 << 20
_WITHOUT_CONTENT = b"123456"


class _Header(NamedTuple):
    """A tar header: name as stored, size of the content, type letter."""

    name: str
    size: int
    kind: bytes
    extended: bool


def is_tar(head: bytes) -> bool:
    """Whether a block is a tar header: its checksum fits."""
    return len(head) >= _BLOCK and head[0] != 0 and _header(head[:_BLOCK]) is not None


def tar(source: Stream, budget: Budget) -> Entries:
    """Members of a tar in order, PAX records too; goes on after the end mark, as concatenated archives need it."""
    name: str | None = None
    size: int | None = None
    ended = False
    while block := source.exactly(_BLOCK):
        budget.step()
        ended = not block.strip(b"\0")
        if ended:
            continue
        header = _header(block) if len(block) == _BLOCK else None
        if header is None:
            yield Note("", "no tar header where one should be; the rest is read as one file")
            yield Entry("rest", _joined(block, source))
            return
        if header.extended:
            _skip_sparse(source, budget)
        length = header.size if size is None or header.kind in b"xgLK" else size
        if header.kind in b"xgLK":
            record = source.exactly(min(length, _LONGEST_NAME))
            _skip(source, length - len(record) + -length % _BLOCK)
            if header.kind in b"LK":
                name = text(record.rstrip(b"\0")) if header.kind == b"L" else name
            else:
                name, size = _pax(record, name, size, budget)
                yield Entry(f"{header.name}#pax", of_bytes(record))
            continue
        if length and header.kind not in _WITHOUT_CONTENT:
            content = part(source, length)
            yield Entry(name or header.name, content)
            content.drain()
            _skip(source, -length % _BLOCK)
        name = size = None
    if not ended:
        yield Note("", source.error or "no end mark; it may be truncated")


def _header(block: bytes) -> _Header | None:
    stored = _number(block[148:156])
    if stored is None or sum(block) - sum(block[148:156]) + 256 != stored:
        return None
    size = _number(block[124:136])
    if size is None:
        return None
    name = text(block[:100].split(b"\0", 1)[0])
    kind = block[156:157]
    if block[257:263] == b"ustar\0" and (prefix := block[345:500].split(b"\0", 1)[0]):
        name = f"{text(prefix)}/{name}"
    return _Header(name, size, kind, kind == b"S" and block[482] == 1)


def _number(field: bytes) -> int | None:
    """Octal digits, or base 256 where the first bit is set (GNU). None for anything else, and for negative ones."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    try:
        return int(digits, 8) if digits.isdigit() or not digits else None
    except ValueError:
        return None if digits else 0


def _pax(record: bytes, name: str | None, size: int | None, budget: Budget) -> tuple[str | None, int | None]:
    """Path and size out of PAX records (`length key=value`, POSIX.1-2001)."""
    at = 0
    while at < len(record):
        budget.step()
        space = record.find(b" ", at, at + 12)
        if space < 0 or not record[at:space].isdigit() or int(record[at:space]) <= space - at:
            break
        end = at + int(record[at:space])
        key, _, value = record[space + 1 : end - 1].partition(b"=")
        if key == b"path":
            name = text(value)
        elif key == b"size" and value.isdigit() and len(value) < 20:
            size = int(value)
        at = end
    return name, size


def _skip_sparse(source: Stream, budget: Budget) -> None:
    while (block := source.exactly(_BLOCK)) and len(block) == _BLOCK and block[504] == 1:
        budget.step()


def _skip(source: Stream, size: int) -> None:
    if size > 0:
        part(source, size).drain()


def _joined(first: bytes, source: Stream) -> Stream:
    pending = first

    def read(size: int) -> bytes:
        nonlocal pending
        data, pending = pending, b""
        return data or source.read(size)

    return Stream(read)


def ar(source: Stream, budget: Budget) -> Entries:
    """Members of an ar archive (System V, GNU and BSD names)."""
    source.exactly(8)
    names = b""
    while header := source.exactly(60):
        budget.step()
        field = header[48:58].strip()
        if len(header) < 60 or header[58:60] != b"`\n" or not field.isdigit():
            yield Note("", "truncated" if len(header) < 60 else "damaged")
            return
        size = int(field)
        name = header[:16].rstrip()
        if name == b"//":
            names = source.exactly(min(size, _LONGEST_NAME))
            _skip(source, size - len(names) + size % 2)
            continue
        padding = size % 2
        if name.startswith(b"#1/") and name[3:].isdigit():
            length = min(int(name[3:]), size, _LONGEST_NAME)
            name = source.exactly(length).rstrip(b"\0")
            size -= length
        elif name[:1] == b"/" and name[1:].isdigit():
            name = names[int(name[1:]) :].split(b"\n", 1)[0]
        content = part(source, size)
        yield Entry(text(name.rstrip(b"/")) or "symbols", content)
        content.drain()
        _skip(source, padding)


def cpio(source: Stream, budget: Budget) -> Entries:
    """Members of a cpio archive with ASCII headers (newc, crc, odc)."""
    while True:
        budget.step()
        found = _cpio_header(source)
        if isinstance(found, str):
            yield Note("", found)
            return
        name, size, is_file, align = found
        if name == "TRAILER!!!":
            return
        content = part(source, size)
        if size and is_file:
            yield Entry(name, content)
        content.drain()
        if content.error:
            return
        _skip(source, -size % align)


def _cpio_header(source: Stream) -> tuple[str, int, bool, int] | str:
    """Name, size, whether it is a regular file, alignment; or why there is none."""
    magic = source.exactly(6)
    fields = source.exactly(104 if magic in (b"070701", b"070702") else 70)
    if magic == b"070707" and len(fields) == 70:
        base, mode, name_size, size, align = 8, fields[12:18], fields[53:59], fields[59:70], 1
    elif magic in (b"070701", b"070702") and len(fields) == 104:
        base, mode, name_size, size, align = 16, fields[8:16], fields[88:96], fields[48:56], 4
    else:
        return "truncated" if len(fields) < 70 else "damaged"
    try:
        kind, length, total = int(mode, base) & 0o170000, int(name_size, base), int(size, base)
    except ValueError:
        return "damaged"
    if not 0 < length <= _LONGEST_NAME or total < 0:
        return "damaged"
    name = source.exactly(length)
    _skip(source, -(110 + length) % align)
    return text(name.rstrip(b"\0")), total, kind in (0o100000, 0), align


def rpm(source: Stream, _budget: Budget) -> Entries:
    """Header (with its scripts) and payload of an RPM package; the payload is a compressed cpio archive."""
    source.exactly(96)
    for name in ("signature", "header"):
        intro = source.exactly(16)
        if len(intro) < 16 or intro[:3] != b"\x8e\xad\xe8":
            yield Note("", "truncated" if len(intro) < 16 else "damaged")
            return
        count, size = struct.unpack(">II", intro[8:])
        _skip(source, 16 * count)
        content = part(source, size)
        if name == "header":
            yield Entry(name, content)
        content.drain()
        _skip(source, -size % 8 if name == "signature" else 0)
    if len(source.peek(6)) == 6:
        yield Entry("payload", Stream(source.read))
    else:
        yield Note("payload", "truncated")
