"""Files of any kind as pieces of bytes: searched for below directories, cut where they are long, archives opened."""

from __future__ import annotations

import codecs
import errno
import io
import os
import stat
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial

from auditor.core.record import NamedTuple
from auditor.sources.archives import Limits, may_pack, members
from auditor.sources.archives.bytecode import is_copy
from auditor.sources.archives.git import is_loose
from auditor.sources.files import Skipped, UnreadableFile, excluder, open_descriptor, reason_of, search

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

STDIN = "-"
#: Longest data of one piece, and how much of it neighbours share. A find belongs to the piece in which it has at least
#: half of that beside it.
PIECE = 1 << 20
OVERLAP = 64 << 10
MAX_ENTRIES = 5_000_000
EXCLUDED, LINK, SPECIAL, COMPILED = "excluded", "link", "no regular file", "compiled from a file beside it"
#: Reasons for leaving something out that were asked for, or that leave nothing unread.
BY_CHOICE = (EXCLUDED, LINK, SPECIAL, COMPILED)
_STEP = PIECE - OVERLAP
_STDIN_HELD = 64 << 20
#: A file may be written to while it is read; one that never ends must not be read for ever.
_GROWTH = 64 << 20
#: Beginnings of formats whose own bytes say nothing once their contents were read.
_OPAQUE = (b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PK\x05\x06", b"PACK\0\0\0")
_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNIT = 4


class Found(NamedTuple):
    """A file to read: `path` to open ("-" is standard input), `display` to show, `size` in bytes when it was listed.

    `named`: it was asked for by name, so that a link is followed.
    """

    path: str
    display: str
    size: int
    named: bool


class Piece(NamedTuple):
    """Consecutive bytes of one content, a file or what is packed in one (`path` is then `app.jar!inner/name`).

    Neighbouring pieces overlap: what begins in `data[start:end]` belongs to this one. `data[i]` is byte
    `offset + i - lead` of the content; the `lead` bytes before repeat its byte order mark. `last` ends the content.
    `outer`: these are the bytes of an archive whose contents came before.
    """

    path: str
    data: bytes
    offset: int = 0
    lead: int = 0
    start: int = 0
    end: int = 0
    last: bool = True
    outer: bool = False


def find(
    paths: Iterable[str],
    *,
    exclude: Sequence[str] = (),
    stdin_filename: str = STDIN,
    skipped: list[Skipped] | None = None,
) -> Iterator[Found]:
    """Yield every file once: those named, and all regular files below directories, hidden ones too.

    `exclude` as in `files.collect`. Links below a directory are not followed. What is left out is appended to
    `skipped`. Never raises for what it finds on disk.
    """
    notes = [] if skipped is None else skipped
    judge = _judging(excluder(exclude))
    seen: set[str] = set()
    for path in paths:
        if path == STDIN:
            found: Iterable[Found] = [Found(STDIN, stdin_filename, 0, True)]
        elif os.path.isdir(path):
            entries = search(path, judge, notes, MAX_ENTRIES)
            found = _below(entries, notes)
        else:
            found = [Found(path, os.path.normpath(path) if path else path, _size(partial(os.stat, path)), True)]
        for file in found:
            key = os.path.abspath(file.path) if file.path != STDIN else STDIN
            if key not in seen:
                seen.add(key)
                yield file


def _below(entries: Iterable[os.DirEntry[str]], notes: list[Skipped]) -> Iterator[Found]:
    """The files of a directory, without modules that Python has compiled from one of them: they say the same again."""
    for entry in entries:
        if is_copy(entry.path):
            notes.append(Skipped(entry.path, COMPILED))
        else:
            yield Found(entry.path, os.path.normpath(entry.path), _size(entry.stat), False)


def read(found: Found, *, depth: int = 8) -> Generator[Piece | Skipped, None, None]:
    """Everything in a file, at any depth of archives up to `depth`, in pieces; what cannot be read as `Skipped`.

    Contents come before the archive's own bytes. Memory is bounded whatever the sizes. Raises UnreadableFile where the
    file itself cannot be opened.
    """
    limits = Limits(depth=depth, piece=_STEP)
    if found.path == STDIN:
        yield from _standard_input(found.display, limits)
        return
    descriptor, size = open_descriptor(found.path, follow=found.named, listed=not found.named)
    data = _small(descriptor, size)
    if data:
        yield Piece(found.display, data, end=size)
        return
    with io.BufferedReader(io.FileIO(descriptor)) as file:
        try:
            file.seek(0)
            yield from pieces(found.display, file, limits, size)
        except (OSError, ValueError) as error:
            yield Skipped(found.display, reason_of(error))


def _small(descriptor: int, size: int) -> bytes:
    """All of a small file that packs nothing, as nearly all are, with as few calls as it takes, and closed; else none.

    One whose size has changed meanwhile is not small, and neither is one that is empty or seems to be.
    """
    if not 0 < size < _STEP:
        return b""
    try:
        data = os.read(descriptor, size + 1)
    except OSError:
        return b""
    if len(data) != size or may_pack(data):
        return b""
    os.close(descriptor)
    return data


def pieces(path: str, file: BinaryIO, limits: Limits, size: int) -> Iterator[Piece | Skipped]:
    """The pieces of a seekable binary file that had `size` bytes, and may have a bit more now. Raises OSError."""
    head = _head(file, size)
    inside, cut = False, False
    for item in packed(path, head if len(head) < _STEP else file, limits) if may_pack(head) else ():
        inside = True
        cut = cut or isinstance(item, Skipped)
        yield item
    if inside and not cut and (head.startswith(_OPAQUE) or is_loose(head)):
        return
    if len(head) == _STEP:
        file.seek(len(head))
    yield from _raw(path, head, file.read, size + _GROWTH, outer=inside)


def _head(file: BinaryIO, size: int) -> bytes:
    """The first step of a file. Room for a whole one takes longer to get than a small file takes to read."""
    head = file.read(min(size + 1, _STEP))
    if head is None:  # a file of the system that has nothing to say yet
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return head if len(head) <= size else head + (file.read(_STEP - len(head)) or b"")


def _raw(path: str, head: bytes, rest: Callable[[int], bytes], most: int, *, outer: bool) -> Iterator[Piece | Skipped]:
    """A file's own bytes."""
    if len(head) < _STEP:
        if head:
            yield Piece(path, head, end=len(head), outer=outer)
        return
    joiner = _Joiner(path, outer)
    chunk, room, problem = head, most, ""
    while chunk:
        room -= len(chunk)
        following = b""
        try:
            following = (rest(_STEP) or b"") if len(chunk) == _STEP and room > 0 else b""
        except (OSError, ValueError) as error:
            problem = reason_of(error)
        yield joiner.add(chunk, last=not following)
        chunk = following
    if problem or room <= 0:
        yield Skipped(path, problem or "grows while it is read; the rest is not read")


def packed(path: str, source: bytes | BinaryIO, limits: Limits) -> Iterator[Piece | Skipped]:
    """What is packed in a file."""
    joiner: _Joiner | None = None
    for item in members(path, source, limits):
        if joiner is not None and (isinstance(item, Skipped) or item.offset == 0):
            yield joiner.add(b"", last=True)
            joiner = None
        if isinstance(item, Skipped):
            yield item
        elif joiner is None and item.last:
            yield Piece(item.inner_path, item.data, end=len(item.data))
        else:
            joiner = joiner or _Joiner(item.inner_path, False)
            yield joiner.add(item.data, last=item.last)
            joiner = None if item.last else joiner
    if joiner is not None:
        yield joiner.add(b"", last=True)


class _Joiner:
    """Lays overlaps between the chunks of one content."""

    __slots__ = ("_at", "_carry", "_lead", "_outer", "_owned", "_path")

    def __init__(self, path: str, outer: bool) -> None:
        self._path = path
        self._outer = outer
        self._carry = b""
        self._at = 0
        self._owned = 0
        self._lead = b""

    def add(self, chunk: bytes, *, last: bool) -> Piece:
        """The piece that ends with this chunk; all but the last are at least an overlap long."""
        data, offset, lead = self._carry + chunk, self._at, self._lead
        if offset == 0 and not self._carry:
            self._lead = next((mark for mark in _MARKS if chunk.startswith(mark)), b"")
        end = len(data) if last else _boundary(data, len(data) - OVERLAP // 2, wide=bool(self._lead))
        start = self._owned - offset
        self._owned = offset + end
        self._carry = data[-OVERLAP:]
        self._at = offset + len(data) - len(self._carry)
        shift = len(lead)
        return Piece(self._path, lead + data, offset, shift, start + shift, end + shift, last, self._outer)


def _boundary(data: bytes, at: int, *, wide: bool) -> int:
    """The place at or just before `at` where no character is cut in two."""
    if wide or 0 in data[at - _UNIT : at + _UNIT]:
        return at - at % _UNIT
    for back in range(_UNIT):
        if data[at - back] & 0xC0 != 0x80:
            return at - back
    return at


def _standard_input(name: str, limits: Limits) -> Iterator[Piece | Skipped]:
    if sys.stdin is None:
        raise UnreadableFile("closed")
    stream = sys.stdin.buffer
    try:
        held = stream.read(_STDIN_HELD)
        if len(held) < _STDIN_HELD:
            yield from pieces(name, io.BytesIO(held), limits, len(held))
            return
        # Too long to be held, and an archive can only be opened by one who may go back in it.
        if next(members(name, held, limits), None) is not None:
            yield Skipped(name, f"archive on the standard input longer than {_STDIN_HELD >> 20} MiB: not opened")
        start = io.BytesIO(held)
        rest = _chained(start, stream)
        yield from _raw(name, start.read(_STEP), rest, sys.maxsize, outer=False)
    except (OSError, ValueError) as error:
        yield Skipped(name, reason_of(error))


def _chained(first: BinaryIO, second: BinaryIO) -> Callable[[int], bytes]:
    """Reads one file and then the other; fewer bytes than asked for only at the end."""

    def read_on(size: int) -> bytes:
        data = first.read(size)
        return data if len(data) == size else data + second.read(size - len(data))

    return read_on


def _judging(excluded: Callable[[str], bool]) -> Callable[[os.DirEntry[str], str, bool], str | None]:
    def judge(entry: os.DirEntry[str], relative: str, is_directory: bool) -> str | None:
        if excluded(relative):
            return EXCLUDED
        if entry.is_symlink():
            return LINK
        return "" if is_directory or entry.is_file() else SPECIAL

    return judge


def _size(described: Callable[[], os.stat_result]) -> int:
    """Bytes of a regular file; 0 where that is not known."""
    try:
        found = described()
    except (OSError, ValueError):
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
