"""The detector for gigabytes: one pass over raw bytes, then a look only where that says there is something to see.

`Detector.detect` also reads a content whole, for credential files and for what is encoded. Here that is done for the
contents that their names or first bytes speak for, and for those in which the pass finds a sign of either; around all
other hits, the finders read a window.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect import credfiles, encoded
from auditor.detect.ranking import surest
from auditor.detect.structures import hints, stores
from auditor.detect.triggers import ANNOUNCED, CONNECTION, USER
from auditor.detect.views import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from auditor.detect.detection import Detection
    from auditor.detect.detector import Detector
    from auditor.detect.triggers import Kind
    from auditor.detect.views import Cut

    Hits = list[tuple[int, int]]

#: Bytes around a hit that the finders may look at (see `detector`), around a sign of a credential file, and around a
#: sign of something encoded.
_NEAR = 4608
_NEAR_WEAK = 2048
_STORED = 16384
_DECODED = 16384
#: How far back the beginning of something encoded is looked for.
_FAR = 65536
_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_HEAD = 64
_LEAST_WIDE = 4
#: Signs of private keys, which have a form of their own.
_OF_KEYS = (
    "-----begin",
    "private key",
    "---- begin",
    "putty-user-key",
    "age-secret-key",
    "untrusted comment",
    '"keymat',
)
#: Endings of files of programs, of which there are tens of thousands: their contents speak, not their names.
SOURCES = frozenset("js mjs cjs ts mts cts map py pyc pyi so h hpp c css md html htm svg png gif mo po rst".split())


class _Window(NamedTuple):
    start: int
    end: int
    hits: list[tuple[int, int]]

    def text(self, data: bytes | memoryview) -> str:
        """The bytes of the window, one character for each."""
        return str(data[self.start : self.end], "latin-1")

    def place(self, found: Iterable[Detection]) -> Iterator[Detection]:
        """The same with offsets of all of the data."""
        return (one._replace(start=one.start + self.start, end=one.end + self.start) for one in found)


class Sweep:
    """Searches many contents that lie one behind the other in one block of bytes.

    Gives what `Detector.detect` gives for each of them, but for what nothing in them points to (`encoded`, `hints`).
    The detector has to know `signs`; raises ValueError for one that does not.
    `looked` counts the windows and contents that finders have read, which is what a search costs beside the pass.
    """

    def __init__(self, detector: Detector, *, around: int = _STORED) -> None:
        """`around`: bytes before and after the sign of a credential file that are read with it."""
        if not detector.signs:
            raise ValueError("a detector that knows no signs")
        self._detector = detector
        self._reach = around
        self.looked = 0
        self._first_sign = first = len(detector.patterns)
        self._first_encoded = first + len(detector.signs)
        self._own = frozenset(place for place, kind in enumerate(detector.kinds) if kind.finder == USER)
        self._keys = frozenset(
            first + place for place, sign in enumerate(detector.signs) if sign.keywords[0].startswith(_OF_KEYS)
        )

    @property
    def digest(self) -> str:
        """Equal digests mean equal findings in equal bytes, whatever rules of the user's own add."""
        return self._detector.digest

    def hits(self, data: bytes | bytearray | memoryview) -> Hits:
        """Where in a block something may be: pairs for `examine`, sorted by place."""
        return sorted(self._detector.hits(data), key=lambda hit: hit[1])

    def reads_whole(self, path: str, head: bytes) -> bool:
        """Whether the name or the first bytes of a content ask for reading it whole, hits or not."""
        if self._detector.thorough or head.startswith(_MARKS) or _is_wide(head):
            return True
        if head.startswith(b"http") or stores.might_be(head[:_HEAD].decode("latin-1")):
            return True
        return path.rpartition(".")[2].lower() not in SOURCES and credfiles.recognise(path) is not None

    def take_problems(self) -> list[str]:
        """What plugins and rules of the user's own have left unsearched since the last call."""
        return self._detector.take_problems()

    def is_weak(self, index: int) -> bool:
        """Whether a hit tells of a value with a telling name or place, which sources of programs are full of.

        Token formats and private keys are not weak.
        """
        if index >= self._first_sign:
            return index < self._first_encoded and index not in self._keys
        return self._detector.kinds[index].finder in (ANNOUNCED, CONNECTION)

    def reach(self, index: int) -> int:
        """Bytes before and after a weak hit that are needed to judge it."""
        return _NEAR_WEAK if index < self._first_sign else _STORED

    def examine(
        self,
        data: bytes | memoryview,
        hits: Sequence[tuple[int, int]],
        path: str,
        cuts: list[Cut] | None = None,
        *,
        whole: bool = False,
    ) -> list[Detection]:
        """The secrets in one content, or in a piece of a long one, by place; `hits` are offsets in it.

        With `whole` all of it is read. What was not decoded is appended to `cuts`. Linear in the data.
        """
        if whole:
            self.looked += 1
            return list(self._detector.detect(bytes(data), path, cuts))
        plain = [hit for hit in hits if hit[0] < self._first_sign and hit[0] not in self._own]
        signs = [hit for hit in hits if self._first_sign <= hit[0] < self._first_encoded]
        letters = [hit for hit in hits if hit[0] >= self._first_encoded]
        found: list[Detection] = []
        # A rule of the user's own may match any length, and ask for what stands anywhere beside that.
        own = [hit for hit in hits if hit[0] in self._own] if self._own else []
        for window in (*([_Window(0, len(data), own)] if own else ()), *_windows(plain, len(data), _near)):
            self.looked += 1
            found += window.place(self._detector.near(window.text(data), self._by_kind(window), path))
        for window in _windows(signs, len(data), lambda place: (place - self._reach, place + self._reach)):
            text, told = window.text(data), {index - self._first_sign for index, _ in window.hits}
            if any(True for _ in hints.ways(text, told)):
                self.looked += 1
                found += window.place(self._detector.stored(text, path, told))
        content = bytes(data) if letters else b""
        for window in _stretches(letters, content):
            self.looked += 1
            found += window.place(self._detector.detect(content[window.start : window.end], path, cuts))
        return surest(found) if signs or letters or own else found

    def _by_kind(self, window: _Window) -> dict[Kind, list[int]]:
        kinds: dict[Kind, list[int]] = {}
        # In the order of the detector, which decides between readings that say the same of one place.
        for index, place in sorted(window.hits):
            kinds.setdefault(self._detector.kinds[index], []).append(place - window.start)
        return kinds


