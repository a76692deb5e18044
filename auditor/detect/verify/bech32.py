"""Keys in bech32 (BIP 173): age identities and Nostr secret keys. Six characters of checksum, 30 bits."""

from __future__ import annotations

from auditor.detect.verify.outcome import Verdict, broken, valid

_CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_LONGEST = 1000


def verify(value: str, beside: str, now: float) -> Verdict:
    """age: `AGE-SECRET-KEY-1..`, also of plugins; Nostr: `nsec1..`. All one case, checksum over prefix and data."""
    lower = value.lower()
    prefix, one, data = lower.rpartition("1")
    if not one or not prefix or len(value) > _LONGEST or value not in (lower, value.upper()):
        return broken(data or value, "structure")
    words = [_CHARACTERS.find(c) for c in data]
    if len(words) < 7 or min(words) < 0 or any(not "!" <= c <= "~" for c in prefix):
        return broken(data, "structure")
    plugin = prefix.removeprefix("age-plugin-").removesuffix("-") if prefix.startswith("age-plugin-") else None
    if _residue([*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix), *words]) != 1:
        return broken(data, "checksum", ("plugin", plugin))
    return valid("checksum", ("plugin", plugin))


def _residue(words: list[int]) -> int:
    """The BCH remainder of a sequence of 5-bit words; 1 for a correct one."""
    sum_ = 1
    for word in words:
        top = sum_ >> 25
        sum_ = (sum_ & 0x1FFFFFF) << 5 ^ word
        for bit, generator in enumerate(_GENERATORS):
            if top >> bit & 1:
                sum_ ^= generator
    return sum_
