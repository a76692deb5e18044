"""Walks a file and everything packed inside of it. The format is told by its first bytes, never by its name."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from auditor.core.record import NamedTuple
from auditor.sources.archives import bytecode, git, sqlite, tape
from auditor.sources.archives import zip as zipped
from auditor.sources.archives.compressed import expand
from auditor.sources.archives.limits import Budget, Damaged, Exhausted, Limits
from auditor.sources.archives.stream import Entries, Note, Store, Stream
from auditor.sources.files import Skipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    Reader = bytes | BinaryIO

_HEAD = 1024
_DEEPEST = 50
_COMPRESSED = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!")
#: First bytes of all formats that are told by a magic number at the beginning.
_FIRST = frozenset(b"\x1fB\xfd\x28\x5d!0\xedxPSM\x7f#")


class Member(NamedTuple):
    """Bytes found inside: the way to them (`app.jar!META-INF/x.properties`), and where they begin in their content.

    A content longer than `Limits.piece` comes as several members in order; `last` marks the final one.
    """

    inner_path: str
    data: bytes
    offset: int = 0
    last: bool = True


def may_pack(head: bytes) -> bool:
    """Whether a file that begins so may pack something; most cannot, and `members` has nothing to tell of these."""
    return bool(head) and (head[0] in _FIRST or bytecode.is_bytecode(head) or tape.is_tar(head))


def members(name: str, data: Reader, limits: Limits | None = None) -> Iterator[Member | Skipped]:
    """Yield what is packed in a file, at any depth, in order; nothing for a file that packs nothing.

    `data`: bytes, or a seekable binary file, which is left open. Every cut and damage is yielded as `Skipped`, after
    what could be read. Never raises for what the bytes hold; memory is bounded by `Limits.held` and `Limits.piece`.
    """
    budget = Budget(limits or Limits())
    try:
        store = Store(io.BytesIO(data) if isinstance(data, bytes) else data)
        stream = store.stream()
        opened = _opened(name, stream, budget)
        if opened is None:
            return
        yield from _inside(name, stream, opened, 1, budget, fallback=False)
    except Exhausted as error:
        yield Skipped(name, f"{error}; the rest is not read")
    except (Damaged, OSError, ValueError) as error:
        yield Skipped(name, str(error) if isinstance(error, Damaged) else "cannot be read")


_Opener = Callable[[], Entries]


def _opened(path: str, stream: Stream, budget: Budget) -> _Opener | str | None:
    """How to read what the stream holds; a reason if that is not possible; None if it packs nothing."""
    head = stream.peek(_HEAD)
    for magic, form in _COMPRESSED:
        if head.startswith(magic):
            return lambda: expand(stream, form, path, budget)
    if head[:3] == b"\x5d\0\0" and (head[5:13] == b"\xff" * 8 or head[9:13] == bytes(4)) and len(head) > 13:
        return lambda: expand(stream, "lzma", path, budget)
    if head.startswith(b"!<arch>\n"):
        return lambda: tape.ar(stream, budget)
    if head.startswith((b"070701", b"070702", b"070707")):
        return lambda: tape.cpio(stream, budget)
    if head.startswith(b"\xed\xab\xee\xdb"):
        return lambda: tape.rpm(stream, budget)
    if tape.is_tar(head):
        return lambda: tape.tar(stream, budget)
    if git.is_loose(head):
        return lambda: git.loose(stream, budget)
    return _random_access(head, stream, budget)


def _random_access(head: bytes, stream: Stream, budget: Budget) -> _Opener | str | None:
    """The same for the formats that cannot be read from front to back."""
    read: Callable[[Store, Budget], Entries]
    limit, spool = budget.room, budget.limits.spool
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK")):
        read = zipped.unzip
    elif head.startswith(b"SQLite format 3\0"):
        read = sqlite.tables
        if stream.store is not None and stream.store.size > limit and (spool is None or not spool.folder):
            return f"database larger than {limit:,} bytes"
    elif head.startswith(b"PACK\0\0\0") and head[7:8] in (b"\2", b"\3"):
        read = git.pack
    elif bytecode.is_bytecode(head):
        read = bytecode.strings
    elif head.startswith(_PROGRAMS):
        held = stream.held(limit, spool)
        if held is None or zipped.find_end(held) < 0:
            return None
        read = zipped.unzip
    else:
        return None
    store = stream.held(limit, spool)
    if store is None:
        return f"larger than {limit:,} bytes, and needs to be opened as a whole"
    return lambda: _holding(store, 0 if stream.store else store.size, read, budget)


def _holding(store: Store, size: int, read: Callable[[Store, Budget], Entries], budget: Budget) -> Entries:
    """Read a container while its `size` bytes in memory are taken from the room for that."""
    budget.room -= size
    try:
        yield from read(store, budget)
    finally:
        budget.room += size


def _inside(
    path: str, stream: Stream, opened: _Opener | str, depth: int, budget: Budget, *, fallback: bool
) -> Iterator[Member | Skipped]:
    """Everything inside of an opened content; with `fallback` its own bytes where nothing inside could be read."""
    if not isinstance(opened, str) and depth > min(budget.limits.depth, _DEEPEST):
        opened = f"nested deeper than {budget.limits.depth}"
    if isinstance(opened, str):
        yield Skipped(path, opened)
        if fallback:
            yield from _pieces(path, stream, budget)
        return
    found = False
    for item in _guarded(opened()):
        inner = f"{path}!{item.name}" if item.name else path
        if isinstance(item, Note):
            yield Skipped(inner, item.reason)
            continue
        found = True
        budget.member()
        yield from _content(inner, item.stream, depth, budget)
        item.stream.drain()
        if item.stream.error:
            yield Skipped(inner, item.stream.error)
    if not found and fallback:
        yield from _pieces(path, stream, budget)


def _guarded(entries: Entries) -> Entries:
    """The same, with damage of the container as the last note."""
    try:
        yield from entries
    except Damaged as error:
        yield Note("", str(error))


def _content(path: str, stream: Stream, depth: int, budget: Budget) -> Iterator[Member | Skipped]:
    try:
        opened = _opened(path, stream, budget)
        if opened is None:
            yield from _pieces(path, stream, budget)
        else:
            yield from _inside(path, stream, opened, depth + 1, budget, fallback=True)
    finally:
        stream.release()


def _pieces(path: str, stream: Stream, budget: Budget) -> Iterator[Member]:
    offset = 0
    size = budget.limits.piece
    data = stream.exactly(size)
    while data:
        following = stream.exactly(size) if len(data) == size else b""
        yield Member(path, data, offset, not following)
        if following:
            budget.look()
        offset += len(data)
        data = following