def _near(place: int) -> tuple[int, int]:
    return place - _NEAR, place + _NEAR


def _decodable(data: bytes, place: int) -> tuple[int, int]:
    """Base64 can only be read from where it begins, or from the beginning of one of its lines."""
    line = data.rfind(b"\n", max(0, place - _FAR), place)
    start = place - _DECODED if line < 0 else min(line + 1, place - _NEAR)
    start = max(start, 0)
    low = max(0, start - _FAR)
    begin = low + len(data[low:start].rstrip(encoded.LETTERS))
    # What began before is read from any place from which its groups of four letters are told apart.
    return begin if begin > low else encoded.aligned(data, low, place), place + _DECODED


def _stretches(hits: Sequence[tuple[int, int]], data: bytes) -> Iterator[_Window]:
    """Ranges to decode around the hits, sorted by place. What begins in one is not looked for again: it may have
    thousands of hits."""
    window: _Window | None = None
    for hit in hits:
        if window is not None and hit[1] <= window.end:
            window = window._replace(end=max(window.end, min(hit[1] + _DECODED, len(data))))
            continue
        if window is not None:
            yield window
        start, end = _decodable(data, hit[1])
        window = _Window(max(start, 0), min(end, len(data)), [hit])
    if window is not None:
        yield window


def _windows(hits: Sequence[tuple[int, int]], size: int, reach: Callable[[int], tuple[int, int]]) -> Iterator[_Window]:
    """Ranges of the data around the hits, which are sorted by place; those that touch joined."""
    window: _Window | None = None
    for hit in hits:
        start, end = reach(hit[1])
        start, end = max(start, 0), min(end, size)
        if window is not None and start <= window.end:
            window = _Window(min(start, window.start), max(end, window.end), window.hits)
        else:
            if window is not None:
                yield window
            window = _Window(start, end, [])
        window.hits.append(hit)
    if window is not None:
        yield window


def _is_wide(head: bytes) -> bool:
    """Whether the beginning is UTF-16 without a mark, where every other byte is a zero."""
    if b"\0" not in head[:_HEAD]:
        return False
    half = min(len(head), _HEAD) // 2
    if half < _LEAST_WIDE or max(head[1:_HEAD:2].count(0), head[:_HEAD:2].count(0)) * 4 < half * 3:
        return False
    return decode(head).encoding.startswith(("utf-16", "utf-32"))
