"""Objects of a git repository: loose ones and packs, deltas resolved within bounds (gitformat-pack)."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import OrderedDict

from auditor.core.record import NamedTuple
from auditor.sources.archives.compressed import DECODERS, Expansion
from auditor.sources.archives.limits import Budget, Damaged
from auditor.sources.archives.stream import Entries, Entry, Note, Store, Stream, of_bytes

_LOOSE = re.compile(rb"(blob|tree|commit|tag) ([0-9]{1,19})\0")
_KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_CHAIN = 4096
#: Bytes of contents that are kept for later deltas, each with what the interpreter needs around it.
_CACHE, _AROUND = 32 << 20, 300
_OFFSET_DELTA, _NAMED_DELTA = 6, 7
_SHORT, _PIECE = 1 << 10, 1 << 16
_TOO_LARGE = "object too large to rebuild in memory"
#: Objects of one pack that are remembered by name, as the bases of later deltas.
_NAMES = 500_000


def is_loose(head: bytes) -> bool:
    """Whether compressed bytes begin with an object's header."""
    if head[:1] != b"\x78" or len(head) < 8 or int.from_bytes(head[:2], "big") % 31:
        return False
    try:
        return _LOOSE.match(zlib.decompressobj().decompress(head, 40)) is not None
    except zlib.error:
        return False


def loose(source: Stream, budget: Budget) -> Entries:
    """The object in a loose object file; trees hold only names and are left out."""
    content = Stream(Expansion(source, DECODERS["zlib"], budget, several=False).read)
    match = _LOOSE.match(content.peek(40))
    if match is None:
        yield Note("", content.error or "damaged")
        return
    content.exactly(match.end())
    if match[1] != b"tree":
        yield Entry(match[1].decode(), content)


class _Packed(NamedTuple):
    """An object as stored: type number, declared size, where a delta's base is, where its data begin."""

    kind: int
    size: int
    base: int | bytes | None
    start: int


class _Pack:
    """One pack: reads objects by offset, keeps what later deltas may need."""

    __slots__ = ("_budget", "_cache", "_held", "_store", "offsets")

    def __init__(self, store: Store, budget: Budget) -> None:
        self._store = store
        self._budget = budget
        # The first entry of a plain dict is the slower to be found the more were taken away before it.
        self._cache: OrderedDict[int, tuple[int, bytes]] = OrderedDict()
        self._held = 0
        self.offsets: dict[bytes, int] = {}

    def describe(self, at: int) -> _Packed:
        """Type, size and base of the object at an offset. Raises Damaged."""
        head = self._store.at(at, 64)
        if not head:
            raise Damaged("truncated")
        kind, size, used, shift = head[0] >> 4 & 7, head[0] & 15, 1, 4
        while head[used - 1] & 0x80:
            if used >= min(len(head), 12):
                raise Damaged("damaged")
            size |= (head[used] & 0x7F) << shift
            used, shift = used + 1, shift + 7
        base: int | bytes | None = None
        if kind == _NAMED_DELTA:
            base, used = head[used : used + 20], used + 20
        elif kind == _OFFSET_DELTA:
            distance, used = _distance(head, used)
            base = at - distance
        elif kind not in _KINDS:
            raise Damaged("damaged")
        return _Packed(kind, size, base, at + used)

    def is_long(self, packed: _Packed) -> bool:
        """Whether the stored bytes of an object are too many to be kept in memory."""
        return packed.size > self._budget.limits.held

    def content(self, packed: _Packed) -> Stream:
        """The content of an object that is no delta."""
        return Stream(self._expansion(packed).read)

    def passed(self, packed: _Packed) -> tuple[bytes, int]:
        """Id of a long object and the offset after it; of a delta, an id that means nothing. Raises Damaged."""
        expansion = self._expansion(packed)
        stream = Stream(expansion.read)
        sha = hashlib.sha1(f"{_KINDS.get(packed.kind, '')} {packed.size}\0".encode(), usedforsecurity=False)
        size = 0
        while data := stream.read(_PIECE):
            sha.update(data)
            size += len(data)
        if stream.error or size != packed.size:
            raise Damaged(stream.error or "damaged")
        return sha.digest(), packed.start + expansion.used

    def remember(self, digest: bytes, at: int) -> None:
        """Note the offset of an object, as long as there is room."""
        if len(self.offsets) < _NAMES:
            self.offsets[digest] = at

    def inflate(self, packed: _Packed) -> tuple[bytes, int]:
        """An object's stored bytes (content or delta) and the offset after them. Raises Damaged."""
        if self.is_long(packed):
            raise Damaged(_TOO_LARGE)
        expansion = self._expansion(packed)
        stream = Stream(expansion.read)
        data = stream.exactly(packed.size + 1)
        if stream.error or len(data) != packed.size:
            raise Damaged(stream.error or "damaged")
        return data, packed.start + expansion.used

    def _expansion(self, packed: _Packed) -> Expansion:
        self._budget.step()
        # Most objects are short, and what is read of the next ones is read again.
        piece = min(max(packed.size, _SHORT), _PIECE)
        source = self._store.stream(packed.start)
        return Expansion(source, DECODERS["zlib"], self._budget, several=False, piece=piece)

    def rebuild(self, at: int, packed: _Packed, data: bytes) -> tuple[int, bytes]:
        """Type number and content of the object at an offset, its deltas applied. Raises Damaged."""
        deltas: list[bytes] = []
        first, held = at, 0
        while packed.base is not None:
            deltas.append(data)
            held += len(data)
            if held > self._budget.limits.held:
                raise Damaged(_TOO_LARGE)
            base = packed.base if isinstance(packed.base, int) else self.offsets.get(packed.base, -1)
            if base < 0 and len(self.offsets) >= _NAMES:
                raise Damaged(f"more than {_NAMES:,} objects in a pack: the base of a delta was not kept")
            if base < 12 or base == at or len(deltas) > _CHAIN:
                raise Damaged("the base of a delta is missing")
            if kept := self._cache.get(base):
                kind, content = kept
                break
            at = base
            packed = self.describe(base)
            data, _ = self.inflate(packed)
        else:
            kind, content = packed.kind, data
        for delta in reversed(deltas):
            content = _applied(content, delta, self._budget)
        self._keep(first, kind, content)
        return kind, content

    def _keep(self, at: int, kind: int, content: bytes) -> None:
        if len(content) > _CACHE // 4:
            return
        self._cache[at] = (kind, content)
        self._held += len(content) + _AROUND
        while self._held > _CACHE:
            _, (_, oldest) = self._cache.popitem(last=False)
            self._held -= len(oldest) + _AROUND


