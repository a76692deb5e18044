"""One layer as a tree: which paths it brings and hides, where its links lead, and the beginnings of a few files."""

from __future__ import annotations

import posixpath

from auditor.core.record import TYPE_CHECKING
from auditor.run.images.layers.pathset import PathSet
from auditor.run.images.layers.whiteouts import Changes
from auditor.sources.images.inflate import LayerStream
from auditor.sources.images.layertar import LayerTar
from auditor.sources.images.model import SourceError
from auditor.sources.images.tarblocks import FILE
from auditor.sources.images.tarheaders import normal

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import BinaryIO

    from auditor.sources.images.tarblocks import Block, Entry

#: Bytes of a file that are kept, and files of one layer of which any are.
LONGEST, MOST_KEPT = 64 << 10, 256
#: Links of one layer that are kept.
MOST_LINKS = 1_000_000
#: How a program that loads others is called.
_LOADERS = ("ld-", "ld.so", "ld64")
_LOADER_FOLDERS = ("", "lib", "lib64", "lib32", "libx32", "usr", "usr/lib", "usr/lib64")
_PLAIN, _HARD, _SYMBOLIC, _FOLDER = "0", "1", "2", "5"


class LayerTree:
    """What one layer says of paths, all without a slash before them.

    `names` are last parts of paths, and `paths` whole ones, of which the first bytes are kept in `heads`. `loaders`
    are files and links called like the loader of a C library.
    """

    def __init__(self, names: Collection[str], paths: Collection[str] = ()) -> None:
        self._names = names
        self._paths = paths
        self._changes = Changes()
        self._symlinks: dict[str, str] = {}
        self._hard: dict[str, str] = {}
        self.heads: dict[str, bytearray] = {}
        self.loaders: list[str] = []
        self.files = PathSet()
        self.folders = PathSet()
        self.removed: frozenset[str] = frozenset()
        self.opaque: frozenset[str] = frozenset()
        self._covering: dict[str, bool] = {}

    def read(self, stored: BinaryIO, *, diff_id: str = "", digest: str = "", part: str = "layer") -> LayerTree:
        """Take in a layer's stored bytes, and close them. Raises SourceError if they are damaged."""
        stream = LayerStream(stored, like=(diff_id, digest))
        try:
            tar = LayerTar(stream)
            for block in tar.blocks():
                self._block(block)
        finally:
            stream.close()
        problem = next(iter(tar.problems), "")
        if not problem and diff_id and stream.diff_id and stream.diff_id != diff_id:
            problem = "its content does not have the digest that the configuration states"
        if problem:
            raise SourceError(f"{part}: {problem}")
        self.files, self.folders = PathSet(self._changes.files), PathSet(self._changes.folders)
        self.removed, self.opaque = frozenset(self._changes.removed), frozenset(self._changes.opaque)
        return self

    def kind(self, path: str) -> str:
        """What this layer has at a path: the type letter of a tar header; "" for nothing."""
        if path in self._symlinks:
            return _SYMBOLIC
        if path in self._hard:
            return _HARD
        return _PLAIN if path in self.files else _FOLDER if path in self.folders else ""

    def link(self, path: str) -> str:
        """Where the link at a path leads, as it is stored; "" for what is none."""
        return self._symlinks.get(path, "") or self._hard.get(path, "")

    def hides(self, path: str) -> bool:
        """Whether lower layers' files at a path that this layer does not have cannot be seen any more."""
        return path in self.removed or self._covers(path.rpartition("/")[0])

    def _covers(self, folder: str) -> bool:
        """Whether lower layers' files in a folder cannot be seen. Asked of one folder after the other on the way down,
        each is looked at once."""
        asked: list[str] = []
        while folder and folder not in self._covering:
            asked.append(folder)
            folder = folder.rpartition("/")[0]
        covered = self._covering[folder] if folder else "" in self.opaque
        for one in reversed(asked):
            covered = covered or one in self.opaque or one in self.removed or self.kind(one) not in ("", _FOLDER)
            self._covering[one] = covered
        return covered

    def _block(self, block: Block) -> None:
        for entry in block.entries:
            self._entry(entry)
        for segment in block.segments:
            head = self.heads.get(segment.path) if segment.kind == FILE else None
            if head is None:
                continue
            if not segment.offset:
                head.clear()  # of two files of one path the second counts
            if segment.offset <= len(head) < LONGEST:
                start = segment.start + len(head) - segment.offset
                head += block.data[start : min(segment.end, segment.start + LONGEST - segment.offset)]

    def _entry(self, entry: Entry) -> None:
        path = entry.path
        self._changes.add(entry)
        folder, _, name = path.rpartition("/")
        self._symlinks.pop(path, None)
        self._hard.pop(path, None)
        if entry.kind == _SYMBOLIC:
            self._keep_link(self._symlinks, path, entry.link)
        elif entry.kind == _HARD:
            target = normal(entry.link)
            if target != path:
                self._keep_link(self._hard, path, target)
        if name.startswith(_LOADERS) and len(self.loaders) < MOST_KEPT and _may_load(folder):
            self.loaders.append(path)
        kept = path in self._paths or (name in self._names and len(self.heads) < MOST_KEPT)
        if entry.kind == _PLAIN and kept:
            self.heads[path] = bytearray()

    def _keep_link(self, where: dict[str, str], path: str, target: str) -> None:
        if len(where) >= MOST_LINKS:
            raise SourceError(f"more than {MOST_LINKS:,} links in one layer")
        where[path] = target


def _may_load(folder: str) -> bool:
    return folder in _LOADER_FOLDERS or posixpath.dirname(folder) in ("lib", "usr/lib")
