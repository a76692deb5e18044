"""Which of several detections of one place says most."""

from __future__ import annotations

from bisect import bisect_left

from auditor.core.overlap import apart
from auditor.core.record import TYPE_CHECKING
from auditor.detect.detection import (
    ASSIGNED_SECRET,
    KNOWN_TOKEN,
    PRIVATE_KEY,
    PROVIDER_KEY,
    SECOND_OPINION,
    STORED_CREDENTIAL,
    URL_CREDENTIAL,
)

if TYPE_CHECKING:
    from auditor.detect.detection import Detection

_SURER = {
    KNOWN_TOKEN: 6,
    PRIVATE_KEY: 5,
    STORED_CREDENTIAL: 4,
    URL_CREDENTIAL: 3,
    PROVIDER_KEY: 2,
    ASSIGNED_SECRET: 1,
    SECOND_OPINION: 0,
}
#: A rule that the user wrote knows best.
_SUREST = 7
#: Kinds that hold several keys, which other ways find one by one.
WHOLE = frozenset({"keeper-config", "keeper-config-compact"})


def surest(found: list[Detection]) -> list[Detection]:
    """One detection for one place, by place: of those that overlap the one whose way of finding says most.

    Where a user's rule matches a part of a value that we find whole, both are kept.
    """
    kept = _apart(found)
    inner = [one for one in kept if one.rule not in _SURER]
    if not inner:
        return kept
    starts = [one.start for one in kept]
    known = set(kept)
    for wide in _apart([one for one in found if one.rule in _SURER]):
        first, beyond = bisect_left(starts, wide.start), bisect_left(starts, wide.end)
        if wide not in known and (not first or kept[first - 1].end <= wide.start):
            within = kept[first:beyond]
            if all(one.rule not in _SURER and one.end <= wide.end for one in within) and not _is_whole(within, wide):
                inner.append(wide)
    return sorted({*kept, *inner}, key=lambda one: (one.start, one.end))


def _is_whole(within: list[Detection], wide: Detection) -> bool:
    return any((one.start, one.end) == (wide.start, wide.end) for one in within)


def _apart(found: list[Detection]) -> list[Detection]:
    """Those that say most, by place, none overlapping."""
    return apart(sorted(found, key=_rank))


def _rank(found: Detection) -> tuple[bool, bool, int, int, int, int]:
    # A documented sample of a known format is one, whatever the name beside it promises.
    sample = found.rule == KNOWN_TOKEN and found.verdict == "placeholder"
    surer = _SURER.get(found.rule, _SUREST)
    whole = found.secret.kind in WHOLE and (found.rule == STORED_CREDENTIAL or found.verdict == "valid")
    return (not sample, not whole, -found.confidence, -surer, found.start - found.end, found.start)
