"""Which lines of two texts are the same: for diffs that people read, in time that does not depend on their content.

Lines that stand once in both texts anchor the comparison (patience diff); between anchors small stretches are compared
line by line, and large ones without any anchor count as replaced.
"""

from __future__ import annotations

from bisect import bisect_left

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Pairs of lines of a stretch that are compared one by one.
_MOST_PAIRS = 40_000


class Replaced(NamedTuple):
    """Lines [start, end) of the old text that lines [new_start, new_end) of the new one stand for."""

    start: int
    end: int
    new_start: int
    new_end: int


def replaced(old: Sequence[str], new: Sequence[str]) -> list[Replaced]:
    """The stretches that differ, in order; one of them is never empty on both sides, two never touch."""
    found: list[Replaced] = []
    for part in _stretches(old, new):
        for one in _compared(old, new, part):
            last = found[-1] if found else None
            if last is not None and (last.end, last.new_end) == (one.start, one.new_start):
                found[-1] = Replaced(last.start, one.end, last.new_start, one.new_end)
            else:
                found.append(one)
    return found


def _stretches(old: Sequence[str], new: Sequence[str]) -> Iterator[Replaced]:
    """What lies between anchors, without the lines that are the same at its beginning and end."""
    whole = _trimmed(old, new, Replaced(0, len(old), 0, len(new)))
    at, new_at = whole.start, whole.new_start
    for line, new_line in [*_anchors(old, new, whole), (whole.end, whole.new_end)]:
        part = _trimmed(old, new, Replaced(at, line, new_at, new_line))
        if part.start < part.end or part.new_start < part.new_end:
            yield part
        at, new_at = line + 1, new_line + 1


def _trimmed(old: Sequence[str], new: Sequence[str], part: Replaced) -> Replaced:
    start, end, new_start, new_end = part
    while start < end and new_start < new_end and old[start] == new[new_start]:
        start, new_start = start + 1, new_start + 1
    while start < end and new_start < new_end and old[end - 1] == new[new_end - 1]:
        end, new_end = end - 1, new_end - 1
    return Replaced(start, end, new_start, new_end)


def _anchors(old: Sequence[str], new: Sequence[str], part: Replaced) -> list[tuple[int, int]]:
    """The longest series of lines, in the order of both texts, of those that stand once in each."""
    here = _once(old, part.start, part.end)
    there = _once(new, part.new_start, part.new_end)
    pairs = [(at, there[line]) for line, at in here.items() if line in there]
    tails: list[int] = []  # the smallest last place of a series of each length
    ends: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(tails, place)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [place]
        ends[length : length + 1] = [number]
    series: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        series.append(pairs[number])
        number = before[number]
    return series[::-1]


def _once(lines: Sequence[str], start: int, end: int) -> dict[str, int]:
    """The places of the lines that stand there once, in order."""
    seen: dict[str, int] = {}
    for at in range(start, end):
        seen[lines[at]] = -1 if lines[at] in seen else at
    return {line: at for line, at in seen.items() if at >= 0}


def _compared(old: Sequence[str], new: Sequence[str], part: Replaced) -> Iterator[Replaced]:
    height, new_height = part.end - part.start, part.new_end - part.new_start
    if not height or not new_height or height * new_height > _MOST_PAIRS:
        yield part
        return
    from difflib import SequenceMatcher  # start-up: only where lines differ

    matcher = SequenceMatcher(None, old[part.start : part.end], new[part.new_start : part.new_end], autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            yield Replaced(part.start + start, part.start + end, part.new_start + new_start, part.new_start + new_end)
