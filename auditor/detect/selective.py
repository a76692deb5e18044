"""The detector for files by the thousand: short texts are read with everything that may be encoded in them.

Decoding all that could be base64 or hexadecimal takes ten times as long as the search of a text as it is. Settings are
short; in long texts, in sources of programs, whose names of things look like base64, and in what is no text only that
is decoded which speaks for itself (see `encoded`). Escapes and references are read in texts of any length, and 16-bit
units everywhere.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.detect.decoding.written import has_wide
from auditor.detect.ranking import surest
from auditor.detect.sweep import SOURCES, Sweep
from auditor.detect.views import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.detect.detection import Detection
    from auditor.detect.detector import Detector
    from auditor.detect.views import Cut

#: Bytes below which a text is short, and those by which text is told from other contents.
SHORT = 16 << 10
_SAMPLE = 8192
_PIECE = 1 << 22
#: A text may have a stray zero; so many other bytes stand beside each of them.
_LETTERS_A_ZERO = 64


class Selective:
    """Finds what `Detector.detect` finds in texts shorter than SHORT that are no sources; elsewhere what `Sweep` finds,
    and what is written with escapes (in texts) or in 16-bit units."""

    def __init__(self, detector: Detector) -> None:
        """The detector has to know signs. Raises ValueError for one that does not."""
        self._detector = detector
        # A credential file is read from its beginning to its end, as far as it is in one piece.
        self._sweep = Sweep(detector, around=_PIECE)

    def detect(self, data: bytes, path: str = "", cuts: list[Cut] | None = None) -> Iterator[Detection]:
        """See `Detector.detect`."""
        head = data[:_SAMPLE]
        zeros = head.count(0)
        text = zeros * _LETTERS_A_ZERO <= len(head)
        wide = zeros and decode(head).encoding.startswith(("utf-16", "utf-32"))
        short = text and len(data) < SHORT and path.rpartition(".")[2].lower() not in SOURCES
        if short or wide or self._sweep.reads_whole(path, head):
            yield from self._detector.detect(data, path, cuts)
            return
        hits = self._sweep.hits(data)
        found = self._sweep.examine(data, hits, path, cuts) if hits else []
        written: list[Detection] = []
        if text:
            written = self._detector.written(data.decode("latin-1"), path, cuts)
        elif has_wide(data):
            written = self._detector.written(data.decode("latin-1"), path, cuts, wide=True)
        yield from surest([*found, *written]) if written else found

    def take_problems(self) -> list[str]:
        """See `Detector.take_problems`."""
        return self._detector.take_problems()
