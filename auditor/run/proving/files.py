"""The files of a layer as a comparison sees them: kind, content, mode, owner, link, attributes; not the time.

Read from the tar in one pass; a content is there only while its digest is computed.
"""

from __future__ import annotations

from hashlib import sha256

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.proving.shapes import ProofError
from auditor.sources.images.tarheaders import LONGEST_NAME, Extended, header_of, map_size, normal, pax, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.sources.images.inflate import LayerStream
    from auditor.sources.images.tarheaders import Header

FILE, HARD_LINK, SYMBOLIC_LINK, FOLDER = "0", "1", "2", "5"
#: Files of one image, and bytes of an extended header.
MOST = 1_000_000
_LONGEST_EXTENDED = 1 << 20
_UNIT, _BLOCK = 512, 1 << 20
_WITHOUT_CONTENT = b"123456"
_OWNERS = (b"uid", b"gid")


class File(NamedTuple):
    """One member of a layer: `kind` is the letter of its header, `content` the SHA-256 of a regular file's, `mode` the
    permission bits, `link` where a link leads (of a hard link: the path from the root), `device` (major, minor)."""

    kind: str
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    content: str = ""
    link: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[str, bytes], ...] = ()


def files_of(stream: LayerStream) -> list[tuple[str, File]]:
    """All members with their paths, in order, whiteouts among them. Raises ProofError for what is no whole tar."""
    found: list[tuple[str, File]] = []
    for path, file in _members(_Tape(stream)):
        if len(found) >= MOST:
            raise ProofError(f"a layer has more than {MOST:,} files: they are not compared")
        found.append((path, file))
    # Only a stream that was read to its end knows whether its digest fits.
    scratch = memoryview(bytearray(_BLOCK))
    while stream.readinto(scratch):
        pass
    if stream.problem:
        raise ProofError(f"a layer cannot be read whole: {stream.problem}")
    return found


class _Tape:
    """Bytes in order, all of them or a ProofError."""

    def __init__(self, stream: LayerStream) -> None:
        self._stream = stream
        self._buffer = memoryview(bytearray(_BLOCK))

    def head(self) -> bytes:
        """The next unit; b"" at the end of the stream."""
        unit = self._buffer[:_UNIT]
        count = self._stream.readinto(unit)
        if count and count < _UNIT:
            raise ProofError(f"a layer ends in the middle of a header {self._stream.problem}".rstrip())
        return bytes(unit[:count])

    def pieces(self, size: int) -> Iterator[memoryview]:
        """The next bytes, piece by piece."""
        while size:
            piece = self._buffer[: min(size, _BLOCK)]
            count = self._stream.readinto(piece)
            if count < len(piece):
                raise ProofError(f"a layer ends in the middle of a file {self._stream.problem}".rstrip())
            yield piece
            size -= count

    def take(self, size: int) -> bytes:
        """The next bytes in one."""
        return b"".join(bytes(piece) for piece in self.pieces(size))


def _members(tape: _Tape) -> Iterator[tuple[str, File]]:
    told = Extended()
    owners: dict[bytes, int] = {}
    while (head := tape.head()) and head.strip(b"\0"):
        header = header_of(head)
        if header is None:
            raise ProofError("a layer has no tar header where one should be")
        if header.kind in b"xgLK":
            told, owners = _extended(header, tape, told, owners)
            continue
        size = header.size if told.size is None else told.size
        if header.kind in _WITHOUT_CONTENT:
            size = 0
        if header.mapped:
            _skip_map(tape)
        digest = sha256()
        for piece in tape.pieces(size):
            digest.update(piece)
        for _ in tape.pieces(-size % _UNIT):
            pass
        path = normal(header.path if told.path is None else told.path)
        yield path, _file(header, head, told, owners, size, digest.hexdigest())
        told, owners = Extended(), {}


def _file(header: Header, head: bytes, told: Extended, owners: dict[bytes, int], size: int, digest: str) -> File:
    kind = str(header.kind, "latin-1")
    link = header.link if told.link is None else told.link
    regular = kind not in "123456"
    return File(
        kind=FILE if kind == "S" else kind,
        # The mode of a symbolic link means nothing.
        mode=0 if kind == SYMBOLIC_LINK else _number(head[100:108]) & 0o7777,
        uid=owners.get(b"uid", _number(head[108:116])),
        gid=owners.get(b"gid", _number(head[116:124])),
        size=size,
        content=digest if regular else "",
        link=normal(link) if kind == HARD_LINK else link if kind == SYMBOLIC_LINK else "",
        device=(_number(head[329:337]), _number(head[337:345])) if kind in "34" else (0, 0),
        xattrs=tuple(sorted(told.xattrs)),
    )


def _extended(
    header: Header, tape: _Tape, told: Extended, owners: dict[bytes, int]
) -> tuple[Extended, dict[bytes, int]]:
    """What an extended header says of the member after it."""
    if header.size > _LONGEST_EXTENDED:
        raise ProofError("a layer has an extended header that is too long to be read")
    record = tape.take(header.size + -header.size % _UNIT)[: header.size]
    if header.kind in b"LK":
        name = text(record.partition(b"\0")[0][:LONGEST_NAME])
        return (told._replace(path=name) if header.kind == b"L" else told._replace(link=name)), owners
    for key in _OWNERS:
        at = record.rfind(b" " + key + b"=")
        value = record[at + len(key) + 2 : record.find(b"\n", at)]
        if at >= 0 and value.isdigit() and len(value) < 20:
            owners = {**owners, key: int(value)}
    return pax(record, told), owners


def _skip_map(tape: _Tape) -> None:
    """Read over the blocks of a sparse file's map."""
    while map_size(memoryview(tape.take(_UNIT))) > _UNIT:
        pass


def _number(field: bytes) -> int:
    """Octal digits, or base 256 where the first bit is set (GNU); 0 for anything else."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    return int(digits, 8) if digits and not digits.strip(b"01234567") else 0
