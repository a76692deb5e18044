"""What stands in the headers of a layer's tar, for those who know what to look for: names, links, unused fields."""

from __future__ import annotations

from bisect import bisect_left

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.run.images.layers.telling import Bytes
from auditor.sources.images.layertar import UNIT

if TYPE_CHECKING:
    from auditor.run.images.layers.gathered import Gathered
    from auditor.run.images.layers.searching import Near, Searching
    from auditor.sources.images.tarblocks import Block


class HeaderSearch:
    """Searches the headers of one block after the other."""

    def __init__(self, sweep: Searching, gathered: Gathered) -> None:
        self._sweep = sweep
        self._gathered = gathered

    def search(self, block: Block, hits: Near) -> None:
        """Search one block; `hits` are those in all of its bytes."""
        self._names(block)
        self._between(block, hits)

    def _names(self, block: Block) -> None:
        """Names of files and where links lead."""
        names = [encoded(f"{entry.path}\n{entry.link}") for entry in block.entries]
        if not self._sweep.hits(b"\n".join(names)):
            return
        for data in names:
            if near := self._sweep.hits(data):
                self._tell(data, near)

    def _between(self, block: Block, hits: Near) -> None:
        """What headers hold besides names: owners, and whatever somebody has put into their unused fields."""
        starts = [segment.start for segment in block.segments]
        for _, place in hits:
            at = bisect_left(starts, place) - 1
            if at < 0 or place > block.segments[at].end:
                begin = block.segments[at].end if at >= 0 else 0
                data = bytes(block.data[max(begin, place - UNIT) : place])
                self._tell(data, ((0, len(data)),))

    def _tell(self, data: bytes, near: Near) -> None:
        self._gathered.tell(Bytes("", "tar header", data, 0, 0, hidden=True), near, (0, len(data)))
