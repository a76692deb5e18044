"""Writes the table of letter pairs of `auditor/detect/randomness.py` from the words of the standard library.

How often a pair of letters follows in the words that programs are made of, compared with letters drawn at random: that
tells a name from a generated value. The table is data about a language, so any large collection of sources gives
nearly the same one; run again only to change how it is made.
"""

from __future__ import annotations

import math
import re
import sysconfig
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(r"[A-Za-z]{3,}")
#: A word that occurs a thousand times counts no more than a few that occur once.
_MOST = 6.0
#: Halves of a bit, written as one capital letter each; "N" is zero.
_STEP, _ZERO = 2, ord("N")


def rows() -> list[str]:
    """One row per first letter, one character per second: 2 x log2(frequency / chance) above or below "N"."""
    words: Counter[str] = Counter()
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if "site-packages" not in path.parts:
            words.update(word.lower() for word in _WORD.findall(path.read_text("utf-8", "replace")))
    pairs: dict[str, float] = defaultdict(float)
    for word, count in words.items():
        weight = min(1 + math.log(count), _MOST)
        for first, second in pairwise(word):
            pairs[first + second] += weight
    return ["".join(_symbol(pairs, first, second) for second in _LETTERS) for first in _LETTERS]


def _symbol(pairs: dict[str, float], first: str, second: str) -> str:
    total = sum(pairs[first + letter] for letter in _LETTERS) + 13
    return chr(_ZERO + max(-13, round(_STEP * math.log2((pairs[first + second] + 0.5) / total * 26))))


if __name__ == "__main__":
    print("\n".join(f'    "{row}",' for row in rows()))
