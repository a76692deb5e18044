"""Keeper Secrets Manager: the configuration of a bound device and the one-time token that binds one."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.verify import keys
from auditor.detect.verify.encoding import base64_bytes, base64_object, json_object, member
from auditor.detect.verify.outcome import Verdict, broken, facts, valid

_REGIONS = {
    "US": "keepersecurity.com",
    "EU": "keepersecurity.eu",
    "AU": "keepersecurity.com.au",
    "CA": "keepersecurity.ca",
    "JP": "keepersecurity.jp",
    "GOV": "govcloud.keepersecurity.us",
}
_HOST = Pattern(r"[A-Za-z0-9.-]{1,100}(?::\d{1,5})?")
_CLIENT_ID_BYTES, _TOKEN_BYTES, _APP_KEY_BYTES = 64, 32, 32


def config(value: str, beside: str, now: float) -> Verdict:
    """KSM_CONFIG: base64 of a JSON object, or the object itself (client-config.json)."""
    found = json_object(value) if value.startswith("{") else base64_object("".join(value.split()))
    if found is None:
        return broken(value, "structure")
    host = member(found, "hostname", "server", "url").removeprefix("https://").rstrip("/")
    shown = host if _HOST.fullmatch(host) else _REGIONS.get(host)
    known = (("host", shown), ("server key", member(found, "serverPublicKeyId")[:3]))
    client, private = base64_bytes(member(found, "clientId")), base64_bytes(member(found, "privateKey"))
    if client is None or len(client) != _CLIENT_ID_BYTES or private is None:
        return broken(member(found, "clientId"), "structure", *known)
    try:
        key = keys.parse(private)
    except ValueError:
        return broken(member(found, "privateKey"), "structure", *known)
    application = base64_bytes(member(found, "appKey"))
    if application is None or len(application) != _APP_KEY_BYTES:
        return Verdict("unverified", facts(*known, ("key", key.name), ("type", "not bound yet")), "structure")
    return valid("structure", *known, ("key", key.name))


def one_time_token(value: str, beside: str, now: float) -> Verdict:
    """Region and 43 characters of unpadded base64: 32 bytes. Good for one device only, so it stays unverified."""
    region, _, body = value.rpartition(":")
    data = base64_bytes(body)
    known = ("host", _REGIONS.get(region.upper()))
    if data is None or len(data) != _TOKEN_BYTES:
        return broken(body, "structure", known)
    return Verdict("unverified", facts(known, ("type", "one-time token, useless once redeemed")), "structure")
