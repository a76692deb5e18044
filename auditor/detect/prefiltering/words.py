"""The pass without a library: the text's distinct words say which literals can occur, and only those are looked for."""

from __future__ import annotations

import json
import re

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.prefiltering import store
from auditor.detect.prefiltering.crowd import Crowd
from auditor.detect.prefiltering.interface import Prefilter
from auditor.detect.prefiltering.plan import Plan, Search, flags, plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.detect.prefiltering.interface import Trigger

_WORD = b"0123456789_abcdefghijklmnopqrstuvwxyz"
#: Upper case becomes lower case, and what is in no word becomes a space.
_WORDS_ONLY = bytes((byte | 0x20 if 0x41 <= byte <= 0x5A else byte if byte in _WORD else 0x20) for byte in range(256))
_PARTS = re.compile(rb"[0-9_a-z]+")
_LONGEST_HEAD = 6
#: Most tokens are longer than this, most words of a text are shorter.
_LONG = 16


class _Needle(NamedTuple):
    """A literal and what is searched for where it occurs."""

    literal: bytes
    leading: bool
    searches: list[Search]


class WordPrefilter(Prefilter):
    """See `Prefilter`. A pair's offset is where a literal ends that every match contains.

    Raises re.error on a broken pattern.
    """

    engine = "keywords"

    def __init__(self, triggers: Sequence[Trigger], digest: str) -> None:
        name = store.key(triggers, digest, "keywords")
        made = _unpacked(store.load(name))
        if made is None:
            made = plan(triggers)
            store.save(name, json.dumps(made).encode())
        self._bare = [(index, re.compile(triggers[index].pattern, flags(triggers[index]))) for index in made.bare]
        self._patterns: dict[tuple[str, bool], re.Pattern[bytes]] = {}
        self._whole: dict[bytes, list[_Needle]] = {}
        self._heads: dict[tuple[int, bool], dict[bytes, list[tuple[bytes, _Needle]]]] = {}
        self._inner: list[tuple[bytes, _Needle]] = []
        self._always: list[_Needle] = []
        for needle in _needles(made.searches):
            self._file(needle)

    def hits(self, data: bytes | bytearray | memoryview) -> list[tuple[int, int]]:
        """See `Prefilter.hits`."""
        data = bytes(data)
        crowd = Crowd()
        lowered = data.lower()
        words = set(data.translate(_WORDS_ONLY).split())
        rows: dict[str, bool] = {}
        long_words = b" ".join(word for word in words if len(word) >= _LONG)
        for needle in self._candidates(words):
            searches = [search for search in needle.searches if self._has_row(search, long_words, rows)]
            if searches:
                self._find(needle._replace(searches=searches), data, lowered, crowd)
        if self._bare:
            text = data.decode("latin-1")
            for index, pattern in self._bare:
                for match in pattern.finditer(text):
                    crowd.add(index, match.end())
        return crowd.result()

    def _file(self, needle: _Needle) -> None:
        """Put a literal where its longest telling part will be asked for: a whole word, its beginning, or any part."""
        whole: list[bytes] = []
        heads: list[bytes] = []
        for part in _PARTS.finditer(needle.literal):
            if part.start() > 0 or needle.leading:
                (whole if part.end() < len(needle.literal) else heads).append(part[0])
        head = max(heads, key=len, default=b"")
        word = max(whole, key=len, default=b"")
        if head and len(head) >= len(word):
            size = min(len(head), _LONGEST_HEAD)
            # A literal of one word begins the whole word that a match begins with.
            long = head == needle.literal and min(search.head for search in needle.searches) >= _LONG
            self._heads.setdefault((size, long), {}).setdefault(head[:size], []).append((b" " + head, needle))
        elif word:
            self._whole.setdefault(word, []).append(needle)
        elif parts := _PARTS.findall(needle.literal):
            self._inner.append((max(parts, key=len), needle))
        else:
            self._always.append(needle)

    def _candidates(self, words: set[bytes]) -> Iterator[_Needle]:
        """The literals that can occur in a text of these words."""
        joined = b" " + b" ".join(words)
        long_words = [word for word in words if len(word) >= _LONG]
        yield from self._always
        for word in words & self._whole.keys():
            yield from self._whole[word]
        for (size, long), heads in self._heads.items():
            for start in {word[:size] for word in (long_words if long else words)} & heads.keys():
                for spaced, needle in heads[start]:
                    if len(spaced) <= size + 1 or spaced in joined:
                        yield needle
        for part, needle in self._inner:
            if part in joined:
                yield needle

    def _has_row(self, search: Search, long_words: bytes, known: dict[str, bool]) -> bool:
        """Whether the text has a word for the longest row of word characters in the expression."""
        if search.word < _LONG:
            return True
        found = known.get(search.row)
        if found is None:
            pattern = self._pattern(search.row, caseless=True)
            found = known[search.row] = pattern.search(long_words) is not None
        return found

    def _find(self, needle: _Needle, data: bytes, lowered: bytes, crowd: Crowd) -> None:
        literal, leading, searches = needle
        place = lowered.find(literal)
        while place >= 0:
            end = place + len(literal)
            for search in searches:
                if self._is_there(search, leading, data, place, end):
                    crowd.add(search.trigger, end)
            place = lowered.find(literal, place + 1)

    def _is_there(self, search: Search, leading: bool, data: bytes, place: int, end: int) -> bool:
        """Whether the expression matches with its literal here; True where that cannot be told."""
        if not search.expression or not search.longest:
            return True
        pattern = self._pattern(search.expression, caseless=search.caseless)
        if leading:
            return pattern.match(data, place) is not None
        # One byte more, so that the end of the window is no word boundary that the text does not have.
        return pattern.search(data, max(0, end - search.longest), place + search.longest + 1) is not None

    def _pattern(self, expression: str, *, caseless: bool) -> re.Pattern[bytes]:
        pattern = self._patterns.get((expression, caseless))
        if pattern is None:
            pattern = re.compile(expression.encode("ascii"), re.IGNORECASE if caseless else 0)
            self._patterns[expression, caseless] = pattern
        return pattern


def _needles(searches: list[Search]) -> list[_Needle]:
    """The distinct literals of the searches."""
    made: dict[tuple[str, bool], _Needle] = {}
    for search in searches:
        for literal in search.needles:
            needle = made.setdefault((literal, search.leading), _Needle(literal.encode("ascii"), search.leading, []))
            needle.searches.append(search)
    return list(made.values())


def _unpacked(content: bytes | None) -> Plan | None:
    if content is None:
        return None
    try:
        searches, bare = json.loads(content)
        return Plan(
            [Search._make((*one[:3], tuple(one[3]), *one[4:])) for one in searches], [int(index) for index in bare]
        )
    except (ValueError, TypeError, IndexError):
        return None
