"""HashiCorp Vault tokens: service tokens since 1.10 are a protobuf message, batch tokens a versioned ciphertext."""

from __future__ import annotations

from auditor.detect.verify.encoding import base64_bytes, varint
from auditor.detect.verify.outcome import Verdict, broken, facts, valid

_SERVICE = b"\x08\x01\x12"
_BATCH = b"\x00\x00\x00\x01"
#: Nonce and tag of AES-GCM after the term and the version byte.
_BATCH_LEAST = 4 + 1 + 12 + 16
_HMAC_BYTES = 32
#: Lengths of tokens without a signature (before 1.10, development servers).
_PLAIN_LENGTHS = (24, 28)
_TYPES = {"hvs": "service token", "hvb": "batch token", "hvr": "recovery token"}


def verify(value: str, beside: str, now: float) -> Verdict:
    """hvs: signed token {1: version, 2: 32-byte HMAC, 3: {1: "hvs.."}}; hvb: term, version, ciphertext."""
    prefix, _, body = value.partition(".")
    known = ("type", _TYPES.get(prefix))
    data = base64_bytes(body)
    if prefix == "hvb":
        good = data is not None and data.startswith(_BATCH) and len(data) >= _BATCH_LEAST
        return valid("structure", known) if good else broken(body, "structure", known)
    if data is None or not data.startswith(_SERVICE):
        if body.isalnum() and len(body) in _PLAIN_LENGTHS:
            return Verdict("unverified", facts(known))
        return broken(body, "structure", known)
    try:
        fields = dict(_fields(data))
        payload = dict(_fields(_bytes(fields.get(3))))
        good = len(_bytes(fields.get(2))) == _HMAC_BYTES and _bytes(payload.get(1)).startswith(prefix.encode() + b".")
    except ValueError:
        good = False
    return valid("structure", known) if good else broken(body, "structure", known)


def _bytes(field: int | bytes | None) -> bytes:
    if not isinstance(field, bytes):
        raise ValueError("no bytes")
    return field


def _fields(data: bytes) -> list[tuple[int, int | bytes]]:
    """Number and value of the fields of a protobuf message of varints and byte strings. Raises ValueError."""
    found: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(data):
        key, at = varint(data, at, bits=70)
        number, at = varint(data, at, bits=70)
        if key & 7 == 0:
            found.append((key >> 3, number))
        elif key & 7 == 2 and at + number <= len(data):
            found.append((key >> 3, data[at : at + number]))
            at += number
        else:
            raise ValueError("field")
    return found
