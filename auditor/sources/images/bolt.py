"""Reads a database of bbolt, in which containerd keeps what its folders are. Nothing is locked or written.

A file is pages; the first two say, in turn, where the tree of the last finished change begins (bbolt, page.go).
"""

from __future__ import annotations

import struct

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Pages of a tree: inner ones, leaves.
_BRANCH, _LEAF = 1, 2
_MAGIC, _VERSION = 0xED0CDAED, 2
_PAGE_HEADER = struct.Struct("<QHHI")
_META = struct.Struct("<IIIIQQQQQQ")
_INNER, _ENTRY = struct.Struct("<IIQ"), struct.Struct("<IIII")
_BUCKET = struct.Struct("<QQ")
#: Flag of an entry that is a bucket itself.
_IS_BUCKET = 1
_DEEPEST = 32
_FNV_BASIS, _FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3


class Bucket(NamedTuple):
    """A bucket that is still to be read: the byte at which its page begins."""

    at: int


class Database:
    """A database's bytes, every bucket of which may be read once. Raises ValueError if it is none, or damaged."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        # Every entry takes room in the file: a tree with more of them leads back into itself.
        self._left = len(data) // _ENTRY.size
        metas = [meta for meta in (self._meta(0), self._meta(self._size_of_pages())) if meta]
        if not metas:
            raise ValueError("no page says where its tree begins")
        _, self._page, root = max(metas)
        self.root = Bucket(root * self._page)

    def read(self, bucket: Bucket) -> Mapping[bytes, bytes | Bucket]:
        """The entries of a bucket by key."""
        try:
            return dict(self._entries(bucket.at, _DEEPEST))
        except struct.error:
            raise ValueError("ends in the middle of a page") from None

    def bucket(self, *path: bytes) -> Mapping[bytes, bytes | Bucket]:
        """The entries of the bucket with this path; none if there is no such bucket."""
        found = self.read(self.root)
        for name in path:
            inner = found.get(name)
            if not isinstance(inner, Bucket):
                return {}
            found = self.read(inner)
        return found

    def _size_of_pages(self) -> int:
        """From the first page, or where that is damaged, what is usual."""
        try:
            magic, _, size, *_ = _META.unpack_from(self._data, _PAGE_HEADER.size)
        except struct.error:
            raise ValueError("too short") from None
        return int(size) if magic == _MAGIC and 512 <= size <= 1 << 16 else 4096

    def _meta(self, at: int) -> tuple[int, int, int] | None:
        """Number of the change, size of a page, page of the tree's root; None for a page that was not finished."""
        start = at + _PAGE_HEADER.size
        try:
            magic, version, size, _, root, _, _, _, change, checksum = _META.unpack_from(self._data, start)
        except struct.error:
            return None
        if magic != _MAGIC or version != _VERSION or not 512 <= size <= 1 << 16:
            return None
        if _fnv(self._data[start : start + _META.size - 8]) != checksum:
            return None
        return change, size, root

    def _entries(self, at: int, deepest: int) -> Iterator[tuple[bytes, bytes | Bucket]]:
        _, kind, count, _ = _PAGE_HEADER.unpack_from(self._data, at)
        self._left -= count
        if kind not in (_BRANCH, _LEAF) or not deepest or self._left < 0:
            raise ValueError("a page is not what it should be")
        first = at + _PAGE_HEADER.size
        for entry in range(first, first + count * _ENTRY.size, _ENTRY.size):
            if kind == _BRANCH:
                _, _, page = _INNER.unpack_from(self._data, entry)
                yield from self._entries(page * self._page, deepest - 1)
            else:
                flags, position, key, value = _ENTRY.unpack_from(self._data, entry)
                start = entry + position
                name = self._data[start : start + key]
                yield name, self._value(start + key, value, flags)

    def _value(self, at: int, length: int, flags: int) -> bytes | Bucket:
        if not flags & _IS_BUCKET:
            return self._data[at : at + length]
        root, _ = _BUCKET.unpack_from(self._data, at)
        # A small bucket has its only page behind its header.
        return Bucket(root * self._page) if root else Bucket(at + _BUCKET.size)


def _fnv(data: bytes) -> int:
    """The 64-bit FNV-1a digest."""
    made = _FNV_BASIS
    for byte in data:
        made = (made ^ byte) * _FNV_PRIME & 0xFFFFFFFFFFFFFFFF
    return made
