"""Tokens that carry readable parts: JSON in base64 (Sentry, 1Password, Grafana), ids (Discord, Slack), modes (Stripe).

They have no public checksum; where nothing can be parsed the verdict stays unverified and the parts are facts.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.verify.encoding import base64_bytes, base64_object, inner, member
from auditor.detect.verify.outcome import UNVERIFIED, Verdict, broken, facts, iso_date, valid

_SENTRY_USER = Pattern(r"sntryu_[0-9a-f]{64}")
_SENTRY_SECRET_BYTES = 32
_SLACK = Pattern(r"xox[a-z]-(?:\d-)?(\d{9,14})-(?:(\d{9,14})-)?(?:\d{9,14}-)?[A-Za-z0-9-]{20,250}")
_SLACK_TYPES = {
    "xoxb": "bot token",
    "xoxp": "user token",
    "xoxa": "workspace token",
    "xoxr": "refresh token",
    "xoxe": "rotating token",
    "xapp": "app-level token",
}
_SLACK_HOOK = Pattern(r"(T[A-Z0-9]{7,12})/(B[A-Z0-9]{7,12})/[A-Za-z0-9]{20,30}")
_SLACK_APP = Pattern(r"xapp-\d-(A[A-Z0-9]{7,12})-\d{9,14}-[0-9a-f]{64}")
_STRIPE = Pattern(r"(sk|rk)_(live|test)_[A-Za-z0-9]{10,250}")
_ANTHROPIC = Pattern(r"sk-ant-(api|admin)\d\d-[\w-]{93}AA")
_DISCORD_EPOCH = 1420070400
_TELEGRAM = Pattern(r"(\d{8,10}):AA[\w-]{33}")


def sentry(value: str, beside: str, now: float) -> Verdict:
    """sntrys_: base64 JSON {iat, url, region_url, org}, `_`, 32 bytes; sntryu_: 64 hex digits."""
    if _SENTRY_USER.fullmatch(value):
        return Verdict("unverified", facts(("type", "user token")))
    body, _, secret = value.removeprefix("sntrys_").rpartition("_")
    found = base64_object(body)
    if not value.startswith("sntrys_") or found is None or "iat" not in found:
        return broken(value[7:], "structure")
    known = (
        ("type", "organisation token"),
        ("organisation", member(found, "org")),
        ("issuer", member(found, "url")),
        ("issued", iso_date(found.get("iat"))),
    )
    size = len(base64_bytes(secret) or b"")
    return valid("structure", *known) if size == _SENTRY_SECRET_BYTES else broken(secret, "structure", *known)


def onepassword(value: str, beside: str, now: float) -> Verdict:
    """ops_: base64 JSON with the account's address and the keys of the service account."""
    found = base64_object(value.removeprefix("ops_"))
    if found is None or not member(found, "email") or not member(found, "secretKey") or not inner(found, "muk"):
        return broken(value[4:], "structure")
    return valid("structure", ("user", member(found, "email")), ("host", member(found, "signInAddress")))


def grafana_cloud(value: str, beside: str, now: float) -> Verdict:
    """glc_: base64 JSON {o: organisation, n: name, k: key, m: {r: region}}; older ones {k, n, id}."""
    found = base64_object(value.removeprefix("glc_"))
    if found is None or not member(found, "k") or not member(found, "n"):
        return broken(value[4:], "structure")
    return valid(
        "structure",
        ("organisation", member(found, "o", "id")),
        ("name", member(found, "n")),
        ("region", member(inner(found, "m"), "r")),
    )


def cloudflare_tunnel(value: str, beside: str, now: float) -> Verdict:
    """Base64 JSON {a: account, t: tunnel, s: secret}."""
    found = base64_object(value)
    if found is None or not member(found, "a") or not member(found, "t") or not member(found, "s"):
        return broken(value, "structure")
    return valid("structure", ("account", member(found, "a")), ("tunnel", member(found, "t")))


def discord(value: str, beside: str, now: float) -> Verdict:
    """Bot tokens: base64 of the bot's number, of a time, and a MAC; the number says when the bot was made."""
    parts = value.split(".")
    number = (base64_bytes(parts[0]) or b"").decode("latin-1")
    if len(parts) != 3 or not (number.isascii() and number.isdecimal() and 15 <= len(number) <= 20):
        return broken(value, "structure")
    made = iso_date((int(number) >> 22) / 1000 + _DISCORD_EPOCH)
    return valid("structure", ("account", number), ("account made", made))


def slack(value: str, beside: str, now: float) -> Verdict:
    """Tokens and webhooks name their workspace, user or app; nothing proves them."""
    if match := _SLACK_HOOK.fullmatch(value):
        return Verdict("unverified", facts(("organisation", match[1]), ("webhook", match[2])))
    if match := _SLACK_APP.fullmatch(value):
        return Verdict("unverified", facts(("type", _SLACK_TYPES["xapp"]), ("app id", match[1])))
    match = _SLACK.fullmatch(value)
    kind = ("type", _SLACK_TYPES.get(value[:4]))
    return UNVERIFIED if match is None else Verdict("unverified", facts(kind, ("workspace number", match[1])))


def stripe(value: str, beside: str, now: float) -> Verdict:
    """The prefix says secret or restricted, live or test."""
    match = _STRIPE.fullmatch(value)
    if match is None:
        return UNVERIFIED
    kind = "secret key" if match[1] == "sk" else "restricted key"
    return Verdict("unverified", facts(("type", kind), ("mode", match[2])))


def anthropic(value: str, beside: str, now: float) -> Verdict:
    """93 characters and AA: 70 bytes of base64, the last one zero."""
    match = _ANTHROPIC.fullmatch(value)
    if match is None:
        return broken(value[7:], "structure")
    return Verdict("unverified", facts(("type", "admin key" if match[1] == "admin" else "API key")), "structure")


def telegram(value: str, beside: str, now: float) -> Verdict:
    """The number of the bot stands before the colon."""
    match = _TELEGRAM.fullmatch(value)
    return UNVERIFIED if match is None else Verdict("unverified", facts(("account", match[1])))
