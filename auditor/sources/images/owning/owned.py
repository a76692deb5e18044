"""Which files packages own, and with which content: a table of numbers, small enough to keep for every layer."""

from __future__ import annotations

import json
import sys
from abc import abstractmethod
from array import array
from bisect import bisect_left
from hashlib import blake2b

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    class Digests(Protocol):
        """Hexadecimal digests of one file's content; "" for one that was not computed."""

        @property
        @abstractmethod
        def md5(self) -> str:
            """MD5."""

        @property
        @abstractmethod
        def sha1(self) -> str:
            """SHA-1."""

        @property
        @abstractmethod
        def sha256(self) -> str:
            """SHA-256."""


#: Path, beginning of the content's digest (0: unknown, or of an in-house package), and number of the package.
Entry = tuple[int, int, int]

#: So many files of one image are kept.
MOST = 2_000_000
_MAGIC = b"owned 1\n"
_DIGITS = 16
_MERGED = ("bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/")


def path_number(path: str) -> int:
    """64 bits of a path in a layer. `/bin`, `/sbin` and `/lib*` are what they link to since systems merged `/usr`."""
    while path.startswith(("/", "./")):
        path = path[1 + (path[0] == ".") :]
    if path.startswith(_MERGED):
        path = "usr/" + path
    return int.from_bytes(blake2b(encoded(path), digest_size=8).digest(), "big")


def content_number(hexdigest: str) -> int:
    """The first 64 bits of a digest, never 0; 0 for what is none. Which algorithm made it need not be known."""
    try:
        return int(hexdigest[:_DIGITS], 16) or 1 if len(hexdigest) >= 2 * _DIGITS else 0
    except ValueError:
        return 0


def _has(digests: Digests, number: int) -> bool:
    """Whether one of them begins like this. They may be computed only now, so no more are asked for than it takes."""
    return (
        content_number(digests.md5) == number
        or content_number(digests.sha1) == number
        or content_number(digests.sha256) == number
    )


class Owned:
    """Files that packages list; 20 bytes each.

    `owner` errs in one of 2**64 questions; somebody who can build such a collision can as well name the real digest.
    """

    __slots__ = ("_contents", "_names", "_packages", "_paths")

    def __init__(self, entries: Iterable[Entry] = (), names: Iterable[str] = ()) -> None:
        rows = sorted(set(entries))
        self._names = tuple(names)
        self._paths = array("Q", [row[0] for row in rows])
        self._contents = array("Q", [row[1] for row in rows])
        self._packages = array("I", [row[2] for row in rows])

    def owner(self, path: str, digests: Digests) -> str:
        """The package that brought this file with this content and is not in-house; "" if there is none.

        `path` is as in the layer. A missing digest ("") fits nothing.
        """
        number = path_number(path)
        at = bisect_left(self._paths, number)
        while at < len(self._paths) and self._paths[at] == number:
            if self._contents[at] and _has(digests, self._contents[at]):
                return self._names[self._packages[at]]
            at += 1
        return ""

    def claims(self, path: str) -> bool:
        """Whether any package lists this path, in-house ones and changed files included."""
        number = path_number(path)
        at = bisect_left(self._paths, number)
        return at < len(self._paths) and self._paths[at] == number

    def merge(self, other: Owned) -> Owned:
        """What either of two layers lists; no more than MOST entries: what would exceed them is left out."""
        if not other._paths or len(self) + len(other) > MOST:
            return self
        if not self._paths:
            return other
        numbers = {name: number for number, name in reversed(list(enumerate(self._names)))}
        names = list(self._names)
        moved = []
        for name in other._names:
            number = numbers.setdefault(name, len(names))
            if number == len(names):
                names.append(name)
            moved.append(number)
        theirs = ((path, content, moved[number]) for path, content, number in other._entries())
        return Owned([*self._entries(), *theirs], names)

    def __len__(self) -> int:
        return len(self._paths)

    def _entries(self) -> Iterable[Entry]:
        return zip(self._paths, self._contents, self._packages, strict=True)

    def to_bytes(self) -> bytes:
        """What `from_bytes` reads, on any machine."""
        names = json.dumps(self._names, separators=(",", ":")).encode()
        head = _MAGIC + len(names).to_bytes(4, "little") + len(self).to_bytes(4, "little")
        return b"".join((head, names, *map(_little, (self._paths, self._contents, self._packages))))

    @classmethod
    def from_bytes(cls, data: bytes) -> Owned:
        """Raises ValueError for what `to_bytes` cannot have written."""
        made = cls()
        made._load(data)
        paths, names = made._paths, made._names
        if list(paths) != sorted(paths) or max(made._packages, default=-1) >= len(names):
            raise ValueError("not a list of owned files")
        return made

    def _load(self, data: bytes) -> None:
        start = len(_MAGIC) + 8
        if not data.startswith(_MAGIC) or len(data) < start:
            raise ValueError("not a list of owned files")
        length, count = (int.from_bytes(data[at : at + 4], "little") for at in (start - 8, start - 4))
        names = json.loads(data[start : start + length])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("not a list of owned files")
        at, arrays = start + length, []
        for kind, width in (("Q", 8), ("Q", 8), ("I", 4)):
            arrays.append(_read(kind, data[at : at + count * width], count))
            at += count * width
        if at != len(data):
            raise ValueError("not a list of owned files")
        self._names = tuple(names)
        self._paths, self._contents, self._packages = arrays

    def __getstate__(self) -> bytes:
        return self.to_bytes()

    def __setstate__(self, state: bytes) -> None:
        self._load(state)


def _little(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _read(kind: str, data: bytes, count: int) -> array[int]:
    numbers = array(kind)
    numbers.frombytes(data)
    if len(numbers) != count:
        raise ValueError("not a list of owned files")
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
