"""Finds literals in bytes: by Hyperscan where it is installed, else one after the other."""

from __future__ import annotations

from array import array

from auditor.core.record import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    import hyperscan

    Buffer = bytes | bytearray | memoryview

#: Ends of literals in one array: number of the literal above, offset below.
_OFFSET_BITS = 40


class LiteralSearch:
    """Without a library: as fast as `bytes.find`, once for each literal."""

    engine = "literals"

    def __init__(self, literals: Sequence[bytes]) -> None:
        self._literals = tuple(literals)

    def starts(self, data: Buffer) -> list[tuple[int, int]]:
        """Pairs (offset, number of the literal that begins there), sorted."""
        found = []
        if isinstance(data, memoryview):
            data = bytes(data)
        for number, literal in enumerate(self._literals):
            place = data.find(literal)
            while place >= 0:
                found.append((place, number))
                place = data.find(literal, place + 1)
        return sorted(found)


class NativeSearch(LiteralSearch):
    """By Hyperscan. Raises ImportError without it. Each process and each thread has its own working memory."""

    engine = "hyperscan"

    def __init__(self, literals: Sequence[bytes]) -> None:
        import threading  # start-up: only where values are to be absent

        import hyperscan

        super().__init__(literals)
        self._library = hyperscan
        self._local = threading.local()
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        expressions = ["".join(f"\\x{byte:02x}" for byte in literal).encode() for literal in literals]
        failed = False
        try:
            self._database.compile(
                expressions=expressions,
                ids=list(range(len(literals))),
                elements=len(literals),
                flags=[hyperscan.HS_FLAG_DOTALL] * len(literals),
            )
        except hyperscan.error:
            failed = True
        if failed:
            # Its message could hold the expressions, which are parts of values.
            raise ImportError("hyperscan does not take the literals")

    def starts(self, data: Buffer) -> list[tuple[int, int]]:
        """See `LiteralSearch.starts`."""
        ends = array("Q")
        add = ends.append

        def found(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add(number << _OFFSET_BITS | end)

        self._database.scan(cast("bytes", data), match_event_handler=found, scratch=self._scratch())
        below = (1 << _OFFSET_BITS) - 1
        numbers = self._literals
        return sorted({((one & below) - len(numbers[one >> _OFFSET_BITS]), one >> _OFFSET_BITS) for one in ends})

    def _scratch(self) -> hyperscan.Scratch:
        scratch: hyperscan.Scratch | None = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._library.Scratch(self._database)
        return scratch


def searcher(literals: Sequence[bytes], engine: str = "auto") -> LiteralSearch:
    """`engine`: "hyperscan", "literals", or "auto" for the first of them that there is."""
    if engine not in ("auto", "hyperscan", "literals"):
        raise ValueError(f"unknown engine {engine!r}")
    if engine != "literals":
        try:
            return NativeSearch(literals)
        except ImportError:
            if engine == "hyperscan":
                raise
    return LiteralSearch(literals)
