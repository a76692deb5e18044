"""How much work one archive may cause, and the errors that end it."""

from __future__ import annotations

from auditor.core.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.sources.archives.spool import Spool

#: Steps of work between two looks at the clock.
_STEPS = 32


class Limits(NamedTuple):
    """Bounds for one top-level file; sizes in bytes.

    `depth`: archives inside of archives. `total`: decompressed or rebuilt, of all members. `ratio`: of what one
    compressed stream gives to what it took, looked at once it has given `ratio_from`. `held`: contents kept in memory
    at one time because their formats need random access. `steps`: headers, frames and instructions read. `piece`:
    longest data of one `Member`. `spool` keeps contents that are longer than `held`; without one they are not opened.
    `late` says, when enough work was done, why the time for it is over, else "".
    """

    depth: int = 8
    members: int = 100_000
    total: int = 1 << 30
    ratio: int = 1000
    ratio_from: int = 64 << 20
    held: int = 64 << 20
    steps: int = 2_000_000
    piece: int = 1 << 20
    spool: Spool | None = None
    late: Callable[[], str] | None = None


class Damaged(Exception):
    """A content cannot be read further; the message is a short reason."""


class Exhausted(Exception):
    """A bound of the whole file is reached; the message names it."""


class Budget:
    """What is left of the bounds; `room` is what may still be held in memory. Methods raise Exhausted."""

    __slots__ = ("limits", "members", "room", "steps", "total")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.members = limits.members
        self.room = limits.held
        self.total = limits.total
        self.steps = limits.steps

    def member(self) -> None:
        """Count a member."""
        self.members -= 1
        if self.members < 0:
            raise Exhausted(f"more than {self.limits.members:,} members")

    def step(self, count: int = 1) -> None:
        """Count work that gives no bytes."""
        self.steps -= count
        if self.steps < 0:
            raise Exhausted(f"more than {self.limits.steps:,} steps of work")
        if self.steps // _STEPS != (self.steps + count) // _STEPS:
            self.look()

    def charge(self, size: int) -> None:
        """Count bytes that were decompressed or rebuilt."""
        self.total -= size
        if self.total < 0:
            raise Exhausted(f"more than {self.limits.total:,} decompressed bytes")
        self.look()

    def look(self) -> None:
        """Look at the clock."""
        if self.limits.late is not None and (reason := self.limits.late()):
            raise Exhausted(reason)

    def is_late(self) -> bool:
        """Whether the time is over."""
        return self.limits.late is not None and bool(self.limits.late())
