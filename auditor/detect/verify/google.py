"""Google Cloud credential files: service account keys and the refresh tokens of `gcloud`."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.fillers import is_typed
from auditor.detect.verify import keys
from auditor.detect.verify.encoding import json_object, member
from auditor.detect.verify.outcome import UNVERIFIED, Verdict, broken, facts, valid

_KEY_ID = Pattern(r"[0-9a-f]{40}")
_ACCOUNT = Pattern(r"[\w.+-]{1,100}@[\w.-]{1,100}gserviceaccount\.com")


def service_account(value: str, beside: str, now: float) -> Verdict:
    """A key file (https://cloud.google.com/iam/docs/keys-create-delete), whole or one value of it with the file beside.

    The private key must parse.
    """
    found = json_object(value) if value.startswith("{") else _around(value, beside)
    if found is None:
        return broken(value, "structure") if value.startswith("{") else UNVERIFIED
    if found.get("type") == "authorized_user":
        return _user(found)
    if found.get("type") != "service_account":
        return UNVERIFIED
    account, key_id = member(found, "client_email"), member(found, "private_key_id")
    known = (("account", account), ("project", member(found, "project_id")), ("key id", key_id))
    key = keys.verify(member(found, "private_key"), "", now)
    if key.verdict != "valid" or not _KEY_ID.fullmatch(key_id) or not _ACCOUNT.fullmatch(account):
        if key.verdict == "placeholder" or is_typed(key_id):
            return Verdict("placeholder", facts(*known), "structure")
        return Verdict("malformed", facts(*known), "structure")
    shown = valid("structure", *known)
    return shown._replace(facts=(*shown.facts, *(f for f in key.facts if f[0] in ("key", "fingerprint"))))


def _around(value: str, beside: str) -> dict[str, object] | None:
    """The flat JSON object in `beside` that holds `value`."""
    at = beside.find(value) if value else -1
    start, end = beside.rfind("{", 0, max(at, 0)), beside.find("}", at)
    return json_object(beside[start : end + 1]) if 0 <= start < end else None


def _user(found: dict[str, object]) -> Verdict:
    token, client = member(found, "refresh_token"), member(found, "client_id")
    known = (("type", "refresh token of a user"), ("account", member(found, "account")), ("client id", client))
    if not token or not client or not member(found, "client_secret"):
        return broken(token, "structure", *known)
    return valid("structure", *known)
