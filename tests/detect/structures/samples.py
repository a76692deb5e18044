"""Values for the tables of this folder, assembled so that no scanner takes them for a leak, and what `find` says."""

from __future__ import annotations

import base64
import hashlib

from auditor.detect.structures import find

V = "Zq8vT1xKw3Rb"
T = "aB3xK9mQ2rT7wZ5pL8nC4vD6"
AWS = "wJalr9XUtnFEMIq7" + "MDENGbPx/RfiCY+KmZvTq8" + "w2"
HEX = hashlib.sha256(b"0").hexdigest()[:32]

Case = tuple[str, str, list[tuple[str, str]]]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def dashes(label: str, what: str = "BEGIN") -> str:
    return f"{'-' * 5}{what} {label}{'-' * 5}"


def pem(label: str, data: bytes, end: str = "\n") -> str:
    body = base64.b64encode(data).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return end.join([dashes(label), *lines, dashes(label, "END")])


def noise(size: int, seed: bytes = b"0") -> bytes:
    """Bytes that look random."""
    return b"".join(hashlib.sha256(seed + bytes([n])).digest() for n in range(size // 32 + 1))[:size]


#: The shortest key that parses.
ED25519 = bytes.fromhex("302e020100300506032b657004220420") + noise(32)


def found(text: str, path: str = "") -> list[tuple[str, str]]:
    """Kind and value of every detection; the value is checked to be what the text has there, escapes aside."""
    told = list(find(text, path))
    for one in told:
        written = text[one.start : one.end]
        assert written == one.secret.reveal() or "\\" in written
    return [(one.secret.kind, one.secret.reveal()) for one in told]
