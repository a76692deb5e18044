"""AWS: access key ids carry their account number, Bedrock keys are base64 of who and until when."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.fillers import is_typed
from auditor.detect.verify.encoding import base64_bytes
from auditor.detect.verify.outcome import Verdict, broken, dated, facts, valid

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TYPES = {
    "AKIA": "long-term key of a user",
    "ASIA": "temporary key",
    "ABIA": "bearer token",
    "ACCA": "context-specific credential",
}
_KEY_ID = Pattern(r"(AKIA|ASIA|ABIA|ACCA)([A-Z0-9]{16})")
_LONG_TERM = Pattern(r"BedrockAPIKey-([\w+=,.@-]{1,64})-at-(\d{12}):.+")
_SIGNED = Pattern(r"[^\s?]{1,200}\?\S+")
_CREDENTIAL = Pattern(r"X-Amz-Credential=(A[KS]IA[A-Z2-7]{16})(?:%2F|/)")
_DATE = Pattern(r"X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z")
_LASTS = Pattern(r"X-Amz-Expires=(\d{1,7})")
_SHORT_PREFIX = "bedrock-api-key-"


def key_id(value: str, beside: str, now: float) -> Verdict:
    """AKIA.. or ASIA..: base 32; bits 2 to 41 are the account number in ids made since 2019.

    The id has no checksum, so that a well-formed one stays unverified; 0, 1, 8 and 9 never occur.
    """
    match = _KEY_ID.fullmatch(value)
    if match is None:
        return broken(value[4:], "structure")
    if value.endswith("EXAMPLE") or is_typed(match[2]):
        return Verdict("placeholder", proof="structure")
    if any(c not in _BASE32 for c in match[2]):
        return broken(match[2], "structure")
    return Verdict("unverified", facts(("account", account(value)), ("type", _TYPES.get(match[1]))), "structure")


def account(key: str) -> str | None:
    """The 12-digit account number of a well-formed key id, None for ids of the form used before 2019.

    https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489
    """
    number = 0
    for char in key[4:13]:
        number = number << 5 | _BASE32.index(char)
    if not number >> 44:
        return None
    found = number >> 4 & 0xFFFFFFFFFF
    return f"{found:012}" if found < 10**12 else None


def bedrock(value: str, beside: str, now: float) -> Verdict:
    """Bedrock keys: ABSK and base64 of user, account and secret; or a prefix and base64 of a signed address."""
    if value.startswith(_SHORT_PREFIX):
        return _signed(value[len(_SHORT_PREFIX) :], now)
    data = base64_bytes(value[4:])
    match = _LONG_TERM.fullmatch((data or b"").decode("latin-1"))
    if match is None:
        return broken(value[4:], "structure")
    return valid("structure", ("account", match[2]), ("user", f"BedrockAPIKey-{match[1]}"))


def _signed(body: str, now: float) -> Verdict:
    """A short-term key: a signed address that names its key id, its time and how many seconds it lasts."""
    text = (base64_bytes(body) or b"").decode("latin-1")
    made, lasts = _DATE.search(text), _LASTS.search(text)
    if not _SIGNED.fullmatch(text.split("&Version=")[0]) or made is None or lasts is None:
        return broken(body, "structure")
    from calendar import timegm  # start-up: only for this format

    key = _CREDENTIAL.search(text)
    year, month, day, hour, minute, second = (int(part) for part in made.groups())
    if not (year >= 1970 and 1 <= month <= 12 and 1 <= day <= 31):
        return broken(body, "structure")
    ends = timegm((year, month, day, hour, minute, second)) + int(lasts[1])
    return dated(valid("structure", ("account", account(key[1]) if key else None)), ends, now)
