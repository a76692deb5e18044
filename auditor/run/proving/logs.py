"""The log of a build: searched whole for values, kept in part."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.run.proving.masking import Masks

#: What BuildKit writes before a line of a step (`--progress plain`): values that span lines would be torn apart.
_PREFIX = re.compile(rb"(?m)^#[0-9]{1,6} (?:[0-9]{1,9}\.[0-9]{1,4} )?")
#: A line of older BuildKits that says nothing to people.
_DIGEST = re.compile(r"#[0-9]{1,6} sha256:[0-9a-f]{64}$")
#: Bytes of a line that are waited for, and bytes of the log that are kept.
_LONGEST_LINE, _KEPT = 1 << 20, 64 << 10
_QUOTED = 15


class BuildLog:
    """Takes a log as it comes. `found`: one sentence for each value that stands in it."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._pending = b""
        self._window = b""
        self._kept = b""
        self._cut = False
        self._line = 1  # of the window's first byte
        self.found: dict[str, str] = {}

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        self._pending += data
        end = self._pending.rfind(b"\n") + 1
        if not end and len(self._pending) < _LONGEST_LINE:
            return
        end = end or len(self._pending)
        piece, self._pending = self._pending[:end], self._pending[end:]
        self._search(piece)

    def close(self) -> None:
        """There is no more."""
        piece, self._pending = self._pending, b""
        self._search(piece)

    def _search(self, piece: bytes) -> None:
        self._kept += piece
        if len(self._kept) > _KEPT:
            self._kept, self._cut = self._kept[-_KEPT:], True
        needles = self._masks.needles
        text = _PREFIX.sub(b"", piece)
        seen = len(self._window)
        window = self._window + text
        for hit in needles.search(window, seen) if self._masks.names else ():
            line = self._line + window.count(b"\n", 0, hit.start)
            self.found.setdefault(hit.name, f"line {line} of the log: the value of {hit.name}, {hit.encoding}")
        self._window = window[-needles.reach :] if needles.reach else b""
        self._line += window.count(b"\n", 0, len(window) - len(self._window))

    def last_words(self) -> list[str]:
        """The last lines, masked."""
        text = self._kept.decode("utf-8", "replace")
        lines = self._masks.mask(text).splitlines()[1 if self._cut else 0 :]
        return [self._masks.shown(line) for line in lines if line.strip() and not _DIGEST.match(line)][-_QUOTED:]
