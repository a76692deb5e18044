"""Content digests as OCI images use them ("sha256:<hex>"), checked before anything is looked up by them."""

from __future__ import annotations

import hashlib
import re

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
ALGORITHMS = tuple(_LENGTHS)
_DIGEST = re.compile(r"(sha256|sha384|sha512):([0-9a-f]+)", re.ASCII)


def parts(digest: str) -> tuple[str, str] | None:
    """Algorithm and hexadecimal digits; None if it is no digest of a known algorithm in its canonical form."""
    match = _DIGEST.fullmatch(digest)
    if not match or len(match[2]) != _LENGTHS[match[1]]:
        return None
    return match[1], match[2]


def hasher(digest: str) -> _Hash:
    """What computes digests of the same algorithm. `digest` must be valid (`parts`)."""
    return hashlib.new(digest.partition(":")[0], usedforsecurity=False)


def fits(digest: str, data: bytes) -> bool:
    """Whether data has this digest; False if it is no valid one."""
    if parts(digest) is None:
        return False
    made = hasher(digest)
    made.update(data)
    return made.hexdigest() == digest.partition(":")[2]


def of(data: bytes) -> str:
    """The sha256 digest of data."""
    return "sha256:" + hashlib.sha256(data, usedforsecurity=False).hexdigest()
