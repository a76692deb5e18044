"""Stretches written in base64 (standard or URL-safe, wrapped, padded or not) and in hexadecimal."""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Iterator

from auditor.detect.decoding.places import ByteOffsets, Pairs, Pieces, Quads, Whole
from auditor.detect.decoding.plain import Decoded, readable
from auditor.detect.decoding.stretch import Fresh, Room, Stretch, flags, lines, runs

_ALPHANUMERIC = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_STANDARD = _ALPHANUMERIC + b"+/"
_BASE64 = _STANDARD + b"-_"
_HEX = b"0123456789abcdefABCDEF"
#: Shortest stretches worth reading: 12 bytes of base64, 8 of hexadecimal. By chance, fewer are text too often.
BASE64_LEAST = 16
HEX_LEAST = 16
#: Letters read first, to see whether the rest is worth it.
_TRIAL = 64
#: First letters of groups of four where the content is ASCII text, in 16-bit units, too: bytes 0, 8-15 and 32-127.
_TEXT_HEADS = frozenset("ACDIJKLMNOPQRSTUVWXYZabcdef")
_URL_SAFE = str.maketrans("-_", "+/")
_STANDARD_PARTS = re.compile(r"[A-Za-z0-9+/]{16,}")
_PLAIN_PARTS = re.compile(r"[A-Za-z0-9]{16,}")
#: Runs longer than this are not searched for a shorter stretch between dashes or slashes.
_PARTS_LIMIT = 8192
#: Short values count only where padding and what stands beside them leave no doubt, as in Kubernetes secrets.
_SHORT = re.compile(r"(?:: {1,4}|\")([A-Za-z0-9+/]{6,15}={1,2})\Z")
_SHORT_ENDS = re.compile(r"=(?=[\r\n]|\"[\s,}\]]|\Z)(?<=[A-Za-z0-9+/=]=)")
_COMPRESSED = ((b"\x1f\x8b\x08", 31), (b"\x78\x01", 15), (b"\x78\x9c", 15), (b"\x78\xda", 15))
_MAGIC = (
    *(b"PK\x03\x04", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\xfe\xed\xfe\xed", b"SQLite format 3\0"),
    *(b"\x30\x82", b"\x30\x81", b"openssh-key-v1\0"),
)


def base64_stretches(text: str, room: Room, fresh: Fresh | None) -> Iterator[Stretch]:
    """Stretches of base64 whose content is text or a known binary format, in order."""
    marks, standard = flags(text, _BASE64), flags(text, _STANDARD)
    part = b"\1" * BASE64_LEAST
    past = 0
    for start, end in runs(marks, BASE64_LEAST):
        if start < past:
            continue
        if text[start] in "nrt" and text[start - 1 : start] == "\\":
            start += 1
        # Nearly every run is a name of a program: what rules those out decides the speed of all this.
        if not _may_be_text(text, start) and (standard.find(part, start, end) < 0 or text[start:end].isalnum()):
            continue
        for found in _base64_run(text, marks, start, end, room, fresh):
            past = max(past, found.end)
            yield found
    if "=" in text:
        yield from _short(text, room, fresh)


def hex_stretches(text: str, room: Room, fresh: Fresh | None) -> Iterator[Stretch]:
    """Stretches of hexadecimal digits whose content is text or a known binary format, in order."""
    marks = flags(text, _HEX)
    past = 0
    for start, end in runs(marks, HEX_LEAST):
        if start < past or (fresh and not fresh(start, end)):
            continue
        if not _promising(binascii.a2b_hex(text[start : min(end, start + _TRIAL)][: (end - start) // 2 * 2])):
            continue
        pieces, parts, last = lines(text, marks, start, end)
        letters = "".join(parts)
        granted = room.take(len(letters) // 2) * 2
        if found := _stretch("hex", start, last, binascii.a2b_hex(letters[:granted]), pieces, room):
            past = last
            yield found


def _base64_run(text: str, marks: bytes, start: int, end: int, room: Room, fresh: Fresh | None) -> Iterator[Stretch]:
    """The run as a whole, else the parts of it between letters that only one of the two alphabets has."""
    if _may_be_text(text, start) and (found := _base64(text, marks, start, end, room, fresh)):
        yield found
        return
    if end - start > _PARTS_LIMIT:
        return
    run = text[start:end]
    if "-" in run or "_" in run:
        pattern = _STANDARD_PARTS
    elif "/" in run or "+" in run:
        pattern = _PLAIN_PARTS
    else:
        return
    for part in pattern.finditer(text, start, end):
        first, last = part.span()
        if last - first == end - start or not _may_be_text(text, first):
            continue
        if found := _base64(text, marks, first, last, room, fresh):
            yield found


def _may_be_text(text: str, start: int) -> bool:
    """Whether 16 letters may begin text or a known format: told from single letters, since most runs are words."""
    first = text[start]
    if first in _HIGH_HEADS:
        return text[start + 1] in _HIGH_SECONDS
    if _TEXT_HEADS.issuperset(text[start : start + BASE64_LEAST : 4]):
        return True
    return first in _MAGIC_HEADS and text.startswith(_MAGIC_LETTERS, start)


def _base64(text: str, marks: bytes, start: int, end: int, room: Room, fresh: Fresh | None) -> Stretch | None:
    trial = text[start : min(end, start + _TRIAL)]
    if not _promising(_bytes(trial)):
        return None
    pieces, parts, last = lines(text, marks, start, end)
    letters = "".join(parts)
    last += 2 if text.startswith("==", last) else text.startswith("=", last)
    if fresh and not fresh(start, last):
        return None
    granted = (room.take(len(letters) * 3 // 4) * 4 + 2) // 3
    letters = letters[:granted]
    if ("-" in letters or "_" in letters) and ("+" in letters or "/" in letters):
        return None
    kind = "base64url" if "-" in letters or "_" in letters else "base64"
    return _stretch(kind, start, last, _bytes(letters), pieces, room)


def _bytes(letters: str) -> bytes:
    """Content of base64 letters of either alphabet; one letter too many is left out."""
    whole = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(whole.translate(_URL_SAFE) + "=" * (-len(whole) % 4))


def _promising(head: bytes) -> bool:
    """Whether the first bytes of a stretch look like the beginning of text or of a known format."""
    if head.startswith(_MAGIC) or head.startswith(_COMPRESSED_MAGIC):
        return True
    if readable(head):
        return True
    # The trial may end inside a character.
    return len(head) > 40 and any(readable(head[:-cut]) is not None for cut in (1, 2, 3))


_COMPRESSED_MAGIC = tuple(magic for magic, _ in _COMPRESSED)
#: The same as letters, as far as whole bytes make them; and the first two letters of text that begins beyond ASCII: of
#: a byte from 0xC0 on, and of one after it that continues UTF-8 or is the zero of a 16-bit unit.
_MAGIC_LETTERS = tuple(
    binascii.b2a_base64(magic, newline=False).decode().rstrip("=")[: len(magic) * 8 // 6]
    for magic in (*_MAGIC, *_COMPRESSED_MAGIC)
)
_MAGIC_HEADS = frozenset(letters[0] for letters in _MAGIC_LETTERS)
_HIGH_HEADS = frozenset("wxyz0123456789")
_HIGH_SECONDS = frozenset("IJKLYZabopqr4567AQgw")


def _stretch(kind: str, start: int, end: int, data: bytes, pieces: Pieces, room: Room) -> Stretch | None:
    for magic, window in _COMPRESSED:
        if data.startswith(magic) and (decoded := _inflated(data, window, room)):
            return Stretch("gzip", start, end, decoded.text, Whole(start, end))
    decoded = readable(data)
    binary = decoded is None
    if decoded is None:
        if not data.startswith(_MAGIC):
            return None
        text = data.decode("latin-1")
        decoded = Decoded(text, "latin-1", True, ByteOffsets(text, "latin-1"))
    place = (Pairs if kind == "hex" else Quads)(decoded.offsets, pieces)
    return Stretch(kind, start, end, decoded.text, place, binary)


def _inflated(data: bytes, window: int, room: Room) -> Decoded | None:
    """Content of a compressed stretch as far as there is room, None if it is no text."""
    stream = zlib.decompressobj(window)
    try:
        content = stream.decompress(data, max(room.left, 1))
    except zlib.error:
        return None
    if room.take(len(content) + (1 if stream.unconsumed_tail else 0)) < 1:
        return None
    return readable(content) if content else None


def _short(text: str, room: Room, fresh: Fresh | None) -> Iterator[Stretch]:
    """Padded values of 6 to 15 letters at the end of a line after a colon, or in double quotes."""
    for ending in _SHORT_ENDS.finditer(text):
        match = _SHORT.search(text, max(ending.end() - 22, 0), ending.end())
        if not match or (match.end() - match.start(1)) % 4 or (fresh and not fresh(*match.span(1))):
            continue
        start, end = match.span(1)
        if room.take(end - start) < end - start:
            return
        pieces = Pieces()
        letters = match[1].rstrip("=")
        pieces.add(len(letters), start, 1)
        if found := _stretch("base64", start, end, _bytes(letters), pieces, room):
            yield found
