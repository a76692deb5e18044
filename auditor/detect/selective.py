"""The detector for files by the thousand: short texts are read with everything that may be encoded in them.

Decoding all that could be base64 takes ten times as long as the search of a text as it is. Settings are short; in
programs, their data and all that is binary, only what speaks for itself is decoded (see `encoded`).
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.detect.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.detect.detection import Detection
    from auditor.detect.detector import Detector
    from auditor.detect.views import Cut

#: Bytes below which a text is short, and those by which text is told from other contents.
SHORT = 16 << 10
_HEAD = 512


class Selective:
    """Finds what `Detector.detect` finds in texts shorter than SHORT; elsewhere what `Sweep` finds."""

    def __init__(self, detector: Detector) -> None:
        """The detector has to know signs. Raises ValueError for one that does not."""
        self._detector = detector
        self._sweep = Sweep(detector)

    def detect(self, data: bytes, path: str = "", cuts: list[Cut] | None = None) -> Iterator[Detection]:
        """See `Detector.detect`."""
        if len(data) < SHORT and b"\0" not in data:
            yield from self._detector.detect(data, path, cuts)
            return
        whole = self._sweep.reads_whole(path, data[:_HEAD])
        hits = self._sweep.hits(data)
        if hits or whole:
            yield from self._sweep.examine(data, hits, path, cuts, whole=whole)

    def take_problems(self) -> list[str]:
        """See `Detector.take_problems`."""
        return self._detector.take_problems()
