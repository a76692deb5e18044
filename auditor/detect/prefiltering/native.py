"""The pass by Hyperscan: all factors in one database, which is compiled once and kept in the user's cache."""

from __future__ import annotations

import json
import re
import threading

from auditor.core.record import TYPE_CHECKING, cast
from auditor.detect.prefiltering import store
from auditor.detect.prefiltering.crowd import Crowd
from auditor.detect.prefiltering.interface import Prefilter
from auditor.detect.prefiltering.plan import flags, literals_only, plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    import hyperscan

    from auditor.detect.prefiltering.interface import Trigger
    from auditor.detect.prefiltering.plan import Search

#: Hyperscan counts the bytes of one block in 32 bits; pieces overlap by more than the longest match.
_PIECE = 1 << 30
_OVERLAP = 1 << 14


class NativePrefilter(Prefilter):
    """See `Prefilter`. A pair's offset is where the match of a factor ends.

    Raises ImportError without hyperscan, re.error on a broken pattern.
    """

    engine = "hyperscan"

    def __init__(self, triggers: Sequence[Trigger], digest: str) -> None:
        import hyperscan  # start-up: scans only

        self._hyperscan = hyperscan
        name = store.key(triggers, digest, f"hyperscan {getattr(hyperscan, '__version__', '')}")
        loaded = self._loaded(store.load(name))
        if loaded is None:
            loaded = self._compiled(triggers)
            store.save(name, _packed(hyperscan.dumpb(loaded[0]) if loaded[0] else b"", loaded[1]))
        self._database, bare = loaded
        self._bare = [(index, re.compile(triggers[index].pattern, flags(triggers[index]))) for index in bare]
        self._local = threading.local()

    def hits(self, data: bytes | bytearray | memoryview) -> list[tuple[int, int]]:
        """See `Prefilter.hits`."""
        crowd = Crowd()
        if self._database is not None:
            view = memoryview(data)
            for start in range(0, len(data), _PIECE):
                self._scan(view[start : start + _PIECE + _OVERLAP], start, crowd)
        if self._bare:
            text = bytes(data).decode("latin-1")
            for index, pattern in self._bare:
                for match in pattern.finditer(text):
                    crowd.add(index, match.end())
        return crowd.result()

    def _scan(self, data: memoryview, base: int, crowd: Crowd) -> None:
        # Hyperscan takes the interpreter's lock for each call, so the call does as little as possible.
        hits, add = crowd.hits, crowd.hits.append

        def found(index: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add((index, base + end))
            if len(hits) > crowd.limit:
                crowd.thin()

        if self._database is not None:
            # The binding takes any buffer; its signature says less.
            self._database.scan(cast("bytes", data), match_event_handler=found, scratch=self._scratch())

    def _scratch(self) -> hyperscan.Scratch:
        """Working memory of the calling thread."""
        scratch: hyperscan.Scratch | None = getattr(self._local, "scratch", None)
        if scratch is None and self._database is not None:
            scratch = self._local.scratch = self._hyperscan.Scratch(self._database)
        assert scratch is not None
        return scratch

    def _loaded(self, content: bytes | None) -> tuple[hyperscan.Database | None, list[int]] | None:
        """Database and bare triggers of a cached file; None if it is none, or for another processor."""
        if content is None:
            return None
        try:
            size = int.from_bytes(content[:4], "big")
            bare = json.loads(content[4 : 4 + size])
            rest = content[4 + size :]
            if not isinstance(bare, list) or not all(isinstance(index, int) for index in bare):
                return None
            return (self._ready(self._hyperscan.loadb(rest, self._hyperscan.HS_MODE_BLOCK)) if rest else None), bare
        except (ValueError, self._hyperscan.error):
            return None

    def _ready(self, database: hyperscan.Database) -> hyperscan.Database:
        # The binding frees a loaded database's scratch without having made one.
        database.scratch = self._hyperscan.Scratch(database)
        return database

    def _compiled(self, triggers: Sequence[Trigger]) -> tuple[hyperscan.Database | None, list[int]]:
        made = plan(triggers)
        searches = made.searches
        if not searches:
            return None, made.bare
        try:
            return self._database_of(searches), made.bare
        except self._hyperscan.error:
            accepted = [search if self._accepts(search) else literals_only(search) for search in searches]
            return self._database_of(accepted), made.bare

    def _accepts(self, search: Search) -> bool:
        try:
            self._database_of([search])
        except self._hyperscan.error:
            return False
        return True

    def _database_of(self, searches: list[Search]) -> hyperscan.Database:
        expressions, ids, modes = [], [], []
        for search in searches:
            for expression in [search.expression] if search.expression else map(_quoted, search.needles):
                expressions.append(expression.encode("ascii"))
                ids.append(search.trigger)
                modes.append(self._hyperscan.HS_FLAG_CASELESS if search.caseless else 0)
        database = self._hyperscan.Database(mode=self._hyperscan.HS_MODE_BLOCK)
        database.compile(expressions=expressions, ids=ids, elements=len(ids), flags=modes)
        return database


def _packed(database: bytes, bare: list[int]) -> bytes:
    head = json.dumps(bare).encode()
    return len(head).to_bytes(4, "big") + head + database


def _quoted(literal: str) -> str:
    return "".join(f"\\x{ord(char):02x}" for char in literal)
