"""Strings of compiled Python modules, read by a scanner of our own: unmarshalling hostile bytes is not safe."""

from __future__ import annotations

import os
import stat

from auditor.sources.archives.limits import Budget, Damaged
from auditor.sources.archives.stream import Entries, Entry, Note, Store, of_bytes
from auditor.sources.files import UnreadableFile, open_descriptor

_CACHE, _UINT32 = "__pycache__", 0xFFFFFFFF
_LONG_STRINGS = b"aAuts"
_SIZES = {**dict.fromkeys(b"NFTS.0", 0), **dict.fromkeys(b"irR", 4), **dict.fromkeys(b"Ig", 8), ord("y"): 16}
#: Bytes of what has always the same number of them, by type with and without its flag; -1 for all else.
_FIXED = [_SIZES.get(code & 0x7F, -1) for code in range(256)]
#: Types of short strings, with and without the flag.
_SHORT_STRINGS = frozenset(code | flag for code in b"zZ" for flag in (0, 0x80))
_SMALL_TUPLE, _NULL = b")0"
_COUNTED = b"([<>"
#: Parts of containers still expected: one byte may announce 255 of them, and a place on the list takes eight.
_PENDING = 1 << 21
#: Objects between two looks at the bounds.
_STEPS = 1024
_TEXT = bytes(byte for byte in range(256) if byte >= 0x20 or byte in b"\t\n\r")


def is_bytecode(head: bytes) -> bool:
    """Whether a file begins as CPython writes them: a version number, CR LF, and a code object after the header."""
    if len(head) < 24 or head[2:4] != b"\r\n":
        return False
    version = int.from_bytes(head[:2], "little")
    return 2900 < version < 4500 and head[_header(version)] in (ord("c"), ord("c") | 0x80)


def is_copy(path: str) -> bool:
    """Whether a file in `__pycache__` was compiled from the source beside that folder as it is now (PEP 3147, 552).

    `path` is that of a regular file.
    """
    if not path.endswith(".pyc"):
        return False
    folder, name = os.path.split(path)
    if os.path.basename(folder) != _CACHE:
        return False
    try:
        source = os.lstat(os.path.join(os.path.dirname(folder), name.partition(".")[0] + ".py"))
        descriptor, _ = open_descriptor(path, follow=False, listed=True)
        try:
            head = os.read(descriptor, 16)
        finally:
            os.close(descriptor)
    except (OSError, UnreadableFile):
        return False
    written = int.from_bytes(head[8:12], "little"), int.from_bytes(head[12:16], "little")
    now = int(source.st_mtime) & _UINT32, source.st_size & _UINT32
    # Flags of zero: the header tells the time and the size of the source, not its hash.
    return stat.S_ISREG(source.st_mode) and head[2:8] == b"\r\n\0\0\0\0" and written == now


def strings(store: Store, budget: Budget) -> Entries:
    """All string constants, names and doc strings, one to a line, in the order of the file."""
    data = store.at(0, store.size)
    version = int.from_bytes(data[:2], "little")
    found: list[bytes] = []
    reason = ""
    try:
        _scan(data, _header(version), _layout(version), found, budget)
    except Damaged as error:
        reason = str(error)
    yield Entry("strings", of_bytes(b"\n".join(found) + b"\n"))
    if reason:
        yield Note("strings", reason)


def _header(version: int) -> int:
    """Bytes before the code object: size since 3.3, flags since 3.7 (PEP 552)."""
    return 16 if version >= 3390 else 12 if version >= 3200 else 8


def _layout(version: int) -> str:
    """Fields of a code object: `n` for a number, `o` for an object."""
    if version >= 3450:
        return "nnnnn" + "o" * 8 + "n" + "oo"
    return ("nnnnnn" if version >= 3410 else "nnnnn") + "o" * 8 + "n" + "o"


def _scan(data: bytes, at: int, layout: str, found: list[bytes], budget: Budget) -> None:
    """Walk the objects in order. What is still expected stands on a list: `n`, `o` or `d` (pairs until a null)."""
    expected: list[str] = ["o"]
    steps = 0
    try:
        while expected:
            steps += 1
            if not steps % _STEPS:
                budget.step(_STEPS)
            kind = expected.pop()
            if kind == "n":
                at += 4
                continue
            code = data[at]
            at += 1
            if kind == "d":
                if code & 0x7F == _NULL:
                    continue
                expected += ("d", "o")
            # Nearly all objects are references and short strings.
            if (fixed := _FIXED[code]) >= 0:
                at += fixed
            elif code in _SHORT_STRINGS:
                at = _string(data, at + 1, data[at], found)
            else:
                at = _object(data, at, code & 0x7F, layout, expected, found)
    except IndexError:
        raise Damaged("truncated") from None
    budget.step(steps % _STEPS)


def _object(data: bytes, at: int, code: int, layout: str, expected: list[str], found: list[bytes]) -> int:
    """Take one object whose type is `code`; the offset after its own bytes. Its parts are put on the list."""
    if code == _SMALL_TUPLE:
        _expect(expected, _size(data, at, 1))
        return at + 1
    if code in b"fx":
        return _string(data, at + 1, _size(data, at, 1), [])
    if code in _LONG_STRINGS:
        size = _size(data, at, 4)
        # Bytes may be a program's instructions and tables.
        kept = code != ord("s") or not data[at + 4 : at + 4 + size].translate(None, _TEXT)
        return _string(data, at + 4, size, found if kept else [])
    if code == ord("l"):
        size = _size(data, at, 4)
        return at + 4 + 2 * (size if size < 1 << 31 else (1 << 32) - size)
    return _container(data, at, code, layout, expected)


def _container(data: bytes, at: int, code: int, layout: str, expected: list[str]) -> int:
    """Put the parts of a list, set, dictionary, slice or code object on the list; the offset after its count."""
    if code in _COUNTED:
        size = _size(data, at, 4)
        if size > len(data) - at:
            raise Damaged("damaged")
        _expect(expected, size)
        return at + 4
    if code == ord("{"):
        expected.append("d")
    elif code == ord(":"):
        expected.extend("ooo")
    elif code == ord("c"):
        expected.extend(reversed(layout))
    else:
        raise Damaged("unknown marshal type")
    return at


def _expect(expected: list[str], count: int) -> None:
    """Put this many objects on the list. Raises Damaged where they are more than any program has."""
    if len(expected) + count > _PENDING:
        raise Damaged("too many parts")
    expected.extend("o" * count)


def _size(data: bytes, at: int, width: int) -> int:
    if at + width > len(data):
        raise Damaged("truncated")
    return int.from_bytes(data[at : at + width], "little")


def _string(data: bytes, at: int, size: int, found: list[bytes]) -> int:
    if at + size > len(data):
        raise Damaged("truncated")
    found.append(data[at : at + size])
    return at + size
