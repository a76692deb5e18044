"""The files that git tracks, read from `.git/index`; git itself is not run.

Format: git's documentation, `gitformat-index`, versions 2 to 4 with SHA-1 names.
"""

from __future__ import annotations

import os.path
import struct

from auditor.sources.files import UnreadableFile, read_regular

_LIMIT = 64 * 1024 * 1024
_FIXED = 62
_EXTENDED = 0x4000
_LENGTH = 0xFFF
_LONGEST = 16_384
_TOTAL = 128 * 1024 * 1024


class _NotRead(Exception):
    """The index is of another form."""


def tracked(root: str) -> frozenset[str] | None:
    """Paths below a repository's root (with `/`) that git tracks; None where that cannot be told."""
    try:
        data = read_regular(os.path.join(root, ".git", "index"), _LIMIT)
        return frozenset(_paths(data))
    except (UnreadableFile, _NotRead, struct.error, IndexError):
        return None


def _paths(data: bytes) -> list[str]:
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC" or version not in (2, 3, 4) or count > len(data) // _FIXED:
        raise _NotRead
    found: list[str] = []
    at, name, room = 12, b"", _TOTAL
    for _entry in range(count):
        start, kept = at, b""
        (flags,) = struct.unpack_from(">H", data, at + _FIXED - 2)
        at += _FIXED + (2 if version >= 3 and flags & _EXTENDED else 0)
        if version == 4:
            strip, at = _number(data, at)
            if strip > len(name):
                raise _NotRead
            kept = name[: len(name) - strip]
        end = data.find(b"\0", at)
        name = kept + data[at:end]
        if end < 0 or not 0 < len(name) <= _LONGEST or (flags & _LENGTH) not in (len(name), _LENGTH):
            raise _NotRead  # of another hash, for instance
        room -= len(name)
        if room < 0:
            raise _NotRead
        found.append(name.decode("utf-8", "surrogateescape"))
        at = end + 1 if version == 4 else start + ((end - start) // 8 + 1) * 8
    return found


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, as offsets in packs are written, and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
        if value >= 1 << 20:
            raise _NotRead
    return value, at + 1
