"""How random a string is."""

from __future__ import annotations

from math import log2


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    if not text:
        return 0.0
    size = len(text)
    return -sum((n := text.count(c)) / size * log2(n / size) for c in set(text))
