"""Key stores and keys in binary, in text that holds one character for each byte (latin-1).

Formats: PKCS#12 (RFC 7292), the JKS and JCEKS streams of the JDK, BCFKS of Bouncy Castle, DER (RFC 5958, RFC 8017).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.record import NamedTuple
from auditor.detect.structures.candidate import Candidate, Source
from auditor.detect.verify import keys

#: Characters that are looked at and reported; longer stores are told by their beginning.
LONGEST = 65536
_MOST_ENTRIES = 1000
_JKS, _JCEKS = b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"
_PRIVATE_ENTRY, _CERTIFICATE_ENTRY, _SECRET_ENTRY = 1, 2, 3
#: Object identifiers in DER: pkcs7-data, the two bags of PKCS#12 that hold a private key, PBES2.
_PKCS7_DATA = bytes.fromhex("06092a864886f70d010701")
_KEY_BAGS = (bytes.fromhex("060b2a864886f70d010c0a0101"), bytes.fromhex("060b2a864886f70d010c0a0102"))
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_VERSION_3 = b"\x02\x01\x03\x30"
_SEQUENCE = 0x30


class _Element(NamedTuple):
    """Where the content of a DER element begins and where it ends."""

    start: int
    end: int


def might_be(text: str) -> bool:
    """Whether the first characters are those of a key store or of a DER sequence with a long length."""
    return text[:2] in ("\xfe\xed", "\xce\xce", "0\x82", "0\x81", "0\x80", "0\x83") or (
        text[:1] == "0" and text[2:3] == "\x02"
    )


def find(source: Source) -> Iterator[Candidate]:
    """The key store or key that the whole text is."""
    try:
        data = source.text[:LONGEST].encode("latin-1")
    except UnicodeEncodeError:
        return
    whole = len(source.text) <= LONGEST
    if data.startswith((_JKS, _JCEKS)):
        if _holds_key(data):
            yield Candidate("key-store", "Java key store with a private key", 0, len(data), "", "key")
    elif data[:1] == b"0":
        yield from _der(data, whole)


def _holds_key(data: bytes) -> bool:
    """Whether a JKS or JCEKS stream has an entry that is no certificate (a trust store has only those)."""
    count = int.from_bytes(data[8:12], "big")
    if int.from_bytes(data[4:8], "big") not in (1, 2) or not count:
        return False
    at = 12
    for _ in range(min(count, _MOST_ENTRIES)):
        tag = int.from_bytes(data[at : at + 4], "big")
        if tag in (_PRIVATE_ENTRY, _SECRET_ENTRY):
            return len(data) > at + 20
        if tag != _CERTIFICATE_ENTRY:
            return False
        at += 4
        at += 2 + int.from_bytes(data[at : at + 2], "big") + 8  # alias, date
        at += 2 + int.from_bytes(data[at : at + 2], "big")  # type of the certificate
        at += 4 + int.from_bytes(data[at : at + 4], "big")
        if at + 4 > len(data):
            return False
    return False


def _der(data: bytes, whole: bool) -> Iterator[Candidate]:
    outer = _element(data, 0)
    if outer is None:
        return
    end = min(outer.end, len(data))
    if data.startswith(_VERSION_3, outer.start) and _PKCS7_DATA in data[outer.start : outer.start + 64]:
        bags = any(bag in data for bag in _KEY_BAGS)
        if bags or not whole or outer.end > len(data):
            yield Candidate("key-store", "PKCS#12 key store", 0, end, "", "key" if bags else "likely")
        return
    inner = _element(data, outer.start)
    inside = b"" if inner is None else data[inner.start : inner.start + 40]
    if inside[:1] == b"0" and _PBES2 in inside:
        yield Candidate("key-store", "Bouncy Castle key store", 0, end, "", "likely")
    elif inside.startswith(_PBES2):
        yield Candidate("private-key", "Encrypted private key in DER", 0, end, "", "likely")
    elif data.startswith((b"\x02\x01\x00", b"\x02\x01\x01"), outer.start):
        yield from _plain(data[:end])


def _plain(data: bytes) -> Iterator[Candidate]:
    try:
        key = keys.parse(data)
    except ValueError:
        return
    yield Candidate(
        "private-key", "Private key in DER", 0, len(data), "", "key", "", "", (("key", key.name), ("encrypted", "no"))
    )


def _element(data: bytes, at: int) -> _Element | None:
    """The DER (or indefinite BER) sequence at `at`; None if there is none."""
    if at + 2 > len(data) or data[at] != _SEQUENCE:
        return None
    size = data[at + 1]
    if size < 0x80:
        return _Element(at + 2, at + 2 + size)
    width = size & 0x7F
    if width == 0:
        return _Element(at + 2, len(data))
    if width > 4:
        return None
    return _Element(at + 2 + width, at + 2 + width + int.from_bytes(data[at + 2 : at + 2 + width], "big"))
