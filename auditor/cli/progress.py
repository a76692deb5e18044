"""How far a long run has come: one line on the standard error of a person's terminal, gone when the run is over."""

from __future__ import annotations

import os
import sys
import time

from auditor.core.record import TYPE_CHECKING
from auditor.report.images import size
from auditor.report.terminal import columns, cut, escape

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

#: Seconds between two drawings, which is also how long a run may take without one.
INTERVAL = 0.1
#: Environment variables of those that keep what is printed.
_NOT_PEOPLE = ("CI", "PRE_COMMIT")
_BAR, _NARROWEST = 24, 40
_DEFAULT_WIDTH = 80
#: Seconds of a run after which its speed says something about the rest.
_SETTLED = 2.0


class Progress:
    """Counts bytes of `total` (0: not known), and shows them where `wanted` and where a person looks on.

    `stream` is the standard error unless given, `clock` gives seconds. May be called by several threads.
    """

    def __init__(
        self,
        total: int,
        *,
        wanted: bool = True,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        import threading  # start-up: only for long runs

        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._lock = threading.Lock()
        self._on = wanted and is_watched(self._stream)
        self._begun = self._drawn = clock()
        self._total = total
        self._done = 0
        self._width = 0

    def advance(self, number: int, label: str = "") -> None:
        """Note `number` more bytes; `label` says what they are of."""
        if not self._on:
            return
        with self._lock:
            self._done += number
            now = self._clock()
            if now - self._drawn >= INTERVAL:
                self._drawn = now
                self._draw(label, now - self._begun)

    def close(self) -> None:
        """Clear the line; nothing is shown after this."""
        with self._lock:
            if self._on and self._width:
                self._write(f"\r{' ' * self._width}\r")
            self._on = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _draw(self, label: str, seconds: float) -> None:
        # The last column stays free: some terminals wrap when it is written.
        room = _columns(self._stream) - 1
        facts = self._facts(seconds)
        bar = self._bar() if room >= _NARROWEST else ""
        left = room - columns(facts) - columns(bar)
        name = f"{cut(escape(label), left - 2)}  " if label and left > 8 else ""
        line = cut(f"{name}{bar}{facts}", max(room, 1))
        used = columns(line)
        # A terminal that was made narrower has wrapped what stood there; only its last line can be cleared.
        blank = max(min(self._width, room) - used, 0)
        self._write(f"\r{line}{' ' * blank}")
        self._width = used

    def _bar(self) -> str:
        if self._total <= 0:
            return ""
        full = round(_BAR * self._share())
        return f"[{'#' * full}{'.' * (_BAR - full)}] "

    def _facts(self, seconds: float) -> str:
        done = size(self._done)
        if self._total <= 0:
            return done
        facts = f"{int(100 * self._share())}%  {done} of {size(self._total)}"
        if seconds < _SETTLED or self._done <= 0:
            return facts
        left = int(seconds * max(self._total - self._done, 0) / self._done)
        return f"{facts}  {left // 60}:{left % 60:02} left"

    def _share(self) -> float:
        return min(max(self._done / self._total, 0.0), 1.0)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._on = False


def is_watched(stream: TextIO) -> bool:
    """Whether a person sees what is written there as it comes."""
    if any(os.environ.get(name) for name in _NOT_PEOPLE) or os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except ValueError:
        return False


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _DEFAULT_WIDTH
    except (OSError, ValueError):
        return _DEFAULT_WIDTH
