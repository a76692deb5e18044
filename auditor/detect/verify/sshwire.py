"""The SSH wire format of public keys (RFC 4253) and the fingerprint that `ssh-keygen -l` shows of them."""

from __future__ import annotations

from binascii import b2a_base64


class Reader:
    """Reads length-prefixed strings and numbers in order. Raises ValueError at the end of the data."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if self._at + size > len(self._data):
            raise ValueError("truncated")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self) -> int:
        """The next four bytes as a number."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """The next string: four bytes of length, then that many."""
        return self.take(self.number())

    def mpint(self) -> int:
        """The next string as a signed number."""
        return int.from_bytes(self.string(), "big", signed=True)

    def rest(self) -> bytes:
        """Everything not read yet."""
        return self.take(len(self._data) - self._at)


def string(body: bytes) -> bytes:
    """A string with its length before it."""
    return len(body).to_bytes(4, "big") + body


def mpint(number: int) -> bytes:
    """A non-negative number as a string, with a leading zero byte where its top bit is set."""
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


def rsa(n: int, e: int) -> bytes:
    """The public key of a modulus and an exponent."""
    return string(b"ssh-rsa") + mpint(e) + mpint(n)


def fingerprint(blob: bytes) -> str:
    """SHA256: and unpadded base64 of the digest of a public key."""
    from hashlib import sha256  # start-up: only for keys

    return "SHA256:" + b2a_base64(sha256(blob).digest(), newline=False).decode().rstrip("=")
