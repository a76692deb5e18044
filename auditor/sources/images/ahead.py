"""Reads a layer ahead in a thread of its own: reading, inflating and hashing go on while the bytes before are searched.

All three release the interpreter's lock. With as many layers as processors there is nothing to be gained.
"""

from __future__ import annotations

import queue
import threading

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.sources.images.inflate import LayerStream

_BLOCK = 1 << 20
_MOST = 4


class Ahead:
    """The same stream, read up to _MOST blocks ahead. `close` also closes the stream."""

    def __init__(self, stream: LayerStream) -> None:
        self._stream = stream
        self._blocks: queue.Queue[memoryview] = queue.Queue(_MOST)
        self._current = memoryview(b"")
        self._ended = False
        self._stopped = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def stored(self) -> int:
        """Stored bytes that were read so far."""
        return self._stream.stored

    @property
    def problem(self) -> str:
        """Why it ended early, else ""; of what was given so far."""
        return self._stream.problem if self._ended else ""

    def readinto(self, buffer: memoryview) -> int:
        """As `LayerStream.readinto`. Raises what that raised."""
        count = 0
        while count < len(buffer) and not self._ended:
            if not self._current:
                self._current = self._blocks.get()
                if not self._current:
                    self._ended = True
                    if self._failure is not None:
                        raise self._failure
                    break
            size = min(len(self._current), len(buffer) - count)
            buffer[count : count + size] = self._current[:size]
            self._current = self._current[size:]
            count += size
        return count

    def close(self) -> None:
        """Stop reading, and close the stream."""
        self._stopped = True
        while self._thread.is_alive():
            try:
                self._blocks.get(timeout=0.05)
            except queue.Empty:
                continue
        self._thread.join()
        self._stream.close()

    def _read(self) -> None:
        """What the thread does: the last block is empty."""
        try:
            while not self._stopped:
                block = memoryview(bytearray(_BLOCK))
                count = self._stream.readinto(block)
                if not count:
                    break
                self._blocks.put(block[:count])
        except Exception as error:
            self._failure = error
        self._blocks.put(memoryview(b""))
