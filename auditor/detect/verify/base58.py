"""Keys in Base58Check: extended private keys (BIP 32) and Tezos keys. Four bytes of a double SHA-256."""

from __future__ import annotations

from auditor.detect.verify.outcome import Verdict, broken, valid

_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LONGEST = 200
_CHECKSUM = 4


def verify(value: str, beside: str, now: float) -> Verdict:
    """The checksum over all bytes before it."""
    number = 0
    for char in value[:_LONGEST]:
        digit = _DIGITS.find(char)
        if digit < 0:
            return broken(value, "structure")
        number = number * 58 + digit
    zeros = len(value) - len(value.lstrip("1"))
    data = bytes(min(zeros, _LONGEST)) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(value) > _LONGEST or len(data) <= _CHECKSUM:
        return broken(value, "structure")
    from hashlib import sha256  # start-up: only for this format

    good = sha256(sha256(data[:-_CHECKSUM]).digest()).digest()[:_CHECKSUM] == data[-_CHECKSUM:]
    return valid("checksum") if good else broken(value, "checksum")
