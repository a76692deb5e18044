"""Makes headers of tar entries (POSIX ustar, with GNU's long names and pax records for extended attributes)."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

BLOCK = 512
REGULAR, LINK, SYMLINK, CHARACTER, DEVICE, FOLDER, PIPE = b"0", b"1", b"2", b"3", b"4", b"5", b"6"
_LONG_NAME, _LONG_LINK, _PAX = b"L", b"K", b"x"
_NAME = 100
#: GNU's magic, which the long names belong to.
_MAGIC = b"ustar  \0"


def header(
    name: bytes,
    kind: bytes,
    *,
    size: int = 0,
    mode: int = 0o644,
    owner: tuple[int, int] = (0, 0),
    modified: int = 0,
    link: bytes = b"",
    device: tuple[int, int] = (0, 0),
    attributes: Mapping[str, bytes] | None = None,
) -> bytes:
    """Everything that stands before an entry's content: a multiple of 512 bytes."""
    before = b""
    if attributes:
        records = b"".join(_record(b"SCHILY.xattr." + _encoded(key), value) for key, value in attributes.items())
        before = _block(b"././@PaxHeader", _PAX, len(records), 0o644, (0, 0), 0, b"", (0, 0)) + padded(records)
    if len(name) > _NAME:
        before += _long(_LONG_NAME, name)
    if len(link) > _NAME:
        before += _long(_LONG_LINK, link)
    return before + _block(name, kind, size, mode, owner, modified, link, device)


def padded(content: bytes) -> bytes:
    """Content filled up to whole blocks."""
    return content + padding(len(content))


def padding(size: int) -> bytes:
    """What fills a content of this size up to whole blocks."""
    return bytes(-size % BLOCK)


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _record(key: bytes, value: bytes) -> bytes:
    """A pax record, which begins with its own length."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %b=%b\n" % (length, key, value)


def _long(kind: bytes, name: bytes) -> bytes:
    return _block(b"././@LongLink", kind, len(name) + 1, 0o644, (0, 0), 0, b"", (0, 0)) + padded(name + b"\0")


def _number(value: int, width: int) -> bytes:
    """A numeric field: octal, or in base 256 where that is too short or the number is negative."""
    if 0 <= value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    if value < 0:
        return (value & ((1 << 8 * width) - 1)).to_bytes(width, "big")
    return (value | (1 << (8 * width - 1))).to_bytes(width, "big")


def _block(
    name: bytes,
    kind: bytes,
    size: int,
    mode: int,
    owner: tuple[int, int],
    modified: int,
    link: bytes,
    device: tuple[int, int],
) -> bytes:
    first = b"".join(
        (
            name[:_NAME].ljust(_NAME, b"\0"),
            _number(mode & 0o7777, 8),
            _number(owner[0], 8),
            _number(owner[1], 8),
            _number(size, 12),
            _number(modified, 12),
        )
    )
    last = b"".join(
        (kind, link[:_NAME].ljust(_NAME, b"\0"), _MAGIC, bytes(64), _number(device[0], 8), _number(device[1], 8))
    ).ljust(BLOCK - len(first) - 8, b"\0")
    return b"%b%06o\0 %b" % (first, sum(first) + sum(last) + 8 * 0x20, last)
