"""How much a string looks generated: letters that do not follow each other in words, digits in between, mixed case.

Entropy alone cannot tell `getElementsByTagName` from a token of that length; the pairs of letters can (compare "token
efficiency" in knowledge of the field). All scores are in bits: by how much more likely a random source is.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from auditor.core.pattern import BytePattern
from auditor.detect.entropy import entropy

#: Bits from which on a string is called random; names of programs stay below, generated values of 16 characters above.
RANDOM = 5.0
#: Pairs of letters, row by first and column by second letter: half bits above ("O"...) or below ("M"...) chance. Made
#: by tools/letterpairs.py from the words of Python's standard library.
_PAIRS = (
    "NNOOGIMGMCKQOPDNDQQRLJJJKF",
    "RNOKPJIIPNHRKJPLGNOKPEHHNF",
    "QILKQJHPMCPOKHSJFNLQNJGDKC",
    "PLMNTMJIRFGOKKPLENOMNHIGIE",
    "OJOPMMKHJDGNMQIMKRRPHKKNIC",
    "PJLMPRKFSFEOIJQJDPMMOEGFJC",
    "OJKKTKMOPFGNLOMKDPPNNJHFHI",
    "SJKLSJHJQEHLKKRIENLOLGHEJG",
    "MLONMLNEFEGPOSPMDMPQDLBLBM",
    "QJLLSJJLOKPKJKQNIKOKQIJJLK",
    "OKMLTLMLQJIPIMLLHMPNKIMEKF",
    "QIKNTJGHRDGPIIQKBHNOMHGBNF",
    "RMIKSIGFPCHLNJQQCHNLMGFANE",
    "PIPQQMQHOEKKILPKDIPRMLGDHD",
    "LMOOIKLFKELOOSNOBRNOOKNJFF",
    "RHKKRKHKOBHPHIPOGQNPMGIAOB",
    "MKKIJHKIKDJKJMIJLNMKVIJHHF",
    "QIMMSJLGQAJKMLQKAOPPMKIBLC",
    "MHNISIJNPBJLJJNNGIPTOGJDLC",
    "PJNKTKGOQAGLKJOLCPPNMHIFMG",
    "NOMLOMKENCEQPRJOAQPQGFCFCF",
    "SKKHUJHIQFEIMIMIEJKJGIIFII",
    "RJLLPKINSGGMIOPJFQPLHJLKEF",
    "NLQMPOGKPIHLNJKQGKMRIIIQNH",
    "MMNMOMJJNEHNNPMRHLQQJKMKPL",
    "OHJLTIJJQGGJLHOKHHKJHHKLLS",
)
_ZERO = ord("N")
#: Bits for every change between letters and digits beyond the first, and between cases beyond two.
_DIGIT_CHANGE, _CASE_CHANGE = 1.2, 0.4
_LEAST_PART = 5
_PART = BytePattern(r"[A-Za-z0-9]+")
_HEX = BytePattern(r"[0-9a-f]+|[0-9A-F]+")
#: Matches a whole text only.
UUID = BytePattern(r"(?i)^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$")
_LEAST_HEX, _LEAST_HEX_ENTROPY = 16, 2.7
_LEAST_ENTROPY = 2.8


@lru_cache(maxsize=1)
def _table() -> dict[str, float]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return {
        letters[row] + letters[column]: (ord(symbol) - _ZERO) / 2
        for row, symbols in enumerate(_PAIRS)
        for column, symbol in enumerate(symbols)
    }


def bits(text: str) -> float:
    """Evidence in bits that a string was generated, over its parts of letters and digits; words count nothing."""
    return sum(max(0.0, _part(part)) for part in _PART.compiled.findall(text) if len(part) >= _LEAST_PART)


def is_random(text: str) -> bool:
    """Whether a string looks generated: hexadecimal, a UUID, or letters and digits that make no words."""
    core = "".join(_PART.compiled.findall(text))
    if len(core) < 10 or core.isdigit():
        return False
    if UUID.fullmatch(text):
        return entropy(text) >= _LEAST_HEX_ENTROPY
    if _HEX.fullmatch(core):
        return _is_random_hex(core)
    if entropy(text) < _LEAST_ENTROPY:
        return False
    found = bits(text)
    digits = sum("0" <= c <= "9" for c in core)
    # Without a digit it may be a name in a language of which the table knows nothing, so more evidence is asked for.
    return found >= (RANDOM if digits else 2 * RANDOM)


def _is_random_hex(core: str) -> bool:
    digits = sum("0" <= c <= "9" for c in core)
    return len(core) >= _LEAST_HEX and digits >= 3 and len(core) - digits >= 2 and entropy(core) >= _LEAST_HEX_ENTROPY


def _part(part: str) -> float:
    """Evidence of one part in bits; below nothing where it is made of words."""
    lower = part.lower()
    table = _table()
    found = -sum(table.get(a + b, 0.0) for a, b in pairwise(lower))
    digit_changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(part))
    case_changes = sum(a.isupper() != b.isupper() for a, b in pairwise(part) if a.isalpha() and b.isalpha())
    return found + _DIGIT_CHANGE * max(digit_changes - 1, 0) + _CASE_CHANGE * max(case_changes - 2, 0)
