"""JSON Web Tokens (RFC 7519): who issued one, for whom, until when. The signature needs the issuer's key."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.verify.encoding import base64_bytes, base64_object, inner, member
from auditor.detect.verify.outcome import Facts, Verdict, broken, dated, facts

_JWT = Pattern(r"(?:Bearer )?([\w-]+={0,2})\.([\w-]*={0,2})\.([\w-]*={0,2})((?:\.[\w-]*={0,2}){2})?")
#: Keys that manuals and jwt.io's editor sign their samples with.
_SAMPLE_KEYS = (
    b"your-256-bit-secret",
    b"a-string-secret-at-least-256-bits-long",
    b"your-384-bit-secret",
    b"your-512-bit-secret",
    b"secret",
)
_SAMPLE_SUBJECT = "1234567890"
_HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def verify(value: str, beside: str, now: float) -> Verdict:
    """Valid if header and payload are JSON objects and the header names an algorithm; expired by `exp`.

    An encrypted token (JWE, five parts) shows its header only.
    """
    match = _JWT.fullmatch(value)
    if match is None:
        return broken(value, "structure")
    header = base64_object(match[1])
    algorithm = member(header, "alg") if header is not None else ""
    if header is None or not algorithm:
        return broken(value, "structure")
    known = facts(("algorithm", algorithm), ("key id", member(header, "kid")))
    if match[4] is not None:
        return Verdict("valid", (*known, *facts(("encrypted", "yes"))), "structure")
    claims = base64_object(match[2])
    if claims is None:
        return Verdict(broken(match[2], "structure").verdict, known, "structure")
    if base64_bytes(match[3]) is None:
        return dated(Verdict("malformed", (*known, *_claims(claims)), "structure"), claims.get("exp"), now)
    verdict = dated(Verdict("valid", (*known, *_claims(claims)), "structure"), claims.get("exp"), now)
    return verdict._replace(verdict="placeholder") if _is_sample(match[0], algorithm, claims) else verdict


def claims_of(value: str) -> dict[str, object]:
    """The payload of a token, empty if it has none."""
    parts = value.split(".", 2)
    return (base64_object(parts[1]) if len(parts) == 3 else None) or {}


def _claims(claims: dict[str, object]) -> Facts:
    """What the registered claims and those of common issuers say for a rotation note."""
    audience = claims.get("aud")
    if isinstance(audience, list):
        audience = next((a for a in audience if isinstance(a, str)), "")
    return facts(
        ("issuer", member(claims, "iss")),
        ("user", member(claims, "preferred_username", "upn", "email", "username", "sub", "client_id", "appid")),
        ("organisation", member(claims, "tid", "org_id", "organization_id", "tenant", "ref")),
        ("scope", member(claims, "role", "scope", "scp")),
        ("audience", audience if isinstance(audience, str) else None),
        ("namespace", member(inner(claims, "kubernetes.io"), "namespace")),
    )


def _is_sample(token: str, algorithm: str, claims: dict[str, object]) -> bool:
    """Whether it is the sample of a manual: its subject, signed with a key from the manual."""
    if claims.get("sub") != _SAMPLE_SUBJECT or algorithm not in _HASHES:
        return False
    import hmac  # start-up: only for samples

    signed, _, signature = token.rpartition(".")
    written = base64_bytes(signature) or b""
    return any(hmac.digest(key, signed.encode(), _HASHES[algorithm]) == written for key in _SAMPLE_KEYS)
