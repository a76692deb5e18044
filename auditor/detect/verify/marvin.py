"""Marvin32, the seeded checksum of Microsoft's identifiable secrets (public in dotnet/runtime, Marvin.cs)."""

from __future__ import annotations

_WORD = 0xFFFFFFFF


def marvin32(data: bytes, seed: int) -> int:
    """The 32-bit checksum of `data` under a 64-bit seed."""
    low, high = seed & _WORD, seed >> 32
    whole = len(data) & ~3
    for start in range(0, whole, 4):
        low, high = _mix(low + int.from_bytes(data[start : start + 4], "little"), high)
    low, high = _mix(low + int.from_bytes(data[whole:] + b"\x80", "little"), high)
    low, high = _mix(low, high)
    return low ^ high


def _mix(low: int, high: int) -> tuple[int, int]:
    low &= _WORD
    high ^= low
    low = _rotated(low, 20) + high & _WORD
    high = _rotated(high, 9) ^ low
    low = _rotated(low, 27) + high & _WORD
    return low, _rotated(high, 19)


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & _WORD
