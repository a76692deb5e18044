"""What is looked at only once the whole layer is known: packages list their files behind them.

Two things would take most of the time of a search and find nothing: values with telling names in the sources of public
packages, and packages of Debian that were kept after their files were installed in the same layer.
"""

from __future__ import annotations

import hashlib
import io

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.images.layers.hashing import LateDigests, digests_of, is_of_wheel
from auditor.sources.archives.stream import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.sources.images.owning.owned import Digests

#: Folders in which packages put files; elsewhere nothing is put off.
_FOLDERS = ("usr/", "lib/", "bin/", "sbin/", "opt/")
_IN_ANY = ("site-packages/", "dist-packages/", "node_modules/")
#: Bytes that are kept for one layer; what comes after them is looked at at once.
_ROOM = 96 << 20
#: Bytes of whole files that are kept besides, so that only the digest that is needed is computed.
_WHOLE_ROOM = 32 << 20
#: What keeping one takes besides, in bytes.
_OVERHEAD = 3072
#: Archives of System V: what they begin with, and the length of a member's header.
_LIST = b"!<arch>\n"
_HEADER = 60


class Waiting(NamedTuple):
    """A stretch of a file around hits: `start` is its place in the file, `line` the number of its first line, `hits`
    are offsets in it, `head` is the beginning of the file. Or a whole file that packs others: without hits."""

    path: str
    data: bytes
    start: int
    line: int
    hits: tuple[tuple[int, int], ...]
    head: bytes


class Deferred:
    """Keeps what waits, within bounds. `reach`: bytes before and after a hit that are needed to judge it."""

    def __init__(self, reach: Callable[[int], int]) -> None:
        self._reach = reach
        self._room = _ROOM
        self._whole_room = _WHOLE_ROOM
        self._waiting: list[Waiting] = []
        self.digests: dict[str, Digests] = {}

    def takes(self, path: str) -> bool:
        """Whether a file may be one that a package has brought."""
        return self._room > 0 and (path.startswith(_FOLDERS) or any(part in path for part in _IN_ANY))

    def add(self, path: str, data: bytes, hits: Sequence[tuple[int, int]]) -> None:
        """Keep what is around the hits of one whole file."""
        self.digests[path] = self._digests(path, data)
        line, counted = 1, 0
        for start, end, near in self._stretches(hits, len(data)):
            line, counted = line + data.count(b"\n", counted, start), start
            kept = data[start:end]
            self._room -= len(kept) + _OVERHEAD
            moved = tuple((index, place - start) for index, place in near)
            self._waiting.append(Waiting(path, kept, start, line, moved, data[:256]))

    def add_packed(self, path: str, data: bytes) -> None:
        """Keep a whole file that packs others."""
        self.digests[path] = LateDigests(data, path)
        self._room -= len(data) + _OVERHEAD
        self._waiting.append(Waiting(path, data, 0, 1, (), b""))

    def resolved(self, brought: Callable[[str, Digests], bool]) -> tuple[list[Waiting], int]:
        """What has to be looked at after all, and how many files packages have brought as they are."""
        known = {path for path, digests in self.digests.items() if brought(path, digests)}
        return [one for one in self._waiting if one.path not in known], len(known)

    def _digests(self, path: str, data: bytes) -> Digests:
        if is_of_wheel(path) or len(data) > self._whole_room:
            return digests_of(data, path)
        self._whole_room -= len(data)
        return LateDigests(data, path)

    def _stretches(self, hits: Sequence[tuple[int, int]], size: int) -> list[tuple[int, int, list[tuple[int, int]]]]:
        """Ranges around hits, which are sorted by place; those that touch joined, also where a later one reaches back
        beyond several."""
        found: list[tuple[int, int, list[tuple[int, int]]]] = []
        for hit in hits:
            reach = self._reach(hit[0])
            start, end, near = max(0, hit[1] - reach), min(size, hit[1] + reach), [hit]
            while found and start <= found[-1][1]:
                first, last, before = found.pop()
                before += near
                start, end, near = min(start, first), max(end, last), before
            found.append((start, end, near))
        return found


class Deb(NamedTuple):
    """What the control files of a package of Debian say: the digest of its list of files, and the first entry of that
    (digest and path)."""

    digest: bytes = b""
    first: tuple[str, str] = ("", "")

    def told(self, name: str, data: bytes) -> Deb:
        """With one of the control files read."""
        if name != "md5sums":
            return self
        md5, _, path = data.partition(b"\n")[0].decode("utf-8", "replace").partition("  ")
        return Deb(list_digest(data), (md5, path))


def list_digest(data: bytes) -> bytes:
    """What tells two lists of the same files apart from others."""
    return hashlib.sha256(data).digest()


def without_data(deb: bytes) -> bytes:
    """A package of Debian up to the files that it installs: still an archive, with the control files in it."""
    return deb[: data_place(Store(io.BytesIO(deb)))]


def data_place(deb: Store) -> int:
    """Where in a package of Debian the files that it installs begin; its length if that cannot be told."""
    at = len(_LIST)
    while len(header := deb.at(at, _HEADER)) == _HEADER:
        field = header[48:58].strip()
        if header.startswith(b"data") or not field.isdigit():
            return at
        at += _HEADER + int(field) + int(field) % 2
    return deb.size


def is_deb(head: bytes, path: str) -> bool:
    """Whether a file is a package of Debian."""
    return head.startswith(_LIST) and path.endswith(".deb")
