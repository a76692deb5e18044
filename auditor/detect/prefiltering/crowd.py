"""Keeps the pairs (trigger, offset) of one pass few, whatever the bytes hold."""

from __future__ import annotations

#: So many pairs are kept as they are; beyond that, the first of each trigger in each GAP bytes.
MOST = 65_536
GAP = 1024

Hits = list[tuple[int, int]]


class Crowd:
    """Collects pairs. `limit` is the number of pairs at which `thin` is due; it grows where thinning does not help."""

    def __init__(self) -> None:
        self.hits: Hits = []
        self.limit = MOST

    def add(self, trigger: int, offset: int) -> None:
        """Add one pair."""
        self.hits.append((trigger, offset))
        if len(self.hits) > self.limit:
            self.thin()

    def thin(self) -> None:
        """Keep the first pair of a trigger in each GAP bytes."""
        self.hits[:] = thinned(self.hits)
        self.limit = max(MOST, 2 * len(self.hits))

    def result(self) -> Hits:
        """The pairs, sorted and each once."""
        return sorted(set(self.hits))


def thinned(hits: Hits) -> Hits:
    """The first pair of each trigger in each stretch of GAP bytes; thinning again keeps every stretch represented."""
    first: dict[tuple[int, int], int] = {}
    for trigger, offset in hits:
        cell = (trigger, offset // GAP)
        first[cell] = min(offset, first.get(cell, offset))
    return [(trigger, offset) for (trigger, _), offset in first.items()]
