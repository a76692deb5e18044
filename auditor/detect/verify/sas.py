"""Azure shared access signatures: when one ends and what it allows stands in the query around the signature.

Parameters: https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.verify.outcome import UNVERIFIED, Verdict, dated, facts

_REACH = 2000
_EDGE = Pattern(r"[\s\"'<>`]")
_PARAMETER = Pattern(r"(?:^|[?&;])(?:amp;)?(se|sp|sr|ss|skn)=([^&;\s]{1,100})")
_TIME = Pattern(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?Z?)?")


def verify(value: str, beside: str, now: float) -> Verdict:
    """Expired, if the query in `beside` says so; else unverified with what the query says."""
    at = beside.find(value) if value else -1
    if at < 0:
        return UNVERIFIED
    from urllib.parse import unquote  # start-up: only for this format

    before = _EDGE.split(beside[max(0, at - _REACH) : at])[-1]
    after = _EDGE.split(beside[at : at + _REACH])[0]
    told = {m[1]: unquote(m[2]) for m in _PARAMETER.finditer(before + after)}
    verdict = Verdict("unverified", facts(("scope", told.get("sp")), ("policy", told.get("skn"))))
    ends = _seconds(told.get("se", ""))
    verdict = dated(verdict, ends, now)
    return verdict._replace(verdict="expired", proof="structure") if ends is not None and ends < now else verdict


def _seconds(text: str) -> float | None:
    """Unix time of an ISO 8601 instant in UTC or of plain seconds."""
    if text.isdecimal() and len(text) <= 11:
        return float(text)
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    from calendar import timegm  # start-up: only for this format

    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    if not (year >= 1970 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    return float(timegm((year, month, day, hour, minute, second)))
