"""Zstandard through whichever library there is: the standard library's (3.14), `backports.zstd` or `zstandard`."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditor.sources.archives.compressed import Decoder

_NAMES = ("compression.zstd", "backports.zstd")
#: Window of 128 MiB, the most that the format's manual asks a decoder to allow.
_WINDOW_LOG = 27


def decoder() -> Decoder | None:
    """A decoder for one frame; None where no library is installed."""
    for name in _NAMES:
        try:
            module = import_module(name)  # optional
        except ImportError:
            continue
        made: Decoder = module.ZstdDecompressor(options={module.DecompressionParameter.window_log_max: _WINDOW_LOG})
        return made
    try:
        return _Blocks(import_module("zstandard"))  # optional
    except ImportError:
        return None


class _Blocks:
    """The decoder interface over `zstandard`, whose own gives whatever one input makes: inputs are kept tiny."""

    __slots__ = ("_feed", "_made", "_object", "_pending", "eof", "needs_input", "unused_data")

    def __init__(self, module: object) -> None:
        factory = module.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG)  # type: ignore[attr-defined]
        self._object = factory.decompressobj()
        self._pending = b""
        self._made = b""
        self._feed = 64
        self.eof = False
        self.needs_input = True
        self.unused_data = b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Decode; the output of 64 bytes of input may wait inside (at most 128 KiB for every three)."""
        self._pending += data
        while not self._made and self._pending and not self.eof:
            some, self._pending = self._pending[: self._feed], self._pending[self._feed :]
            try:
                self._made = self._object.decompress(some)
            except Exception:  # the library's own error class is not known here
                raise ValueError("damaged zstd data") from None
            if self._object.eof:
                self.unused_data, self._pending = self._object.unused_data + self._pending, b""
                break
        out, self._made = self._made[:max_length], self._made[max_length:]
        self.eof = bool(self._object.eof) and not self._made
        self.needs_input = not self._made and not self._pending
        return out
