"""Headers of a tar's members: POSIX.1-2001 (ustar, pax) and GNU."""

from __future__ import annotations

from struct import Struct

from auditor.core.record import NamedTuple

LONGEST_NAME = 4096
_XATTR = b"SCHILY.xattr."
_MOST_XATTRS = 64
#: How GNU tar writes sparse files (GNU tar manual, "PAX 0" and "PAX 1"), and the versions of that.
_SPARSE = b"GNU.sparse."
_SPARSE_VERSIONS = ((b"0", b"0"), (b"0", b"1"), (b"1", b"0"))
#: Name, size, kind, link, magic, version, device, prefix.
_FIELDS = Struct("100s24x12s20xc100s5sB66x8s8s155s12x")
#: What almost all members are: files and folders, by what their headers have for it.
_USUAL = {b"0": "0", b"\0": "0", b"7": "0", b"5": "5"}
_OCTAL = b"01234567"
#: Where a header and a block of a sparse file's map say that another block follows, and how many are read.
_GOES_ON, _MAP_GOES_ON, _MOST_MAPS = 482, 504, 100


class Extended(NamedTuple):
    """What extended headers say of the member after them; None: nothing."""

    path: str | None = None
    size: int | None = None
    link: str | None = None
    xattrs: tuple[tuple[str, bytes], ...] = ()


class Header(NamedTuple):
    """A header as stored. `mapped`: the map of a sparse file goes on in blocks behind it (GNU tar manual)."""

    path: str
    kind: bytes
    size: int
    link: str
    device: tuple[int, int]
    mapped: bool = False


def normal(path: str) -> str:
    """A member's path from the root of the layer, which nothing leads out of."""
    if not (path.startswith(("./", "/")) or path.endswith("/") or "//" in path or "/." in path or path[:1] == "."):
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def text(name: bytes) -> str:
    """A name as stored, in UTF-8 where it is."""
    return name.decode("utf-8", "surrogateescape")


def header_of(head: bytes) -> Header | None:
    """None for what is no header. `head` has 512 bytes."""
    name, length, kind, target, magic, version, major, minor, prefix = _FIELDS.unpack(head)
    ustar = magic == b"ustar"
    if not ustar and sum(head[:148]) + sum(head[156:]) + 256 != _number(head[148:156]):
        return None
    size = _number(length)
    if size is None:
        return None
    path = text(name.split(b"\0", 1)[0])
    if ustar and version == 0 and prefix[0]:
        path = f"{text(prefix.split(bytes(1), 1)[0])}/{path}"
    link = text(target.split(b"\0", 1)[0]) if kind in b"12" else ""
    device = (_number(major) or 0, _number(minor) or 0) if kind == b"3" else (0, 0)
    mapped = kind == b"S" and head[_GOES_ON] != 0
    return Header(path, b"0" if kind in b"\x007" else kind, size, link, device, mapped)


def usual(buffer: bytearray, at: int) -> tuple[str, str, int] | None:
    """Path from the root, kind ("0" or "5") and size of content of a file or a folder whose header stands at this
    place of the buffer, as `header_of` reads it. None for all others, for what is no header, and for unusual sizes."""
    name, length, kind, _link, magic, version, _major, _minor, prefix = _FIELDS.unpack_from(buffer, at)
    known = _USUAL.get(kind)
    digits = length[:11]
    if known is None or magic != b"ustar" or length[11] or digits.strip(_OCTAL):
        return None
    path = text(name.split(b"\0", 1)[0])
    if version == 0 and prefix[0]:
        path = f"{text(prefix.split(bytes(1), 1)[0])}/{path}"
    return normal(path), known, int(digits, 8) if known == "0" else 0


def map_size(behind: memoryview) -> int:
    """Bytes that the map of a sparse file takes behind its header; more than there are where it goes on beyond them."""
    size = 512
    while size <= len(behind) and size < _MOST_MAPS * 512 and behind[size - 512 + _MAP_GOES_ON]:
        size += 512
    return size


def _number(field: bytes) -> int | None:
    """Octal digits, or base 256 where the first bit is set (GNU). None for anything else, and for negative ones."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if not digits:
        return 0
    # Python also reads signs and underscores.
    return int(digits, 8) if not digits.strip(b"01234567") else None


def pax(record: bytes, told: Extended) -> Extended:
    """What the records (`length key=value`) say of path, size, link and extended attributes."""
    at = 0
    xattrs = list(told.xattrs)
    sparse: dict[bytes, bytes] = {}
    while at < len(record):
        space = record.find(b" ", at, at + 12)
        if space < 0 or not record[at:space].isdigit() or int(record[at:space]) <= space - at:
            break
        end = at + int(record[at:space])
        key, _, value = record[space + 1 : end - 1].partition(b"=")
        if key == b"path":
            told = told._replace(path=text(value[:LONGEST_NAME]))
        elif key == b"linkpath":
            told = told._replace(link=text(value[:LONGEST_NAME]))
        elif key == b"size" and value.isdigit() and len(value) < 20:
            told = told._replace(size=int(value))
        elif key.startswith(_XATTR) and len(xattrs) < _MOST_XATTRS:
            xattrs.append((text(key[len(_XATTR) :]), value))
        elif key.startswith(_SPARSE):
            sparse[key[len(_SPARSE) :]] = value
        at = end
    return told._replace(xattrs=tuple(xattrs), path=_sparse_name(sparse) or told.path)


def _sparse_name(told: dict[bytes, bytes]) -> str:
    """The name of a sparse file, whose `path` is `GNUSparseFile.0/name`; as Go's archive/tar reads it. "" if none."""
    version = (told.get(b"major", b""), told.get(b"minor", b""))
    if version in _SPARSE_VERSIONS or (version == (b"", b"") and b"map" in told):
        return text(told.get(b"name", b"")[:LONGEST_NAME])
    return ""
