"""OpenPGP private key blocks (RFC 9580): armour checksum, owner, fingerprint, protected by a passphrase or not."""

from __future__ import annotations

from auditor.detect.verify import pem
from auditor.detect.verify.encoding import base64_bytes
from auditor.detect.verify.outcome import Verdict, broken, iso_date, valid

_SECRET_KEY, _USER_ID = 5, 13
_MOST_PACKETS = 50
_CRC_START, _CRC_POLYNOMIAL = 0xB704CE, 0x1864CFB
_NAMES = {1: "RSA", 2: "RSA", 3: "RSA", 16: "ElGamal", 17: "DSA", 18: "ECDH", 19: "ECDSA", 22: "EdDSA", 27: "Ed25519"}
#: Numbers of multiprecision integers in the public part.
_NUMBERS = {1: 2, 2: 2, 3: 2, 16: 3, 17: 4}
_ON_CURVES = (18, 19, 22)
_HEADER = 6


def verify(block: pem.Block) -> Verdict:
    """The verdict on an armoured block. An armour checksum that is there must be right."""
    data = block.data
    if data is None:
        return broken(block.text, "structure")
    written = base64_bytes(block.text[-4:]) if block.text[-5:-4] == "=" else None
    if written is not None and int.from_bytes(written, "big") != crc24(data):
        return broken(block.text, "checksum")
    try:
        packets = _packets(data)
        key = next(body for tag, body in packets if tag == _SECRET_KEY)
        name, public, usage = _secret_key(key)
    except (ValueError, StopIteration):
        return broken(block.text, "structure")
    user = next((body for tag, body in packets if tag == _USER_ID), b"")
    return valid(
        "structure" if written is None else "checksum",
        ("key", name),
        ("encrypted", None if usage is None else "yes" if usage else "no"),
        ("user", user.decode("utf-8", "replace")),
        ("fingerprint", _fingerprint(public) if public else None),
        ("issued", iso_date(int.from_bytes(key[1:5], "big"))),
    )


def crc24(data: bytes) -> int:
    """The armour checksum (RFC 9580, section 6.1.1)."""
    crc = _CRC_START
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= _CRC_POLYNOMIAL
    return crc


def _packets(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and body of the packets, in order. Raises ValueError."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data) and len(found) < _MOST_PACKETS:
        head = data[at]
        if not head & 0x80:
            raise ValueError("no packet")
        size, at = _new(data, at + 1) if head & 0x40 else _old(data, at)
        if at + size > len(data):
            raise ValueError("truncated")
        found.append((head & 0x3F if head & 0x40 else head >> 2 & 15, data[at : at + size]))
        at += size
    return found


def _new(data: bytes, at: int) -> tuple[int, int]:
    """Length of a packet in the new format and where its body begins."""
    first = _byte(data, at)
    if first < 192:
        return first, at + 1
    if first < 224:
        return (first - 192 << 8) + _byte(data, at + 1) + 192, at + 2
    if first < 255:
        raise ValueError("partial body")
    return int.from_bytes(data[at + 1 : at + 5], "big"), at + 5


def _old(data: bytes, at: int) -> tuple[int, int]:
    """Length of a packet in the old format and where its body begins."""
    kind = data[at] & 3
    if kind == 3:
        raise ValueError("unknown length")
    width = 1 << kind
    return int.from_bytes(data[at + 1 : at + 1 + width], "big"), at + 1 + width


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise ValueError("truncated")
    return data[at]


def _secret_key(body: bytes) -> tuple[str, bytes, int | None]:
    """Name, public part (empty: not known how long) and the octet that says how the secret part is protected."""
    if len(body) < _HEADER or body[0] not in (3, 4, 5, 6):
        raise ValueError("no secret key")
    scheme = body[5]
    name = _NAMES.get(scheme, f"OpenPGP algorithm {scheme}")
    if body[0] != 4:
        return name, b"", None
    at, bits = _HEADER, 0
    if scheme in _NUMBERS:
        for position in range(_NUMBERS[scheme]):
            at, size = _number(body, at)
            bits = bits or size if position == 0 else bits
        name = f"{name} {bits}"
    elif scheme in _ON_CURVES:
        at = _HEADER + 1 + _byte(body, _HEADER)
        at, _size = _number(body, at)
        if scheme == 18:
            at += 1 + _byte(body, at)
    else:
        return name, b"", None
    return name, body[:at], _byte(body, at)


def _number(body: bytes, at: int) -> tuple[int, int]:
    """Where a multiprecision integer ends, and its bits."""
    bits = _byte(body, at) << 8 | _byte(body, at + 1)
    return at + 2 + (bits + 7) // 8, bits


def _fingerprint(public: bytes) -> str:
    from hashlib import sha1  # start-up: only for keys

    return sha1(b"\x99" + len(public).to_bytes(2, "big") + public, usedforsecurity=False).hexdigest().upper()
