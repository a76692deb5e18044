"""The uncompressed tar of a layer, whatever it is stored as; told by its first bytes, since media types lie.

Members of gzip (estargz has thousands) and frames of zstd follow one another. Digests are computed on the way.
"""

from __future__ import annotations

import hashlib
import lzma
import zlib
from bz2 import BZ2Decompressor

from auditor.core.record import TYPE_CHECKING
from auditor.sources.archives import zstandard
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO, Protocol

    class _Digest(Protocol):
        def update(self, data: memoryview, /) -> None: ...

        def hexdigest(self) -> str: ...

        @property
        def name(self) -> str: ...

    class _Decoder(Protocol):
        @property
        def eof(self) -> bool: ...

        @property
        def unused_data(self) -> bytes: ...

        def decompress(self, data: bytes, max_length: int) -> bytes: ...


#: Compressed bytes read and uncompressed bytes made at a time.
_INPUT = 1 << 18
_OUTPUT = 1 << 20
#: Libraries keep what they have made of the piece in which they meet damage: so the first pieces are small.
_FIRST, _SHARE = 512, 8
_HEAD = 8
_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
)
#: A skippable frame, with which seekable zstd begins (RFC 8878, 3.1.2).
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
_ALGORITHMS = ("sha256", "sha384", "sha512")
_LZMA_MEMORY = 128 << 20
#: Bytes that one compressed byte may give, once this many have come: no layer of files is packed that well.
_RATIO, _RATIO_FROM = 2000, 1 << 30


