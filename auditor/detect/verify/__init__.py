"""Offline verification of a credential: its checksum, its structure, what it says about itself. No network.

A failed check lowers confidence and never drops a finding: an edited token is still close to a real one.
"""

from __future__ import annotations

from auditor.detect.verify.outcome import UNVERIFIED, Verdict
from auditor.detect.verify.registry import VERIFIERS, load

__all__ = ["LONGEST", "VERIFIERS", "Verdict", "verify"]

#: Characters of the longest value that is looked at, and of the text beside it that is searched.
LONGEST = 65536


def verify(kind: str, value: str, *, beside: str = "", now: float | None = None) -> Verdict:
    """The offline verdict on `value`, a credential of the format `kind` (an id of rules/secrets).

    `beside` is text from around the value (the URL, the file) for formats whose parts lie apart. `now` is the
    time in seconds since 1970 that expiry is judged by, the clock's if None. A kind without a verifier and a
    value of more than 64 KiB are unverified. Total: raises nothing; linear in the two texts.
    """
    if kind not in VERIFIERS or len(value) > LONGEST:
        return UNVERIFIED
    if now is None:
        import time  # start-up: only when a token was found

        now = time.time()
    return load(kind)(value.strip(), beside[:LONGEST], now)
