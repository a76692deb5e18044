"""The members of an archive of images, a tar (ustar, pax, GNU): names and places, not contents."""

from __future__ import annotations

from abc import ABC, abstractmethod

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images.model import Problem
from auditor.sources.images.tarheaders import LONGEST_NAME, Extended, header_of, pax, text

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Members that are read; an archive of a hundred images has a few thousand.
MOST_MEMBERS = 200_000
BLOCK = 512
FILE, HARD_LINK, SYMBOLIC_LINK = "0", "1", "2"
_LARGEST_EXTENSION = 1 << 20
_KINDS = {b"0": FILE, b"1": HARD_LINK, b"2": SYMBOLIC_LINK}
_TOO_LONG = 1 << 62


class Member(NamedTuple):
    """A file or a link: `start` is where its content begins in the tar, `link` where it leads, both as stored."""

    name: str
    kind: str
    start: int
    size: int
    link: str


class Tape(ABC):
    """A tar that is read forwards. `at` is the place of the next byte, `problems` say what is wrong with it."""

    def __init__(self) -> None:
        self.at = 0
        self.problems: list[Problem] = []

    @abstractmethod
    def read(self, size: int) -> bytes:
        """The next bytes, fewer only at the end."""

    @abstractmethod
    def forward(self, place: int) -> bool:
        """Go on to a place; False if the tar ends before it."""


def members(tape: Tape) -> Iterator[Member]:
    """Files and links in order. The content of one may be read from the tape before the next is asked for."""
    told = Extended()
    count = zeros = 0
    while True:
        block = tape.read(BLOCK)
        if len(block) < BLOCK:
            if not tape.at:
                tape.problems.append(Problem("archive", "it is empty"))
            elif block or not zeros:
                tape.problems.append(Problem("archive", "truncated: it has no end mark"))
            return
        if not any(block):
            zeros += 1
            if zeros == 2:
                return
            continue
        header = header_of(block)
        if header is None:
            tape.problems.append(Problem("archive", "damaged, or no tar: no header where one should be"))
            return
        zeros = 0
        count += 1
        if count > MOST_MEMBERS:
            tape.problems.append(Problem("archive", f"more than {MOST_MEMBERS:,} members; the others were not read"))
            return
        start = tape.at
        size = header.size
        if header.kind in b"xgLK":
            told = _extended(tape, header.kind, size, told)
        else:
            size = 0 if header.kind in b"123456" else size if told.size is None else told.size
            if header.kind in _KINDS and size < _TOO_LONG:
                name = header.path if told.path is None else told.path
                link = header.link if told.link is None else told.link
                yield Member(name, _KINDS[header.kind], start, size, link)
            told = Extended()
        if size >= _TOO_LONG or not tape.forward(start + size + -size % BLOCK):
            tape.problems.append(Problem("archive", "truncated within a member"))
            return


def _extended(tape: Tape, kind: bytes, size: int, told: Extended) -> Extended:
    data = tape.read(min(size, _LARGEST_EXTENSION))
    if kind == b"x":
        return pax(data, told)
    name = text(data.split(b"\0", 1)[0][:LONGEST_NAME])
    if kind == b"L":
        return told._replace(path=name)
    return told._replace(link=name) if kind == b"K" else told
