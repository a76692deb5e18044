"""Signs that something is encoded which is worth decoding: what base64, hexadecimal and 16-bit units make of words.

Decoding everything that may be base64 takes longer than all the rest of a search. In layers of images, in long texts
and in what is no text it is done only where the letters say that one of these words is inside, or something compressed.
"""

from __future__ import annotations

import base64
import re

from auditor.core.record import TYPE_CHECKING
from auditor.detect.prefilter import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Beginnings of tokens and keys, and words that announce a secret. Words that also stand in many a program's source
#: map or data URL would cost time and tell nothing.
_WORDS = (
    *("-----BEGIN ", "PRIVATE KEY", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "xoxb-", "xoxp-"),
    *("sk_live_", "rk_live_", "AKIA", "npm_", "pypi-AgE", "AIzaSy", "hvs.CAES", "sk-proj-", "sk-ant-", "dckr_pat_"),
    *("password", "PASSWORD", "Password", "passwd", "passphrase", "_SECRET", "secret_", "Secret", "_TOKEN", "_token"),
    *("authToken", "private_key", "privateKey", "clientKey", "AccountKey=", "api_key", "apiKey", "API_KEY", "apikey"),
    *("client_secret", "access_key", "ACCESS_KEY", '"auth"', "Bearer ", "postgres://", "mysql://", "mongodb"),
)
#: What DER of private keys always has in base64, which begins with the key where it has no frame: RSA of RFC 8017
#: (version 0, then a modulus of 512 bits or more), RSA and EC of RFC 5208 (version 0, then the algorithm), and EC
#: of RFC 5915 on P-384 and P-521. Shorter keys are not told from other bytes.
_KEYS = (
    *(b"IBAAJBA", b"IBAAKBgQ", b"IBAAKCAQEA", b"IBAAKCAgEA", b"IBAAKCAYEA", b"IBADANBgkqhkiG9w0BAQEF"),
    *(b"AgEAMBMGByqGSM49AgEG", b"AgEAMBAGByqGSM49AgEG", b"MIGkAgEBBDA", b"MIHcAgEBBEI"),
)
#: How base64 and hexadecimal of what gzip made begin.
_COMPRESSED = (b"H4sIA", b"1f8b0800")
_IN_BYTES = tuple(word.encode() for word in _WORDS)
#: What base64 is written with, in its two alphabets.
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_TO_PLAIN = bytes.maketrans(b"-_", b"+/")
#: Letters around a hit that are decoded to see how they are grouped.
_BESIDE = 128
#: Letters of base64 that one word must determine to be looked for: fewer occur by chance in what is encoded.
_LEAST_LETTERS = 5
#: Words shorter than this are not looked for with a zero after every character.
_LEAST_WIDE = 4


def triggers() -> list[Trigger]:
    """A trigger for every way in which one of the words may be encoded."""
    literals: dict[bytes, None] = {}
    for word in _WORDS:
        data = word.encode()
        literals |= dict.fromkeys((*_letters(data), data.hex().encode(), data.hex().upper().encode(), *_wide(data)))
    return [_literal(one) for one in (*literals, *_KEYS, *_COMPRESSED)]


def _literal(data: bytes) -> Trigger:
    return Trigger("".join(f"\\x{byte:02x}" for byte in data), (data.decode("latin-1").lower(),), False, True)


def aligned(data: bytes, start: int, place: int) -> int:
    """The first place from `start` on from which base64 at a hit gives the word that made it one; else `start`.

    It is written in groups of four letters.
    """
    for first in range(start, start + 4):
        low = first + max(0, place - _BESIDE - first) // 4 * 4
        near = data[low : place + _BESIDE].translate(_TO_PLAIN)
        letters = near[: len(near) - len(near.lstrip(LETTERS))]
        if len(letters) % 4 == 1:
            letters = letters[:-1]
        decoded = base64.b64decode(letters + b"=" * (-len(letters) % 4))
        if any(word in decoded for word in _IN_BYTES):
            return first
    return start


def _letters(data: bytes) -> Iterator[bytes]:
    """The letters of base64, at each of its three alignments, that these bytes determine alone."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data)
        # What stands before and after shares letters with it.
        first = (before * 8 + 5) // 6
        last = (before + len(data)) * 8 // 6
        if last - first >= _LEAST_LETTERS:
            yield whole[first:last]
            if re.search(rb"[+/]", whole[first:last]):
                yield whole[first:last].translate(bytes.maketrans(b"+/", b"-_"))


def _wide(data: bytes) -> Iterator[bytes]:
    if len(data) >= _LEAST_WIDE:
        yield b"\0".join(data[at : at + 1] for at in range(len(data)))
