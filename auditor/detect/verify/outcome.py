"""What offline verification of one credential may answer, and how its facts are made fit to print."""

from __future__ import annotations

from auditor.core.record import NamedTuple

#: Longest fact shown: a hostile token must not fill a report.
_LONGEST = 120
#: Rows of characters that people type to fill a field.
_ROWS = ("abcdefghijklmnopqrstuvwxyz0123456789", "12345678901234567890", "zyxwvutsrqponmlkjihgfedcba9876543210")
_ROW_LENGTH = 10
_FEW_DISTINCT = 5
_YEAR_10000 = 253402300800


class Verdict(NamedTuple):
    """The offline verdict on one credential.

    `verdict` is valid, expired, malformed, placeholder or unverified. `facts` are (name, value) pairs for the
    rotation note: account, user, issuer, expires (ISO date), key type; never the secret. `proof` says what the
    verdict rests on: checksum (the issuer's own), structure (it parses as that format), none.
    """

    verdict: str
    facts: tuple[tuple[str, str], ...] = ()
    proof: str = "none"

    def fact(self, name: str) -> str:
        """The first fact of that name, empty if there is none."""
        return next((value for key, value in self.facts if key == name), "")


Facts = tuple[tuple[str, str], ...]

#: Nothing can be said without asking the issuer.
UNVERIFIED = Verdict("unverified")


def facts(*pairs: tuple[str, str | None]) -> Facts:
    """The pairs that have a value, each cleaned for display (printable, one line, at most 120 characters)."""
    cleaned = []
    for name, value in pairs:
        shown = "".join(c for c in (value or "")[: 2 * _LONGEST] if c.isprintable()).strip()[:_LONGEST]
        if shown:
            cleaned.append((name, shown))
    return tuple(cleaned)


def valid(proof: str, *pairs: tuple[str, str | None]) -> Verdict:
    """A credential that its checksum or structure confirms."""
    return Verdict("valid", facts(*pairs), proof)


def broken(body: str, proof: str, *pairs: tuple[str, str | None]) -> Verdict:
    """A credential that fails its check: a placeholder if `body` is visibly filler, else malformed."""
    return Verdict("placeholder" if is_filler(body) else "malformed", facts(*pairs), proof)


def dated(verdict: Verdict, expires: object, now: float) -> Verdict:
    """The verdict with the fact `expires` (seconds since 1970) added, and expired if that is before `now`."""
    day = iso_date(expires)
    if day is None or not isinstance(expires, (int, float)):
        return verdict
    state = "expired" if verdict.verdict == "valid" and expires < now else verdict.verdict
    return Verdict(state, (*verdict.facts, ("expires", day)), verdict.proof)


def iso_date(seconds: object) -> str | None:
    """The UTC day of a Unix time as an ISO date; None for anything that is no time between 1970 and 9999."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < _YEAR_10000:
        return None
    from time import gmtime, strftime  # start-up: only when a date is shown

    return strftime("%Y-%m-%d", gmtime(seconds))


def is_filler(body: str) -> bool:
    """Whether the random part of a token is visibly typed: few distinct characters, a keyboard row, "example"."""
    if len(body) < _ROW_LENGTH:
        return False
    lower = body.lower()
    if len(set(lower)) < _FEW_DISTINCT or "example" in lower or "..." in lower:
        return True
    return any(
        row[start : start + _ROW_LENGTH] in lower for row in _ROWS for start in range(len(row) - _ROW_LENGTH + 1)
    )
