"""A search through layers for values that are known, in place of one for signs of secrets, or beside it."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.detect.detection import Detection
    from auditor.detect.needles import Hit, Needles
    from auditor.detect.views import Cut


class NeedleSweep:
    """Looks for values where `detect.sweep.Sweep` looks for signs of secrets.

    `told` says what a hit is. `number` is that of such hits among those of rules.
    """

    def __init__(self, needles: Needles, told: Callable[[Hit], Detection], *, number: int = 0) -> None:
        self._needles = needles
        self._told = told
        self._number = number

    def hits(self, data: bytes | memoryview) -> list[tuple[int, int]]:
        """Where values end, by place."""
        return sorted(((self._number, hit.end) for hit in self._needles.search(data)), key=lambda hit: hit[1])

    def reads_whole(self, _path: str, _head: bytes) -> bool:
        """No content is read but around hits."""
        return False

    def take_problems(self) -> list[str]:
        """There are none."""
        return []

    def is_weak(self, _index: int) -> bool:
        """Every hit counts."""
        return False

    def reach(self, _index: int) -> int:
        """Bytes around a hit that belong to it."""
        return self._needles.reach

    def examine(
        self,
        data: bytes | memoryview,
        _hits: Sequence[tuple[int, int]],
        _path: str,
        _cuts: list[Cut] | None = None,
        *,
        whole: bool = False,
    ) -> list[Detection]:
        """The values in one content."""
        return list(map(self._told, self._needles.search(data)))
