"""Single compressed streams: gzip, bzip2, xz, lzma, zstd and zlib, members and frames one after another."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator

from auditor.sources.archives import zstandard
from auditor.sources.archives.limits import Budget, Damaged
from auditor.sources.archives.stream import Entry, Note, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Decoder(Protocol):
        """What the standard library's bz2, lzma and zstd decoders share."""

        @property
        def needs_input(self) -> bool:
            """Whether the next call needs more compressed bytes."""

        @property
        def eof(self) -> bool:
            """Whether the end of the member or frame is reached."""

        @property
        def unused_data(self) -> bytes:
            """Bytes after the end."""

        def decompress(self, data: bytes, max_length: int) -> bytes:
            """Decode, giving at most `max_length` bytes."""


_INPUT = 1 << 16
_LZMA_MEMORY = 128 << 20
_SUFFIXES = (".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".lzma", ".zst", ".tzst", ".svgz")


class Deflate:
    """zlib's decoder with the interface of the others; `window` as in `zlib.decompressobj`.

    What comes before damage or a wrong checksum is given before the error is raised; zlib itself drops it.
    """

    __slots__ = ("_failed", "_stream", "_tail", "eof", "needs_input", "unused_data")

    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)
        self._failed: zlib.error | None = None
        self._tail = b""
        self.needs_input = True
        self.eof = False
        self.unused_data = b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Decode, giving at most `max_length` bytes. Raises zlib.error."""
        if self._failed:
            raise self._failed
        data = self._tail + data
        spare = self._stream.copy()
        try:
            out = self._stream.decompress(data, max_length)
        except zlib.error as error:
            self._failed = error
            self.needs_input = False
            if out := _salvaged(spare, data, max_length):
                return out
            raise
        self._tail = self._stream.unconsumed_tail
        self.eof = self._stream.eof
        self.unused_data = self._stream.unused_data
        self.needs_input = not self._tail and len(out) < max_length
        return out


def _salvaged(stream: zlib._Decompress, data: bytes, max_length: int) -> bytes:
    """What a decoder gives before the byte it fails at, found by halving."""
    out = b""
    at, size = 0, len(data)
    while size and len(out) < max_length and not stream.eof:
        spare = stream.copy()
        try:
            out += stream.decompress(data[at : at + size], max_length - len(out))
            at += size
        except zlib.error:
            stream = spare
            size //= 2
    return out


def _xz() -> Decoder:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY)


def _lzma() -> Decoder:
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_LZMA_MEMORY)


#: Format -> how to make a decoder; None where its library is missing.
DECODERS: dict[str, Callable[[], Decoder | None]] = {
    "gzip": lambda: Deflate(31),
    "zlib": lambda: Deflate(15),
    "deflate": lambda: Deflate(-15),
    "bzip2": bz2.BZ2Decompressor,
    "xz": _xz,
    "lzma": _lzma,
    "zstd": zstandard.decoder,
}


class Expansion:
    """Pulls decoded bytes out of a compressed stream.

    `used`: compressed bytes that belong to what was decoded so far (exact once the end is reached). With `several`,
    further members follow the first, and zeros may follow the last. `piece`: compressed bytes that are read at once.
    """

    __slots__ = ("_budget", "_decoder", "_given", "_make", "_piece", "_rest", "_several", "_source", "_taken")

    def __init__(
        self,
        source: Stream,
        make: Callable[[], Decoder | None],
        budget: Budget,
        *,
        several: bool = True,
        piece: int = _INPUT,
    ) -> None:
        self._source = source
        self._make = make
        self._budget = budget
        self._several = several
        self._piece = piece
        self._decoder = make()
        self._rest = b""
        self._taken = 0
        self._given = 0

    @property
    def used(self) -> int:
        """Compressed bytes used."""
        return self._taken - len(self._rest)

    def read(self, size: int) -> bytes:
        """As `Stream.read`. Raises Damaged, Exhausted."""
        while (decoder := self._decoder) is not None:
            if decoder.eof and not self._next(decoder):
                return b""
            out = self._decode(size)
            if out:
                return out
        raise Damaged("no library for this compression is installed")

    def _next(self, decoder: Decoder) -> bool:
        """Begin the next member, if one follows."""
        self._rest = decoder.unused_data
        if not self._several:
            return False
        self._budget.step()
        self._rest = self._rest.lstrip(b"\0") or self._input().lstrip(b"\0")
        if not self._rest:
            return False
        self._decoder = self._make()
        return True

    def _input(self) -> bytes:
        data = self._source.read(self._piece)
        self._taken += len(data)
        return data

    def _decode(self, size: int) -> bytes:
        decoder = self._decoder
        if decoder is None:
            return b""
        data, self._rest = self._rest, b""
        if not data and decoder.needs_input:
            data = self._input()
            if not data:
                raise Damaged(self._source.error or "truncated")
        try:
            out = decoder.decompress(data, size)
        except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError, MemoryError) as error:
            raise Damaged(_reason(error)) from None
        except Exception as error:  # zstd has an error class of its own in each library
            if type(error).__name__ != "ZstdError":
                raise
            raise Damaged("damaged") from None
        if decoder.eof:
            self._rest = decoder.unused_data
        self._given += len(out)
        self._budget.charge(len(out))
        limits = self._budget.limits
        if self._given > limits.ratio_from and self._given > limits.ratio * max(self._taken, 1):
            raise Damaged(f"compressed more than {limits.ratio:,} to 1")
        return out


def _reason(error: Exception) -> str:
    message = str(error).lower()
    if "check" in message or "crc" in message:
        return "checksum differs"
    return "needs too much memory" if "memory" in message else "damaged"


def expand(source: Stream, form: str, name: str, budget: Budget) -> Iterator[Entry | Note]:
    """The content of a compressed stream, named after it without the suffix."""
    make = DECODERS[form]
    if make() is None:
        yield Note("", f"no library for {form} is installed")
        return
    yield Entry(_inner(name), Stream(Expansion(source, make, budget).read))


def _inner(name: str) -> str:
    base = name.rpartition("!")[2].rpartition("/")[2]
    stem, dot, suffix = base.rpartition(".")
    if not stem or f".{suffix.lower()}" not in _SUFFIXES:
        return "content"
    return stem + (".tar" if suffix.lower().startswith("t") and dot else "")
