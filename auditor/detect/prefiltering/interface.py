"""What the pass is asked for, and what it answers."""

from __future__ import annotations

from abc import ABC, abstractmethod

from auditor.core.record import NamedTuple

#: Longest match, in bytes, that the promise of `Prefilter.hits` covers.
LONGEST = 4096
#: Longest match, in bytes, of a trigger that is searched for as it stands.
WHOLE = 640


class Prefilter(ABC):
    """A compiled set of triggers. `engine` is "hyperscan" or "keywords"; `hits` may run in several threads."""

    engine: str

    @abstractmethod
    def hits(self, data: bytes | bytearray | memoryview) -> list[tuple[int, int]]:
        """Pairs (index of a trigger, offset in `data`), sorted, each once. Never raises for what the bytes hold.

        For every match m of trigger i (`re.ASCII`, `data` decoded as Latin-1, at most LONGEST long) there is a pair
        (i, p) with m.start() <= p <= m.end(). The reverse does not hold. Only where
        one call has more than `crowd.MOST` pairs, a pair that follows another of its trigger within `crowd.GAP`
        bytes may be left out; then m.start() - crowd.GAP < p <= m.end().
        """


class Trigger(NamedTuple):
    """What to look for: a Python regular expression, without regard to case if `caseless`.

    `keywords`: lower-case literals, one of which every match contains once lowered; they serve where the pattern has no
    literal that can be read off. Without any of both, the pattern itself is searched for, which is slow.

    With `whole` the pattern is searched for as it stands, instead of the most telling stretch of it: for one that is
    written for it, in ASCII, in the syntax that Python and Hyperscan share, without lookarounds, with a keyword in
    every match. Of longer matches than WHOLE bytes not every engine tells: what is to be found must lie in a shorter
    one.
    """

    pattern: str
    keywords: tuple[str, ...] = ()
    caseless: bool = False
    whole: bool = False