class LayerStream:
    """Reads the uncompressed tar of one layer. `close` also closes the stored stream.

    `form` is gzip, zstd, xz, bzip2 or "" (not compressed); `stored` and `size` count the bytes read and given so far.
    Once the end is reached `stored_digest` and `diff_id` are those of everything ("sha256:..."), before that "". They
    have the algorithms of the pair `like` (diff_id, digest).
    `problem` says why it ended early, else "".
    """

    def __init__(self, stored: BinaryIO, *, verify: bool = True, like: tuple[str, str] = ("", "")) -> None:
        self._file = stored
        self._verify = verify
        self._inner, self._outer = map(_hasher, like)
        self._ended = False
        self.stored = 0
        self.size = 0
        self.problem = ""
        self._pending = b""
        self._held = memoryview(b"")
        self._decoder: _Decoder | None = None
        self._begin()

    def _begin(self) -> None:
        """Look at the first bytes: what is it stored as?"""
        head = b""
        while len(head) < _HEAD and (more := self._take(_FIRST)):
            head += more
        self.form = _form(head)
        self._pending = head
        if not self.form:
            self._outer = _hasher(self._outer.name)  # the head will come once more
        else:
            self._decoder = _decoder(self.form)
            if self._decoder is None:
                self._fail(f"{self.form}: no library for this compression is installed")

    @property
    def diff_id(self) -> str:
        """Digest of the uncompressed bytes."""
        if not self._ended or not self._verify or self.problem:
            return ""
        return f"{self._inner.name}:{self._inner.hexdigest()}"

    @property
    def stored_digest(self) -> str:
        """Digest of the stored bytes."""
        if not self._ended or not self._verify or self.problem:
            return ""
        told = self._inner if self._is_same else self._outer
        return f"{told.name}:{told.hexdigest()}"

    @property
    def _is_same(self) -> bool:
        """Whether one digest is both."""
        return not self.form and self._outer.name == self._inner.name

    @property
    def in_place(self) -> bool:
        """Whether the tar can be read at any place of the stored bytes."""
        return not self.form and self._file.seekable()

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer as far as there is anything; 0 at the end, also where reading fails (see `problem`)."""
        count = 0
        while count < len(buffer) and not self._ended:
            got = self._inflated(buffer[count:]) if self.form else self._plain(buffer[count:])
            if not got:
                self._ended = True
            count += got
        if count and self._verify:
            self._inner.update(buffer[:count])
            if not self.form and not self._is_same:
                self._outer.update(buffer[:count])
        self.size += count
        return count

    def close(self) -> None:
        """Close the stored stream."""
        self._file.close()

    def _plain(self, buffer: memoryview) -> int:
        if self._pending:
            count = min(len(self._pending), len(buffer))
            buffer[:count] = self._pending[:count]
            self._pending = self._pending[count:]
            return count
        try:
            count = self._file.readinto(buffer)  # type: ignore[attr-defined]
        except (SourceError, OSError, ValueError) as error:
            self._fail(_reason(error))
            return 0
        self.stored += count
        return int(count)

    def _inflated(self, buffer: memoryview) -> int:
        while not self._held:
            data = self._more()
            if not data:
                return 0
            self._held = memoryview(data)
        count = min(len(self._held), len(buffer))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def _more(self) -> bytes:
        """The next uncompressed bytes; none at the end."""
        while self._decoder is not None:
            if self._decoder.eof:
                if not self._next_member(self._decoder):
                    self._decoder = None
                continue
            hungry = getattr(self._decoder, "needs_input", True)
            size = min(max(self.stored // _SHARE, _FIRST), _INPUT)
            data, self._pending = self._pending or (self._take(size) if hungry else b""), b""
            try:
                out = self._decoder.decompress(data, _OUTPUT)
                # Of what zlib's kind does not use yet it keeps nothing; the others keep it.
                self._pending = getattr(self._decoder, "unconsumed_tail", b"")
                ended = self._decoder.eof
            except Exception as error:  # every library has error classes of its own
                self._fail(f"damaged {self.form} data ({type(error).__name__})")
                return b""
            if hungry and not (data or out or ended):
                self._fail("truncated")
                return b""
            if self.size + len(out) > _RATIO_FROM and self.size > self.stored * _RATIO:
                self._fail(f"decompresses more than {_RATIO:,} to 1; the rest is not read")
                return b""
            if out:
                return out
        return b""

    def _next_member(self, done: _Decoder) -> bool:
        """Begin the next member or frame, if one follows. Zeros and anything else behind the last one are no part."""
        rest = done.unused_data or self._pending or self._take(_INPUT)
        while len(rest) < _HEAD and (more := self._take(_INPUT)):
            rest += more
        self._pending = rest
        if _form(rest) != self.form:
            while self._take(_INPUT):
                pass
            return False
        self._decoder = _decoder(self.form)
        return True

    def _take(self, size: int) -> bytes:
        try:
            data = self._file.read(size)
        except (SourceError, OSError, ValueError) as error:
            self._fail(_reason(error))
            return b""
        self.stored += len(data)
        if self._verify:
            self._outer.update(memoryview(data))
        return data

    def _fail(self, reason: str) -> None:
        self.problem = self.problem or reason
        self._decoder = None


def _hasher(like: str) -> _Digest:
    """What computes a digest of the same algorithm; SHA-256 where none is stated."""
    name = like.partition(":")[0]
    return hashlib.new(name if name in _ALGORITHMS else _ALGORITHMS[0], usedforsecurity=False)


def _form(head: bytes) -> str:
    for magic, form in _MAGIC:
        if head.startswith(magic):
            return form
    return "zstd" if len(head) >= 4 and int.from_bytes(head[:4], "little") in _SKIPPABLE else ""


def _decoder(form: str) -> _Decoder | None:
    if form == "zstd":
        return zstandard.decoder()
    if form == "xz":
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY)
    return BZ2Decompressor() if form == "bzip2" else _gzip()


def _gzip() -> _Decoder:
    """The fastest there is: ISA-L gives 600 MB/s, zlib-ng 550, zlib 290 (`bench/image.py`)."""
    make: Callable[[int], _Decoder]
    try:
        from isal import isal_zlib  # start-up: compressed layers only; a library that not every platform has

        make = isal_zlib.decompressobj
    except ImportError:
        try:
            # start-up: as above
            from zlib_ng import zlib_ng  # type: ignore[import-not-found,unused-ignore]

            make = zlib_ng.decompressobj
        except ImportError:
            make = zlib.decompressobj
    return make(31)


def _reason(error: Exception) -> str:
    if isinstance(error, SourceError):
        return str(error)
    return (error.strerror or "cannot be read") if isinstance(error, OSError) else "cannot be read"
