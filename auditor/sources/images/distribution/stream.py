"""A blob as a stream that outlives its connections: what breaks off is taken up again where it ended."""

from __future__ import annotations

import io
import re

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images.distribution.failure import BROKEN, explain
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from auditor.sources.images.distribution.client import Answer
    from auditor.sources.images.distribution.repository import Repository

_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-[0-9]{1,18}|\*)/(?:([0-9]{1,18})|\*)", re.ASCII)
_BLOCK = 1 << 18


class BlobStream(io.RawIOBase):
    """The bytes of one blob, unverified; `size` is their number as the manifest states it, -1 if it does not.

    Raises SourceError, at once or while reading: a blob that is missing, shorter or longer than stated, or whose
    connection breaks too often.
    """

    def __init__(self, repository: Repository, digest: str, size: int, *, path: str = "") -> None:
        super().__init__()
        self._repository = repository
        self._path = path or f"blobs/{digest}"
        self._part = f"blob {digest}"
        self._size = size
        self._at = 0
        self._end: int | None = None
        self._breaks = 0
        self._idle = 0
        self._answer: Answer | None = None
        self._done = False
        self._connect()

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """The next bytes; 0 at the end."""
        if self.closed:
            raise ValueError("the stream is closed")
        view = memoryview(buffer).cast("B")
        while not self._done and view:
            if self._answer is None:
                self._connect()
            count = self._read(view)
            if count:
                return count
        return 0

    def close(self) -> None:
        """Give back the connection."""
        self._drop()
        super().close()

    def _read(self, view: memoryview) -> int:
        """Some bytes; 0 at the end, or if the connection is gone."""
        if self._answer is None:
            return 0
        try:
            count = self._answer.readinto(view)
        except BROKEN as error:
            self._broken(explain(error))
            return 0
        self._at += count
        if self._size >= 0 and self._at > self._size:
            self._drop()
            raise SourceError(f"{self._part}: longer than the {self._size:,} bytes that the manifest states")
        if count:
            self._idle = 0
        elif self._at >= (self._size if self._end is None else self._end):
            self._finish()
        else:
            self._broken("the answer ends too early")
        return count

    def _finish(self) -> None:
        self._done = True
        self._drop()
        if self._at < self._size:
            raise SourceError(f"{self._part}: it has {self._at:,} bytes, the manifest states {self._size:,}")

    def _broken(self, why: str) -> None:
        """Wait before the next try, unless there have been enough. The more in vain, the longer."""
        self._drop()
        self._breaks += 1
        self._idle += 1
        client = self._repository.client
        if self._breaks > client.limits.resumes or self._idle >= client.limits.tries:
            raise SourceError(f"{self._part}: {self._repository.domain}: {why}, after {self._at:,} bytes") from None
        client.rest(client.pause(self._idle))

    def _connect(self) -> None:
        """Ask for what is still to come."""
        answer = self._repository.open(self._path, self._part, self._at)
        self._answer = answer
        answer.start()
        where = f"{self._part}: {answer.address.shown}"
        if not self._at:
            if answer.status != 200:
                raise self._odd(f"{where}: HTTP status {answer.status}")
            self._end = answer.length
            # Blobs are kept as they are stored: what Content-Encoding says does not matter.
            if answer.header("Content-Type").partition(";")[0].strip().lower() == "text/html":
                raise self._odd(f"{where}: it answers with a web page")
            return
        found = _RANGE.fullmatch(answer.header("Content-Range").strip())
        if answer.status == 416:
            if found is None or found[2] is None or int(found[2]) != self._at:
                raise self._odd(f"{where}: it does not go on after {self._at:,} bytes")
            self._finish()
        elif answer.status == 206:
            if found is None or found[1] is None or int(found[1]) != self._at:
                raise self._odd(f"{where}: it goes on at another place than it was asked to")
            self._end = None if answer.length is None else self._at + answer.length
        else:
            self._end = answer.length
            self._skip(answer)

    def _skip(self, answer: Answer) -> None:
        """Pass over what was read before, where the server does not know ranges."""
        left = self._at
        block = memoryview(bytearray(min(left, _BLOCK)))
        try:
            while left:
                count = answer.readinto(block[:left])
                if not count:
                    self._broken("the answer ends too early")
                    return
                left -= count
        except BROKEN as error:
            self._broken(explain(error))

    def _odd(self, message: str) -> SourceError:
        self._drop()
        return SourceError(message)

    def _drop(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None
