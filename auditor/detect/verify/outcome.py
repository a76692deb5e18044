"""What offline verification of one credential may answer, and how its facts are made fit to print."""

from __future__ import annotations

from auditor.core.record import NamedTuple
from auditor.detect.fillers import is_typed

#: Longest fact shown: a hostile token must not fill a report.
_LONGEST = 120
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

    @property
    def basis(self) -> str:
        """The proof as detections name it, empty where there is none."""
        return "" if self.proof == "none" else self.proof


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
    return Verdict("placeholder" if is_typed(body) else "malformed", facts(*pairs), proof)


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
