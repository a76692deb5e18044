"""The detector for files by the thousand: short texts are read with everything that may be encoded in them.

Decoding all that could be base64 or hexadecimal takes ten times as long as the search of a text as it is. Settings are
short; in long texts and in what is no text only that is decoded which speaks for itself (see `encoded`). Escapes and
references are read in texts of any length.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.detect.ranking import surest
from auditor.detect.sweep import Sweep
from auditor.detect.views import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.detect.detection import Detection
    from auditor.detect.detector import Detector
    from auditor.detect.views import Cut

#: Bytes below which a text is short, and those by which text is told from other contents.
SHORT = 16 << 10
_SAMPLE = 8192


class Selective:
    """Finds what `Detector.detect` finds in texts shorter than SHORT; elsewhere what `Sweep` finds, and in long texts
    what is written with escapes."""

    def __init__(self, detector: Detector) -> None:
        """The detector has to know signs. Raises ValueError for one that does not."""
        self._detector = detector
        self._sweep = Sweep(detector)

    def detect(self, data: bytes, path: str = "", cuts: list[Cut] | None = None) -> Iterator[Detection]:
        """See `Detector.detect`."""
        head = data[:_SAMPLE]
        text = b"\0" not in head
        wide = not text and decode(head).encoding.startswith(("utf-16", "utf-32"))
        if (text and len(data) < SHORT) or wide or self._sweep.reads_whole(path, head):
            yield from self._detector.detect(data, path, cuts)
            return
        hits = self._sweep.hits(data)
        found = self._sweep.examine(data, hits, path, cuts) if hits else []
        written = self._detector.written(data.decode("latin-1"), path, cuts) if text else []
        yield from surest([*found, *written]) if written else found

    def take_problems(self) -> list[str]:
        """See `Detector.take_problems`."""
        return self._detector.take_problems()
