"""Looks for values that are known, in every form in which a build may have left them: the proof that they are absent.

Found are: the value itself, with any of its characters escaped (JSON, shells, Go's `%q`, SQL, CSV, YAML), percent-
encoded, or written as character references; with its line breaks written otherwise, indented or left out; in
hexadecimal; in UTF-16; and in base64, of either alphabet, at any alignment, broken into lines or not - of the value, of
its UTF-16, of its escaped text, and of its base64. What is compressed or encrypted has to be opened first.
"""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import encoded
from auditor.detect.seeking.encodings import ESCAPED, PERCENT, PLAIN, REFERENCES, REFLOWED, needles_of
from auditor.detect.seeking.engines import searcher
from auditor.detect.seeking.walking import extent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from auditor.detect.seeking.encodings import Anchor, Needle
    from auditor.detect.seeking.engines import Buffer

_REFERENCE = re.compile(rb"&(?:#x?[0-9A-Fa-f]+|lt|gt|amp|quot|apos);")
_MASK = "****"
#: Hyperscan counts the bytes of one block in 32 bits.
_PIECE = 1 << 30
#: So many hits of one search are told apart; beyond, the first of each value and encoding in each GAP bytes.
_MOST_HITS = 4096
_GAP = 1024


class Hit(NamedTuple):
    """A value of this name was found in this encoding in bytes from `start` up to, not including, `end`."""

    name: str
    encoding: str
    start: int
    end: int


class Needles:
    """Values by name, ready to be looked for; shown by no `repr`, not to be pickled, and shared by forked processes.

    `reach` is the length of the longest match, in bytes, that is surely found: what `search` is given next should begin
    with so many bytes of what it was given last. `engine` is "hyperscan" or "literals". With `plain`, a value is
    found as it is, and in no other form.
    """

    __slots__ = ("_anchors", "_search", "_values", "engine", "names", "reach")

    def __init__(self, values: Mapping[str, bytes], engine: str = "auto", *, plain: bool = False) -> None:
        self.names = tuple(values)
        self._values = dict(values)
        self._anchors: dict[bytes, list[tuple[str, Needle, Anchor]]] = {}
        self.reach = 0
        for name, value in values.items():
            for needle in needles_of(value, plain=plain):
                self.reach = max(self.reach, needle.longest)
                for anchor in needle.anchors:
                    self._anchors.setdefault(anchor.literal, []).append((name, needle, anchor))
        self._search = searcher(list(self._anchors), engine)
        self.engine = self._search.engine

    def search(self, data: Buffer, seen: int = 0) -> list[Hit]:
        """All hits in `data`, sorted by place; those that end within the first `seen` bytes are left out.

        Never raises for what the bytes hold. May run in several threads, and in forked processes.
        """
        found: dict[Hit, None] = {}
        for base in range(0, max(len(data), 1), _PIECE):
            piece = data[base : base + _PIECE + self.reach] if base or len(data) > _PIECE + self.reach else data
            for hit in self._hits(piece):
                found[hit._replace(start=hit.start + base, end=hit.end + base)] = None
        hits = _apart(sorted((hit for hit in found if hit.end > seen), key=lambda hit: (hit.start, hit.end, hit)))
        return _thinned(hits) if len(hits) > _MOST_HITS else hits

    def masked(self, text: str) -> str:
        """The text with every value in it masked, however it is written: for paths and names that are shown."""
        data = encoded(text)
        hits = self.search(data)
        if not hits:
            return text
        for hit in reversed(_disjoint(hits)):
            data = data[: hit.start] + _MASK.encode() + data[hit.end :]
        return data.decode("utf-8", "replace")

    def _hits(self, data: Buffer) -> dict[Hit, None]:
        found: dict[Hit, None] = {}
        literals = list(self._anchors)
        # Where a value is all over the place, its anchors within the last hit need no second look.
        covered: dict[int, int] = {}
        for start, number in self._search.starts(data):
            for name, needle, anchor in self._anchors[literals[number]]:
                if start < covered.get(id(needle), 0):
                    continue
                window = max(0, start - self.reach)
                place = extent(bytes(data[window : start + self.reach + 1]), needle, anchor, start - window)
                if place is not None:
                    begin, end = place[0] + window, place[1] + window
                    covered[id(needle)] = end
                    found[Hit(name, self._label(name, needle, bytes(data[begin:end])), begin, end)] = None
        return found

    def _label(self, name: str, needle: Needle, written: bytes) -> str:
        """How the value is written, in words."""
        value = self._values[name].replace(b"\r\n", b"\n").strip(b"\r\n")
        if needle.encoding != PLAIN or written == value:
            return needle.encoding
        if b"".join(written.split()) == b"".join(value.split()):
            return REFLOWED
        if len(_REFERENCE.findall(written)) > len(_REFERENCE.findall(value)):
            return REFERENCES
        return PERCENT if written.count(b"%") > value.count(b"%") and b"\\" not in written else ESCAPED

    def __repr__(self) -> str:
        return f"Needles of {len(self.names)} values"

    def __reduce__(self) -> NoReturn:
        raise TypeError("values that must be absent are not written anywhere")


def _disjoint(hits: list[Hit]) -> list[Hit]:
    """Hits that overlap joined, so that all of their bytes are masked."""
    joined: list[Hit] = []
    for hit in hits:
        if joined and hit.start < joined[-1].end:
            joined[-1] = joined[-1]._replace(end=max(hit.end, joined[-1].end))
        else:
            joined.append(hit)
    return joined


def _apart(hits: list[Hit]) -> list[Hit]:
    """Of hits of one value and encoding that overlap, the first: readings of the same bytes."""
    ends: dict[tuple[str, str], int] = {}
    kept = []
    for hit in hits:
        if hit.start >= ends.get((hit.name, hit.encoding), 0):
            ends[hit.name, hit.encoding] = hit.end
            kept.append(hit)
    return kept


def _thinned(hits: list[Hit]) -> list[Hit]:
    kept: dict[tuple[str, str, int], Hit] = {}
    for hit in hits:
        kept.setdefault((hit.name, hit.encoding, hit.start // _GAP), hit)
    return list(kept.values())
