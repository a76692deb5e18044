"""Secrets without a form of their own that stand beside a token whose form says what they are.

An AWS access key is a pair: an id with a known beginning, and 40 characters of base64. Where both stand side by side,
in a table, a memory image or a compiled program, nothing else names the second one (AWS IAM user guide, "Manage access
keys": the secret access key has 40 characters).
"""

from __future__ import annotations

import re

from auditor.core.finding import Confidence
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import Secret
from auditor.detect.detection import PROVIDER_KEY, Detection
from auditor.detect.randomness import is_random
from auditor.detect.tokens import is_sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.detect.tokens import Token

KEY_ID = "aws-access-key-id"
#: Characters between the two.
_BESIDE = 64
_LENGTH = 40
_SECRET = Pattern(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_HEX = Pattern(r"[0-9a-fA-F]+")
_SHAPES = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"))


def find(text: str, token: Token) -> Iterator[Detection]:
    """The secret key beside an access key id, nearest first behind it; none for the sample ids of manuals."""
    if token.documented:
        return
    low, high = max(0, token.start - _BESIDE - _LENGTH), token.end + _BESIDE + _LENGTH
    found = [match for match in _SECRET.finditer(text, low, high) if _is_key(match[0])]
    after = [match for match in found if match.start() >= token.end]
    for match in (after or found)[:1]:
        secret = Secret(match[0], "aws-secret-access-key")
        yield Detection(
            PROVIDER_KEY, "AWS secret access key", match.start(), match.end(), secret, Confidence.HIGH, "", "unverified"
        )


def _is_key(value: str) -> bool:
    """Whether 40 characters are random ones of all kinds, which no path, name or digest is."""
    mixed = all(shape.search(value) for shape in _SHAPES)
    return mixed and not _HEX.fullmatch(value) and is_random(value) and not is_sample(value)
