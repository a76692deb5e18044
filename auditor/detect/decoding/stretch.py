"""What every decoder gives, and what all of them share: a decoded stretch, the room that is left, runs of letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from auditor.core.record import NamedTuple
from auditor.detect.decoding.places import Pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditor.detect.decoding.places import Place

#: Tells whether a range holds anything that an outer decoder made; None on the original text, where all is new.
Fresh = Callable[[int, int], bool]

_WRAPPED = 32
#: What may stand after the last letter of wrapped text; a space there makes it a word of a sentence.
_AFTER_LAST = ("", "\n", "\r", '"', "'", "\\", "<", ")", ",", ";")
_LINE_END = re.compile(r"""[ \t"',;+]{0,8}(?:\\?\r?\n|\\r\\n|\\n)[ \t"'#*>|]{0,64}""")


class Stretch(NamedTuple):
    """Text decoded from `start` to `end` of another text; `binary` if it is bytes, written as Latin-1."""

    kind: str
    start: int
    end: int
    text: str
    place: Place
    binary: bool = False


class Cut(NamedTuple):
    """A stretch of the original text that was not, or not wholly, decoded, and why."""

    start: int
    end: int
    reason: str


class Room:
    """How much may still be decoded, in characters or bytes; what did not fit is noted."""

    __slots__ = ("cut", "left")

    def __init__(self, left: int) -> None:
        self.left = left
        self.cut = False

    def take(self, wanted: int) -> int:
        """Ask for `wanted`; what is granted may be less."""
        granted = min(wanted, self.left)
        self.left -= granted
        self.cut = self.cut or granted < wanted
        return granted


def flags(text: str, letters: bytes) -> bytes:
    """One byte for each character: 1 for the ASCII letters given, else 0."""
    return text.encode("latin-1", "replace").translate(_table(letters))


@cache
def _table(letters: bytes) -> bytes:
    return bytes(1 if byte in letters else 0 for byte in range(256))


def runs(marks: bytes, least: int) -> Iterator[tuple[int, int]]:
    """Ranges of at least `least` ones, found at the speed of a search for a string."""
    needle = b"\1" * least
    start = marks.find(needle)
    while start >= 0:
        end = marks.find(b"\0", start)
        end = len(marks) if end < 0 else end
        yield start, end
        start = marks.find(needle, end)


def lines(text: str, marks: bytes, start: int, end: int) -> tuple[Pieces, list[str], int]:
    """The run and the lines of the same width below it, as wrapped text has them: places, parts, end of the last.

    A line end may also be written as `\\n`, or stand between quotes with a plus sign.
    """
    pieces = Pieces()
    pieces.add(end - start, start, 1)
    parts = [text[start:end]]
    width = end - start
    while width >= _WRAPPED and (gap := _LINE_END.match(text, end)):
        below = gap.end()
        stop = marks.find(b"\0", below, below + width + 1)
        stop = min(below + width + 1, len(text)) if stop < 0 else stop
        if not 0 < stop - below <= width or _is_other(text, below, stop, width, pieces.length):
            break
        pieces.add(stop - below, below, 1)
        parts.append(text[below:stop])
        end = stop
        if stop - below < width:
            break
    return pieces, parts, end


def _is_other(text: str, start: int, end: int, width: int, before: int) -> bool:
    """Whether a line below wrapped text is something else: an end mark, a word that does not fill a group of four."""
    if text.startswith("-----", start):
        return True
    size = end - start
    if size == width:
        return False
    padding = 2 if text.startswith("==", end) else int(text.startswith("=", end))
    if text[end + padding : end + padding + 1] not in _AFTER_LAST:
        return True
    return (before + size + padding) % 4 == 1 or (size < 4 and not padding and before % 4 == 0)
