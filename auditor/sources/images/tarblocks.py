"""What a block of a layer's tar holds: its members, and which of its bytes belong to whom."""

from __future__ import annotations

from auditor.core.record import NamedTuple

FILE, PAX, HIDDEN = "file", "pax", "hidden"


class Entry(NamedTuple):
    """One member: `path` without "./" or "/" before it; `kind` is the type letter of its header ("0" is a regular
    file, "1" a hard link, "2" a symbolic one, "5" a folder), `link` where it leads, `device` (major, minor) for "3".

    `xattrs` are the extended attributes of its pax header (SCHILY.xattr.*).
    """

    path: str
    kind: str
    size: int
    link: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[str, bytes], ...] = ()


class Segment(NamedTuple):
    """Consecutive bytes of a block that belong together: content[offset : offset + end - start] of `size` bytes.

    `kind`: FILE (a member's content), PAX (an extended header), HIDDEN (what no path leads to: padding behind a
    content, bytes behind the end mark, or what stands where a header should be). `start` and `end` are offsets in the
    block. What begins from `own_start` to `own_end` belongs to this segment, the rest of it to its neighbours.
    `members`: how many entries of the block come before these bytes, the one that they belong to included.
    """

    kind: str
    path: str
    start: int
    end: int
    offset: int
    size: int
    own_start: int
    own_end: int
    members: int = 0

    @property
    def last(self) -> bool:
        """Whether the content ends here."""
        return self.offset + self.end - self.start >= self.size


class Block(NamedTuple):
    """Bytes, valid until the next block is asked for, their place in the tar, and what lies in them, in order.

    Segments cover all that is neither a header nor zeros between two contents.
    """

    data: memoryview
    segments: list[Segment]
    entries: list[Entry]
    place: int = 0
