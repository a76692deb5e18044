"""Logins of container engines and of npm: base64 of user and password, alone or in their configuration file.

Formats: config.json of the Docker CLI, auth.json of containers-image, `_auth` in .npmrc.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.values import is_example_login
from auditor.detect.verify.encoding import base64_bytes, base64_object, inner, json_object, member
from auditor.detect.verify.outcome import UNVERIFIED, Verdict, broken, dated, facts, valid

_MOST_HOSTS = 20
#: A file is as good as the best login in it.
_BEST_FIRST = ("valid", "expired", "unverified", "placeholder", "malformed")
_NAME = Pattern(r"[A-Za-z0-9_][\w.@+$|-]{0,63}")
#: A name that is itself a token must not be shown.
_TOKEN_LIKE = Pattern(r"(?=[^@]*\d)(?=[^@]*[A-Za-z])[A-Za-z0-9_]{20,64}|gh[pousr]_.*|glpat-.*")
#: Cloud registries' fixed user names: what the password is.
_FIXED = {
    "AWS": "registry password of 12 hours",
    "_json_key": "service account key",
    "_json_key_base64": "service account key",
    "oauth2accesstoken": "access token of an hour",
    "00000000-0000-0000-0000-000000000000": "refresh token",
    "<token>": "identity token",
}


def basic(value: str, beside: str, now: float) -> Verdict:
    """Base64 of `user:password`."""
    data = base64_bytes(value.removeprefix("Basic ").strip())
    text = (data or b"\xff").decode("utf-8", "replace")
    user, colon, password = text.partition(":")
    if not colon or not user or not all(c.isprintable() or c.isspace() for c in text):
        return broken(value, "structure")
    known = facts(("user", _shown(user)), ("type", _FIXED.get(user)))
    if not password:
        return Verdict("unverified", known, "structure")
    if is_example_login(user, password):
        return Verdict("placeholder", known, "structure")
    return _password(user, password, Verdict("valid", known, "structure"), now)


def _shown(user: str) -> str | None:
    return user if _NAME.fullmatch(user) and not _TOKEN_LIKE.fullmatch(user) else None


def _password(user: str, password: str, verdict: Verdict, now: float) -> Verdict:
    """What the password of a cloud registry says about itself."""
    if user.startswith("_json_key"):
        from auditor.detect.verify.google import service_account  # start-up: rare

        decoded = base64_bytes(password) if user.endswith("base64") else None
        key = service_account(password if decoded is None else decoded.decode("utf-8", "replace"), "", now)
        return key._replace(facts=(*verdict.facts, *key.facts)) if key is not UNVERIFIED else verdict
    if password.startswith("eyJ") and password.count(".") == 2:
        from auditor.detect.verify.jwt import verify as jwt  # start-up: rare

        told = jwt(password, "", now)
        return told._replace(facts=(*verdict.facts, *(f for f in told.facts if f[0] in ("issuer", "expires"))))
    found = base64_object(password) if user == "AWS" else None
    return verdict if found is None else dated(verdict, found.get("expiration"), now)


def config(value: str, beside: str, now: float) -> Verdict:
    """A configuration file, or one of its `auth` values. A file with credential helpers only holds no secret."""
    if not value.startswith("{"):
        return basic(value, beside, now)
    found = json_object(value)
    if found is None:
        return Verdict("malformed", (), "structure")
    hosts = {
        host: entry
        for host, entry in list((inner(found, "auths") or found).items())[:_MOST_HOSTS]
        if isinstance(entry, dict) and member(entry, "auth", "identitytoken", "registrytoken", "password")
    }
    if not hosts:
        return UNVERIFIED
    told = [_entry(host, entry, now) for host, entry in hosts.items()]
    best = min((verdict.verdict for verdict in told), key=_BEST_FIRST.index)
    return Verdict(best, tuple(fact for verdict in told for fact in verdict.facts)[:_MOST_HOSTS], "structure")


def _entry(host: str, entry: dict[str, object], now: float) -> Verdict:
    """The verdict on the login for one registry."""
    login = member(entry, "auth")
    verdict = basic(login, "", now) if login else valid("structure", ("user", _shown(member(entry, "username"))))
    if member(entry, "identitytoken"):
        verdict = valid("structure", ("type", "identity token"))
    return verdict._replace(facts=(*facts(("host", host)), *verdict.facts))
