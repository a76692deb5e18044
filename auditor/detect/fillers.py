"""Values that somebody typed to fill a field: rows of the keyboard, counting, one piece again and again.

Part of the one placeholder judgement (`values.py` for whole values of settings); used wherever a body is to be random.
"""

from __future__ import annotations

from itertools import pairwise

from auditor.core.pattern import BytePattern

#: Rows of characters that people type.
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "12345678901234567890",
    "zyxwvutsrqponmlkjihgfedcba9876543210",
    "qwertyuiopasdfghjklzxcvbnm",
)
_ROW_LENGTH = 10
_FEW_DISTINCT = 5
#: Of the steps within the letters, or within the digits, the share that must be one forward for them to be counting.
_COUNTING = 0.75
_LEAST_STEPS = 6
#: Characters of the pieces by which a repeated block is found, and the share of them that must have been seen before.
_PIECE = 4
_REPEATED = 0.3
_WORDS = BytePattern(
    r"(?i)sample|dummy|placeholder|change[-_]?me|redacted|your[-_]|insert[-_]|replace[-_]?me|x{6}|\*{4}"
    r"|[-_]here\b|not[-_]?(?:a[-_])?real|fake"
)


def is_filler(body: str) -> bool:
    """Whether a value is visibly typed rather than generated. Linear; short values never are."""
    if len(body) < _ROW_LENGTH:
        return False
    return bool(is_typed(body) or _WORDS.search(body)) or counts(body) or repeats(body)


def is_typed(body: str) -> bool:
    """The part of it that also holds for the inside of keys and files, in which pieces may well recur."""
    if len(body) < _ROW_LENGTH:
        return False
    lower = body.lower()
    if len(set(lower)) < _FEW_DISTINCT or "example" in lower or "..." in lower:
        return True
    return any(row[i : i + _ROW_LENGTH] in lower for row in _ROWS for i in range(len(row) - _ROW_LENGTH + 1))


def counts(text: str) -> bool:
    """Whether the letters of a text, or its digits, go up one by one: `a1b2c3d4e5`, `AbCdEfGhIj`."""
    letters = [ord(c) - 97 for c in text.lower() if "a" <= c <= "z" or "A" <= c <= "Z"]
    digits = [ord(c) - 48 for c in text if "0" <= c <= "9"]
    return _climbs(letters, 26) and (_climbs(digits, 10) or len(digits) <= _LEAST_STEPS or len(letters) > len(digits))


def _climbs(places: list[int], size: int) -> bool:
    steps = list(pairwise(places))
    if len(steps) < _LEAST_STEPS:
        return False
    return sum((after - before) % size == 1 for before, after in steps) >= _COUNTING * len(steps)


def repeats(text: str) -> bool:
    """Whether a text consists of pieces that came before: `abcd1234abcd1234`."""
    seen: set[str] = set()
    again = 0
    count = max(len(text) - _PIECE + 1, 0)
    for start in range(count):
        piece = text[start : start + _PIECE]
        if piece in seen:
            again += 1
        seen.add(piece)
    return count >= _ROW_LENGTH and again >= _REPEATED * count
