"""A layer's tar, block by block: raw bytes to search in one pass, with what lies where in them.

Nothing is extracted, and no path is used for anything but to be shown. Formats: POSIX.1-2001 (ustar, pax), GNU.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images.tarblocks import FILE, HIDDEN, PAX, Block, Entry, Segment
from auditor.sources.images.tarheaders import (
    LONGEST_NAME,
    Extended,
    Header,
    header_of,
    map_size,
    normal,
    pax,
    text,
    usual,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class Bytes(Protocol):
        """What gives the bytes of a tar in order."""

        @property
        def problem(self) -> str:
            """Why they end early, else ""."""

        def readinto(self, buffer: memoryview, /) -> int:
            """Fill the buffer as far as there is anything; 0 at the end."""


#: Bytes that are read at once; contents up to WHOLE are given in one piece, pieces of longer ones overlap.
BLOCK = 4 << 20
WHOLE = 1 << 20
OVERLAP = 64 << 10
MOST_MEMBERS = 2_000_000
UNIT = 512
_ZEROS = bytes(UNIT)
_EXTENDED = b"xgLK"
#: Links, devices, folders and pipes have no content, whatever size their header states.
_WITHOUT_CONTENT = b"123456"
#: Makes a named tuple without the steps for defaults and names.
_new = tuple.__new__

_NOTHING = Extended()


class _Long(NamedTuple):
    """A content that is given in pieces: its kind and path, and where it begins and ends in the tar."""

    kind: str
    path: str
    start: int
    end: int


class LayerTar:
    """Walks one tar. `problems` say what is wrong with it, `members` counts headers.

    From the `most`th header on, the rest is given as HIDDEN. `overlap`: bytes that neighbouring pieces share.
    """

    def __init__(self, source: Bytes, *, most: int = MOST_MEMBERS, overlap: int = OVERLAP) -> None:
        self._source = source
        self._overlap = overlap
        self._most = most
        self._buffer = bytearray(BLOCK + WHOLE + overlap + 4 * UNIT)
        self._view = memoryview(self._buffer)
        self._base = 0  # place of the buffer's first byte in the tar
        self._filled = 0
        self._next = 0  # first byte that was not given yet
        self._long: _Long | None = None
        self._extended = _NOTHING
        self._zeros = 0
        self.members = 0
        self.problems: list[str] = []

    def blocks(self) -> Iterator[Block]:
        """Everything in order. Memory is bounded; never raises for what the bytes hold."""
        last = False
        while not last:
            room = self._view[self._filled : self._filled + BLOCK]
            count = self._source.readinto(room)
            self._filled += count
            last = count < len(room) and self._source.readinto(self._view[self._filled : self._filled + 1]) == 0
            if count < len(room) and not last:
                self._filled += 1
            block = Block(self._view[: self._filled], [], [], self._base)
            while self._step(block, last):
                pass
            if block.segments or block.entries:
                yield block
            self._keep()
        self._conclude()

    def _keep(self) -> None:
        """Move what the next block needs once more to the beginning of the buffer."""
        start = self._next
        if self._long is not None:
            start = max(self._long.start, self._next - self._overlap // 2)
        at = min(max(start - self._base, 0), self._filled)
        rest = self._filled - at
        self._view[:rest] = self._view[at : self._filled]
        self._base += at
        self._filled = rest

    def _conclude(self) -> None:
        if self._source.problem:
            self.problems.append(self._source.problem)
        elif not self._zeros and not self.problems and self.members:
            self.problems.append("no end mark; it may be truncated")

    def _step(self, block: Block, last: bool) -> bool:
        """Give the next header, content or piece of one; False if that takes more bytes than there are."""
        here = self._base + self._filled - self._next
        if self._long is not None:
            return self._piece(self._long, block, last)
        if self._extended is _NOTHING and self._zeros < 2 and not (block.segments and block.segments[-1].kind == PAX):
            self._usual(block)
            here = self._base + self._filled - self._next
        if here < UNIT:
            if last and here:
                self._give(block, HIDDEN, "", self._next, self._next + here)
                self._next += here
            return False
        at = self._next - self._base
        head = bytes(self._view[at : at + UNIT])
        if head == _ZEROS:
            self._zeros += 1
            self._next += UNIT
            return True
        header = header_of(head) if self._zeros < 2 and self.members < self._most else None
        if header is None:
            return self._lose(head)
        self._zeros = 0
        return self._member(header, block, last)

    def _lose(self, head: bytes) -> bool:
        """The rest is no tar: whatever it is, it is searched."""
        if self.members >= self._most:
            self.problems.append(f"more than {self._most:,} files; names of the rest are not read")
        elif self._zeros < 2:
            self.problems.append("no tar header where one should be; names of the rest are not read")
        self._long = _Long(HIDDEN, "", self._next, 1 << 100)
        return True

    def _usual(self, block: Block) -> None:
        """The files and folders that come next of which nothing but their headers tells: what `_step` does for almost
        all members, in fewer steps."""
        entries, segments = block.entries, block.segments
        at, most = self._next - self._base, self._filled - UNIT
        left = self._most - self.members
        while at <= most and left > 0:
            told = usual(self._buffer, at)
            if told is None:
                break
            path, kind, size = told
            start = at + UNIT
            end = start + size
            at = end + -size % UNIT
            if size > WHOLE or at > self._filled:
                at = start - UNIT
                break
            left -= 1
            entries.append(_new(Entry, (path, kind, size, "", (0, 0), ())))
            if size:
                segments.append(_new(Segment, (FILE, path, start, end, 0, size, start, end, len(entries))))
                if at > end and not self._buffer.startswith(_ZEROS[: at - end], end):
                    self._give(block, HIDDEN, path, self._base + end, self._base + at)
        if left < self._most - self.members:
            self.members, self._next, self._zeros = self._most - left, self._base + at, 0

    def _member(self, header: Header, block: Block, last: bool) -> bool:
        """One member with its content, if all of it is here; a long content is begun."""
        extends = header.kind in _EXTENDED
        length = header.size if self._extended.size is None or extends else self._extended.size
        if header.kind in _WITHOUT_CONTENT:
            length = 0
        start = self._next + UNIT
        known = self._base + self._filled
        if header.mapped:
            start += map_size(self._view[start - self._base : self._filled])
            if start > known and not last:
                return False
        end = start + length
        if length > WHOLE:
            self._begin_long(header, block, start, end)
            return True
        whole = end + -length % UNIT
        if whole > known and not last:
            return False
        self.members += 1
        path = ""
        if extends:
            self._extend(header, block, start, min(end, known))
        else:
            entry = self._entry(header, length)
            block.entries.append(entry)
            if block.segments and block.segments[-1].kind == PAX and not block.segments[-1].path:
                block.segments[-1] = block.segments[-1]._replace(path=entry.path)
            path = entry.path
            if length and start < known:
                low, high = start - self._base, min(end, known) - self._base
                block.segments.append(Segment(FILE, path, low, high, 0, length, low, high, len(block.entries)))
        if whole > end:
            self._give(block, HIDDEN, path, end, min(whole, known))
        if end > known:
            self.problems.append("truncated in the middle of a file")
            self._zeros = 2
        self._next = min(whole, known)
        return True

    def _begin_long(self, header: Header, block: Block, start: int, end: int) -> None:
        self.members += 1
        if header.kind in _EXTENDED:
            self.problems.append("an extended header is too long to be read")
            self._long = _Long(PAX, "", start, end)
        else:
            entry = self._entry(header, end - start)
            block.entries.append(entry)
            self._long = _Long(FILE, entry.path, start, end)
        self._next = start

    def _piece(self, long: _Long, block: Block, last: bool) -> bool:
        """The next piece of a long content; False once all bytes that are here were given."""
        known = self._base + self._filled
        stop = min(long.end, known)
        done = stop == long.end or last
        own_end = stop if done else max(self._next, stop - self._overlap // 2)
        if not done and own_end - self._overlap // 2 <= long.start:
            own_end = self._next  # the next piece would begin where this one does: they are given as one
        if own_end > self._next:
            start = max(long.start, self._base)
            self._give(block, long.kind, long.path, start, stop, long, own_end)
        self._next = own_end
        if not done:
            return False
        self._long = None
        if stop == long.end:
            padding = -stop % UNIT
            if long.kind != HIDDEN and padding:
                self._long = _Long(HIDDEN, long.path, stop, stop + padding)
        elif long.kind != HIDDEN:
            self.problems.append("truncated in the middle of a file")
            self._zeros = 2
        return stop == long.end

    def _give(
        self, block: Block, kind: str, path: str, start: int, stop: int, long: _Long | None = None, own: int = -1
    ) -> None:
        """Add the segment from `start` to `stop` (places in the tar), unless it is empty or hides only zeros."""
        low, high = start - self._base, stop - self._base
        if low >= high or (kind == HIDDEN and not bytes(self._view[low:high]).strip(b"\0")):
            return
        begin, size, own_start, own_end = start, stop - start, start, stop
        if long is not None:
            begin, size = long.start, (stop if kind == HIDDEN else long.end) - long.start
            own_start, own_end = max(self._next, start), own
        own_start, own_end, members = own_start - self._base, own_end - self._base, len(block.entries)
        block.segments.append(Segment(kind, path, low, high, start - begin, size, own_start, own_end, members))

    def _entry(self, header: Header, size: int) -> Entry:
        """The member that a header describes, with what extended headers before it say."""
        told = self._extended
        if told is _NOTHING:
            return Entry(normal(header.path), str(header.kind, "latin-1"), size, header.link, header.device)
        self._extended = _NOTHING
        link = header.link if told.link is None else told.link
        path = header.path if told.path is None else told.path
        return Entry(normal(path), str(header.kind, "latin-1"), size, link, header.device, told.xattrs)

    def _extend(self, header: Header, block: Block, start: int, stop: int) -> None:
        """An extended header for the next member, or for all of them (which nobody uses for names)."""
        record = bytes(self._view[start - self._base : stop - self._base])
        told = self._extended
        if header.kind in b"LK":
            stored, _, rest = record.partition(b"\0")
            if len(stored) > LONGEST_NAME or rest.strip(b"\0"):
                self._give(block, HIDDEN, "", start, stop)
            name = text(stored[:LONGEST_NAME])
            self._extended = told._replace(path=name) if header.kind == b"L" else told._replace(link=name)
        else:
            self._extended = pax(record, told)
            self._give(block, PAX, "", start, stop)
