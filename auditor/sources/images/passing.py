"""Archives of images that can be read only once, in their own order: standard input, exports, compressed files."""

from __future__ import annotations

import io

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import fields
from auditor.sources.images.bundle import Bundle, key_of
from auditor.sources.images.bundled import images_in
from auditor.sources.images.documents import MOST_KEPT
from auditor.sources.images.inflate import LayerStream
from auditor.sources.images.members import BLOCK, FILE, Tape, members
from auditor.sources.images.model import LARGEST_DOCUMENT, PassingSource, Problem, SourceError
from auditor.sources.images.tarheaders import header_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from auditor.sources.images.members import Member
    from auditor.sources.images.model import Image

_BUFFER = 1 << 16
#: Bytes behind the end mark that are read so that whoever writes them is not cut off.
_LONGEST_END = 16 << 20


class PassingArchive(PassingSource):
    """An archive on a stream, compressed as a whole or not. The stream is closed with the source."""

    def __init__(self, name: str, stream: BinaryIO, *, tag: str = "", platform: str = "") -> None:
        super().__init__(name)
        self._stream = LayerStream(stream, verify=False)
        self._bundle = PassedBundle()
        self._tag = tag
        self._platform = platform

    def passing(self) -> Iterator[tuple[str, BinaryIO]]:
        """The blobs; documents are kept."""
        tape = _StreamTape(self._stream)
        for member in members(tape):
            self._bundle.add(member)
            if member.kind != FILE or not member.size:
                continue
            part = _Part(tape, member, tape.read(min(BLOCK, member.size)))
            if self._bundle.keep(member, part):
                continue
            yield key_of(self._bundle.name_of(member)), part  # type: ignore[misc]
        tape.forward(tape.at + _LONGEST_END)
        self._bundle.problems.extend(tape.problems)

    def images(self) -> Sequence[Image]:
        """As the documents that passed list them. Raises SourceError."""
        return images_in(self.name, self._bundle, tag=self._tag, platform=self._platform)

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


def open_stream(name: str, stream: BinaryIO | None, *, tag: str = "", platform: str = "") -> PassingArchive:
    """The archive that a stream brings. Raises SourceError if there is no stream."""
    if stream is None or stream.closed:
        raise SourceError(f"{name}: there is no standard input")
    return PassingArchive(name, stream, tag=tag, platform=platform)


class PassedBundle(Bundle):
    """What passed: names of everything, content of documents."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, bytes] = {}
        self._space = MOST_KEPT

    def keep(self, member: Member, part: _Part) -> bool:
        """Read a member if it is a document, and nothing of it if it is not."""
        name = self.name_of(member)
        self._space += len(self._kept.pop(name, b""))
        if member.size > LARGEST_DOCUMENT or not fields.begins_json(part.head) or _is_tar(part.head):
            return False
        if member.size > self._space:
            self.problems.append(Problem(name, f"not kept: the documents together exceed {MOST_KEPT >> 20} MiB"))
            return False
        self._kept[name] = part.whole()
        self._space -= len(self._kept[name])
        return True

    def open(self, path: str) -> BinaryIO:
        """The content of a document."""
        return io.BytesIO(self.content(path))

    def content(self, path: str) -> bytes:
        """A document as it was kept."""
        name = self.resolved(path)
        if name not in self._kept:
            raise SourceError(f"{path} is missing" if not name else f"{path} can be read only while it passes")
        return self._kept[name]

    def begins(self, path: str) -> bytes:
        """The first bytes of a document."""
        return self._kept.get(self.resolved(path), b"")[:BLOCK]


def _is_tar(head: bytes) -> bool:
    return len(head) == BLOCK and header_of(head) is not None


class _StreamTape(Tape):
    """A stream as a tape: contents are read over."""

    def __init__(self, stream: LayerStream) -> None:
        super().__init__()
        self._stream = stream
        self._scratch = memoryview(bytearray(_BUFFER))

    def fill(self, view: memoryview) -> int:
        """Fill a buffer with the next bytes, as far as there are any."""
        count = self._stream.readinto(view)
        self.at += count
        if count < len(view) and self._stream.problem and not self.problems:
            self.problems.append(Problem("archive", self._stream.problem))
        return count

    def read(self, size: int) -> bytes:
        data = bytearray(size)
        count = self.fill(memoryview(data))
        return bytes(data[:count]) if count < size else bytes(data)

    def forward(self, place: int) -> bool:
        while self.at < place:
            if not self.fill(self._scratch[: place - self.at]):
                return False
        return True


class _Part(io.RawIOBase):
    """The content of the member that is passing by. Raises SourceError if it is truncated, or asked for too late."""

    def __init__(self, tape: _StreamTape, member: Member, head: bytes) -> None:
        self.head = head
        self._pending = memoryview(head)
        self._tape = tape
        self._at = member.start + len(head)
        self._end = member.start + member.size
        self._name = member.name

    def readable(self) -> bool:
        """True."""
        return True

    def whole(self) -> bytes:
        """All of it, as far as it is there."""
        return self.head + self._tape.read(self._end - self._at)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; fewer bytes only at the end."""
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._pending))
        view[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        view = view[count : count + self._end - self._at]
        if not view:
            return count
        if self._tape.at != self._at:
            raise SourceError(f"{self._name} has passed by")
        more = self._tape.fill(view)
        self._at += more
        if not more and not count:
            raise SourceError(f"{self._name} is truncated")
        return count + more
