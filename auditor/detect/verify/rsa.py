"""Whether the numbers of an RSA key belong together."""

from __future__ import annotations

_MOST_BITS = 16384


def check(n: int, e: int, d: int, p: int, q: int) -> None:
    """Raises ValueError unless the primes give the modulus and the exponents undo each other."""
    if not (n.bit_length() <= _MOST_BITS and 1 < p < n and 1 < q < n and 1 < e < n and 1 < d < n) or p * q != n:
        raise ValueError("not an RSA key")
    if (e * d - 1) % (p - 1):
        raise ValueError("exponents do not belong together")