def _distance(head: bytes, at: int) -> tuple[int, int]:
    """Bytes back to a delta's base, and the offset after that number."""
    value = -1
    while True:
        if at >= min(len(head), 24):
            raise Damaged("damaged")
        value = (value + 1) << 7 | head[at] & 0x7F
        at += 1
        if not head[at - 1] & 0x80:
            return value, at


def _applied(base: bytes, delta: bytes, budget: Budget) -> bytes:
    """What a delta makes of its base. Raises Damaged, Exhausted."""
    source, at = _length(delta, 0)
    size, at = _length(delta, at)
    if source != len(base) or size > budget.limits.held:
        raise Damaged("damaged delta")
    budget.charge(size)
    out = bytearray()
    while at < len(delta):
        budget.step()
        code = delta[at]
        at += 1
        if code & 0x80:
            numbers = [0] * 7
            for bit in range(7):
                if code >> bit & 1:
                    numbers[bit] = delta[at] if at < len(delta) else 0
                    at += 1
            offset = int.from_bytes(bytes(numbers[:4]), "little")
            count = int.from_bytes(bytes(numbers[4:]), "little") or 0x10000
            out += base[offset : offset + count]
        elif code:
            out += delta[at : at + code]
            at += code
        else:
            raise Damaged("damaged delta")
        if len(out) > size:
            raise Damaged("damaged delta")
    if len(out) != size:
        raise Damaged("damaged delta")
    return bytes(out)


def _length(delta: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(delta) and shift < 63:
        value |= (delta[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not delta[at - 1] & 0x80:
            return value, at
    raise Damaged("damaged delta")


def pack(store: Store, budget: Budget) -> Entries:
    """Commits, tags and blobs of a pack, named by their ids; a delta whose base comes later is tried at the end."""
    count = int.from_bytes(store.at(8, 4), "big")
    reader = _Pack(store, budget)
    at = 12
    late: list[int] = []
    for _ in range(count):
        data = digest = b""
        try:
            packed = reader.describe(at)
            if reader.is_long(packed):
                digest, following = reader.passed(packed)
            else:
                data, following = reader.inflate(packed)
        except Damaged as error:
            yield Note(f"@{at}", f"{error}; later objects are not read")
            break
        if digest:
            yield from _long(reader, at, packed, digest)
        elif isinstance(packed.base, bytes) and packed.base not in reader.offsets:
            late.append(at)
        else:
            yield from _object(reader, at, packed, data)
        at = following
    for at in late:
        packed = reader.describe(at)
        yield from _object(reader, at, packed, reader.inflate(packed)[0])


def _long(reader: _Pack, at: int, packed: _Packed, digest: bytes) -> Entries:
    """An object that is not kept in memory: read once more from its place. A delta would have to be kept."""
    if packed.base is not None:
        yield Note(f"@{at}", _TOO_LARGE)
        return
    reader.remember(digest, at)
    name = _KINDS[packed.kind]
    if name != "tree":
        yield Entry(f"{name}/{digest.hex()}", reader.content(packed))


def _object(reader: _Pack, at: int, packed: _Packed, data: bytes) -> Entries:
    try:
        kind, content = reader.rebuild(at, packed, data)
    except Damaged as error:
        yield Note(f"@{at}", str(error))
        return
    name = _KINDS[kind]
    digest = hashlib.sha1(f"{name} {len(content)}\0".encode() + content, usedforsecurity=False)
    reader.remember(digest.digest(), at)
    if name != "tree":
        yield Entry(f"{name}/{digest.hexdigest()}", of_bytes(content))
