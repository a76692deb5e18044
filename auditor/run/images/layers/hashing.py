"""Digests of the files of a layer, as lists of packages have them."""

from __future__ import annotations

import hashlib
from functools import cached_property

from auditor.core.record import TYPE_CHECKING
from auditor.run.images.layers.outcome import FileDigests

if TYPE_CHECKING:
    from auditor.sources.images.owning.owned import Digests


class Hashes:
    """The digests of one content. Lists of wheels have SHA-256 only."""

    def __init__(self, path: str) -> None:
        names = ("sha256",) if is_of_wheel(path) else ("md5", "sha1", "sha256")
        self._all = {name: hashlib.new(name, usedforsecurity=False) for name in names}

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        for one in self._all.values():
            one.update(data)

    def digests(self) -> FileDigests:
        """Those of all bytes; "" for one that no list of such a file has."""
        known = {name: one.hexdigest() for name, one in self._all.items()}
        return FileDigests(known.get("md5", ""), known.get("sha1", ""), known.get("sha256", ""))


class LateDigests:
    """The digests of a content that stays in memory, each computed once it is asked for.

    Nearly all files that are asked about are those of one system, whose lists have one of the three.
    """

    def __init__(self, data: bytes, path: str) -> None:
        self._data = data
        self._only_sha256 = is_of_wheel(path)

    @cached_property
    def md5(self) -> str:
        """MD5, or "": see `Hashes`."""
        return "" if self._only_sha256 else hashlib.md5(self._data, usedforsecurity=False).hexdigest()

    @cached_property
    def sha1(self) -> str:
        """SHA-1, or "": see `Hashes`."""
        return "" if self._only_sha256 else hashlib.sha1(self._data, usedforsecurity=False).hexdigest()

    @cached_property
    def sha256(self) -> str:
        """SHA-256."""
        return hashlib.sha256(self._data, usedforsecurity=False).hexdigest()


def digests_of(data: bytes | memoryview, path: str) -> FileDigests:
    """The digests of a whole content."""
    hashes = Hashes(path)
    hashes.update(data)
    return hashes.digests()


def settled(digests: Digests) -> FileDigests:
    """All of them, computed by now."""
    return FileDigests(digests.md5, digests.sha1, digests.sha256)


def is_of_wheel(path: str) -> bool:
    """Whether a file is one that Python's installers put, and nobody else."""
    return "site-packages/" in path or (path.startswith("usr/local/") and "dist-packages/" in path)
