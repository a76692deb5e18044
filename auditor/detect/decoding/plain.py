"""Bytes to text: which encoding, whether it is text at all, and the byte behind every character."""

from __future__ import annotations

import codecs

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.detect.decoding.places import ByteOffsets

_SAMPLE = 8192
_PRINTABLE = bytes([9, 10, 12, 13, *range(0x20, 0x7F)])
_CONTROLS = bytes(byte for byte in range(0x20) if byte not in b"\t\n\f\r\x08\x1b")
_NOT_CONTROLS = bytes(byte for byte in range(256) if byte not in _CONTROLS)
_EVERY_BYTE_BUT_HIGH = bytes(range(0x80))
_LONE = Pattern("[\ud800-\udfff]")
#: Below this many bytes nothing may be unprintable.
_SHORT = 64
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Decoded(NamedTuple):
    """Text of a file: a byte order mark stays as its first character.

    `encoding` is utf-8, utf-16-le, utf-16-be, utf-32-le, utf-32-be or latin-1. `binary`: this is no text, and was read
    as Latin-1 so that offsets are those of the bytes. `offsets.offset(i)` is the byte where character `i` begins.
    """

    text: str
    encoding: str
    binary: bool
    offsets: ByteOffsets


def decode(data: bytes) -> Decoded:
    """Read bytes as text, whatever they are: invalid UTF-8 becomes surrogates, or Latin-1 where nothing is UTF-8.

    Half a UTF-16 or UTF-32 unit at the end is left out, half a UTF-16 pair becomes U+FFFD. Linear, never raises.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark) and (decoded := _marked(data, encoding)):
            return decoded
    head = data[:_SAMPLE]
    if b"\0" in head and (wide := wide_encoding(head)):
        return _wide(data, wide, False)
    if len(head.translate(None, _NOT_CONTROLS)) * 50 > len(head):
        return _latin(data, True)
    return _narrow(data)


def readable(data: bytes) -> Decoded | None:
    """Text if bytes that somebody decoded are nearly all printable, else None. Cheap for what is not."""
    bad = len(data.translate(None, _PRINTABLE))
    if not bad:
        text = data.decode("ascii")
        return Decoded(text, "utf-8", False, ByteOffsets(text, "utf-8"))
    if bad * 5 >= len(data) * 2 and (b"\0" in data or data.startswith((b"\xff\xfe", b"\xfe\xff"))):
        return _readable_wide(data)
    if b"\0" in data or data[0] in range(0x80, 0xC2):
        return None
    if not data.translate(None, _NOT_CONTROLS):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        if text and text.translate(_SPACES).isprintable():
            return Decoded(text, "utf-8", False, ByteOffsets(text, "utf-8"))
    return _narrow(data) if len(data) >= _SHORT and bad * 10 <= len(data) else None


_SPACES = {9: " ", 10: " ", 12: " ", 13: " ", 0xFEFF: " ", 0xA0: " ", 0xAD: " "}


def wide_encoding(data: bytes) -> str:
    """`utf-16-le` or `utf-16-be` if every other byte is nearly always zero and the rest is text, else ""."""
    even, odd = data[0::2], data[1::2]
    if len(odd) < 3:
        return ""
    for high, low, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if high.count(0) * 10 >= len(high) * 7 and low.count(0) * 20 <= len(low):
            bad = len(low.translate(None, _PRINTABLE))
            return encoding if bad * 4 <= len(low) else ""
    return ""


def _readable_wide(data: bytes) -> Decoded | None:
    encoding = wide_encoding(data)
    if data.startswith(codecs.BOM_UTF16_LE):
        encoding = "utf-16-le"
    elif data.startswith(codecs.BOM_UTF16_BE):
        encoding = "utf-16-be"
    if not encoding:
        return None
    decoded = _wide(data, encoding, False)
    plain = decoded.text.translate(_SPACES)
    return decoded if plain and plain.isprintable() else None


def _marked(data: bytes, encoding: str) -> Decoded | None:
    """Text after its byte order mark; None if the rest is not in that encoding at all."""
    if encoding == "utf-8":
        return _utf8(data)
    if not encoding.startswith("utf-32"):
        return _wide(data, encoding, False)
    try:
        text = data[: len(data) // 4 * 4].decode(encoding)
    except UnicodeDecodeError:
        return None
    return Decoded(text, encoding, False, ByteOffsets(text, encoding))


def _wide(data: bytes, encoding: str, binary: bool) -> Decoded:
    """UTF-16; a surrogate without a partner becomes U+FFFD, which is as wide: reports could not write it."""
    data = data[: len(data) // 2 * 2]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = _LONE.sub("\ufffd", data.decode(encoding, "surrogatepass"))
    return Decoded(text, encoding, binary, ByteOffsets(text, encoding))


def _utf8(data: bytes) -> Decoded:
    text = data.decode("utf-8", "surrogateescape")
    return Decoded(text, "utf-8", False, ByteOffsets(text, "utf-8", "surrogateescape"))


def _latin(data: bytes, binary: bool) -> Decoded:
    text = data.decode("latin-1")
    return Decoded(text, "latin-1", binary, ByteOffsets(text, "latin-1"))


def _narrow(data: bytes) -> Decoded:
    """UTF-8 if at least half of the bytes beyond ASCII are, else Latin-1."""
    decoded = _utf8(data)
    high = len(data.translate(None, _EVERY_BYTE_BUT_HIGH))
    if high:
        valid = len(decoded.text.encode("utf-8", "ignore").translate(None, _EVERY_BYTE_BUT_HIGH))
        if valid * 2 < high:
            return _latin(data, False)
    return decoded
