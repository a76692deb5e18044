"""JSON Web Tokens: claims, expiry, samples of manuals."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from auditor.detect.verify import verify

NOW = 1_700_000_000.0


def part(found: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(found).encode()).decode().rstrip("=")


def token(claims: object, key: bytes = b"k" * 40, **header: str) -> str:
    signed = f"{part({'typ': 'JWT', 'alg': 'HS256', **header})}.{part(claims)}"
    signature = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.mark.parametrize(
    ("claims", "verdict", "expires"),
    [
        ({"exp": NOW + 1e6}, "valid", "2023-11-26"),
        ({"exp": NOW - 1}, "expired", "2023-11-14"),
        ({"exp": 1516239022.5}, "expired", "2018-01-18"),
        ({"exp": True}, "valid", ""),
        ({"exp": "1516239022"}, "valid", ""),
        ({"exp": -5}, "valid", ""),
        ({"exp": 10**30}, "valid", ""),
        ({"exp": float("nan")}, "valid", ""),
        ({}, "valid", ""),
        ([], "malformed", ""),
        ("text", "malformed", ""),
    ],
)
def test_expiry(claims: object, verdict: str, expires: str) -> None:
    told = verify("json-web-token", token(claims), now=NOW)
    assert (told.verdict, told.fact("expires")) == (verdict, expires)


@pytest.mark.parametrize(
    ("claims", "name", "value"),
    [
        ({"iss": "https://idp.example/"}, "issuer", "https://idp.example/"),
        ({"iss": "supabase", "role": "service_role"}, "scope", "service_role"),
        ({"sub": "system:serviceaccount:ns:app"}, "user", "system:serviceaccount:ns:app"),
        ({"sub": "id", "email": "a@h.example"}, "user", "a@h.example"),
        ({"tid": "0-1-2"}, "organisation", "0-1-2"),
        ({"aud": ["one", "two"]}, "audience", "one"),
        ({"kubernetes.io": {"namespace": "prod"}}, "namespace", "prod"),
        ({"iss": "a\x1b[31m\nb" + "c" * 500}, "issuer", "a[31mb" + "c" * 114),
        ({"iss": {"deep": 1}, "aud": [1, None]}, "issuer", ""),
    ],
)
def test_claims_become_facts_fit_to_print(claims: object, name: str, value: str) -> None:
    assert verify("json-web-token", token(claims), now=NOW).fact(name) == value


def test_an_unsigned_token_says_so() -> None:
    unsigned = f"{part({'alg': 'none'})}.{part({'sub': 'a'})}."
    told = verify("json-web-token", unsigned)
    assert (told.verdict, told.fact("algorithm")) == ("valid", "none")


def test_an_encrypted_token_shows_its_header_only() -> None:
    told = verify(
        "json-web-token", ".".join((part({"alg": "RSA-OAEP", "enc": "A256GCM"}), "AAAA", "AAAA", "AAAA", "AAAA"))
    )
    assert (told.verdict, told.fact("encrypted")) == ("valid", "yes")


@pytest.mark.parametrize("key", [b"your-256-bit-secret", b"secret"])
def test_the_sample_of_a_manual_is_a_placeholder(key: bytes) -> None:
    assert verify("json-web-token", token({"sub": "1234567890", "iat": 1516239022}, key)).verdict == "placeholder"
    assert verify("json-web-token", token({"sub": "another"}, key)).verdict == "valid"
    assert verify("json-web-token", token({"sub": "1234567890"}, b"real")).verdict == "valid"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "..",
        "a.b",
        "eyJhbGciOiJIUzI1NiJ9.not-json.c2ln",
        f"{part({'typ': 'JWT'})}.{part({})}.c2ln",
        f"{part({'alg': 'HS256'})}.{part({})}.c",
        "eyJ" + "[" * 50_000,
        base64.b64encode(b"[" * 30_000).decode() + ".e30.e30",
    ],
)
def test_what_is_no_token_is_not_valid(value: str) -> None:
    assert verify("json-web-token", value).verdict in ("malformed", "placeholder")
