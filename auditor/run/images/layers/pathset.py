"""A set of paths in eight bytes each: layers have hundreds of thousands, and only membership is asked for."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from functools import lru_cache
from hashlib import blake2b

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded

if TYPE_CHECKING:
    from collections.abc import Iterable

_BYTES = 8


class PathSet:
    """Paths as digests of 64 bits. Two paths are taken for one in about one of 10**13 questions."""

    __slots__ = ("_sorted",)

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        """Of paths as `number` gives them, which is what can be collected of millions."""
        # Without a set, which for two million paths would be the largest thing in memory; doubles do no harm.
        self._sorted = array("Q", sorted(numbers))

    @classmethod
    def of(cls, paths: Iterable[str]) -> PathSet:
        """Of paths as they are written."""
        return cls(map(number, paths))

    def __contains__(self, path: str) -> bool:
        wanted = _asked(path)
        at = bisect_left(self._sorted, wanted)
        return at < len(self._sorted) and self._sorted[at] == wanted

    def __len__(self) -> int:
        return len(self._sorted)

    def to_bytes(self) -> bytes:
        """What `from_bytes` reads, on the same kind of machine."""
        return self._sorted.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> PathSet:
        """Raises ValueError for what `to_bytes` cannot have written."""
        made = cls()
        made._sorted.frombytes(data)
        if list(made._sorted) != sorted(made._sorted):
            raise ValueError("not a set of paths")
        return made

    def __getstate__(self) -> bytes:
        return self.to_bytes()

    def __setstate__(self, state: bytes) -> None:
        self._sorted = array("Q")
        self._sorted.frombytes(state)


def number(path: str) -> int:
    """64 bits of a digest of the path."""
    return int.from_bytes(blake2b(encoded(path), digest_size=_BYTES).digest(), "big")


@lru_cache(maxsize=256)
def _asked(path: str) -> int:
    """The same for a path that is looked up, which is done in all layers in turn."""
    return number(path)
