"""Credentials that are whole files or parts of them: Google, Docker, npm, Keeper."""

from __future__ import annotations

import base64
import json
import struct

import pytest

from auditor.detect.verify import verify

NOW = 1_700_000_000.0


def basic(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def pkcs8() -> bytes:
    """An Ed25519 key: the shortest that parses."""
    return bytes.fromhex("302e020100300506032b657004220420") + bytes(range(32))


def service_account(**changed: object) -> str:
    key = f"-----BEGIN PRIVATE KEY-----\n{base64.b64encode(pkcs8()).decode()}\n-----END PRIVATE KEY-----\n"
    found: dict[str, object] = {
        "type": "service_account",
        "project_id": "proj-1",
        "private_key_id": "0f9c1d7e3b5a84627c11" + "1e2d3c4b5a6978695a4b",
        "private_key": key,
        "client_email": "robot@proj-1.iam.gserviceaccount.com",
    }
    return json.dumps(found | changed)


def test_a_google_key_file_names_account_and_key() -> None:
    told = verify("gcp-service-account", service_account())
    assert told.verdict == "valid"
    assert told.fact("account") == "robot@proj-1.iam.gserviceaccount.com"
    assert (told.fact("project"), told.fact("key")) == ("proj-1", "Ed25519")


def test_a_value_of_a_google_key_file_is_read_with_the_file_beside_it() -> None:
    key_id = json.loads(service_account())["private_key_id"]
    told = verify("gcp-service-account", key_id, beside="x = 1\n" + service_account() + "\nother {}")
    assert (told.verdict, told.fact("project")) == ("valid", "proj-1")
    assert verify("gcp-service-account", key_id).verdict == "unverified"


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----"}, "malformed"),
        ({"private_key": ""}, "malformed"),
        ({"private_key_id": "short"}, "malformed"),
        ({"private_key_id": "x" * 40}, "placeholder"),
        ({"client_email": "someone@h.example"}, "malformed"),
        ({"type": "external_account"}, "unverified"),
        ({"type": ["service_account"]}, "unverified"),
    ],
)
def test_google_key_files_that_fail(changed: dict[str, object], verdict: str) -> None:
    assert verify("gcp-service-account", service_account(**changed)).verdict == verdict


def test_a_google_refresh_token_needs_its_client() -> None:
    found = {"type": "authorized_user", "client_id": "1.apps", "client_secret": "s", "refresh_token": "1//0abcdefghij"}
    assert verify("gcp-service-account", json.dumps(found)).verdict == "valid"
    del found["client_secret"]
    assert verify("gcp-service-account", json.dumps(found)).verdict != "valid"


@pytest.mark.parametrize(
    ("value", "verdict", "user"),
    [
        (basic("me:pass word"), "valid", "me"),
        ("Basic " + basic("me:px7"), "valid", "me"),
        (basic("me:"), "unverified", "me"),
        (basic("ghp_0123456789abcdefghijABCDEFGHIJ012345:x-oauth-basic"), "valid", ""),
        (basic("0123456789abcdef0123456789abcdef:"), "unverified", ""),
        (basic("nobody"), "malformed", ""),
        (basic(":p"), "malformed", ""),
        ("!!", "malformed", ""),
        (base64.b64encode(b"a:\xff\x00\x01").decode(), "malformed", ""),
    ],
)
def test_a_login_shows_its_user_unless_that_is_a_token(value: str, verdict: str, user: str) -> None:
    for kind in ("npmrc-auth", "docker-auth"):
        told = verify(kind, value)
        assert (told.verdict, told.fact("user")) == (verdict, user)


def config(auths: object, **more: object) -> str:
    return json.dumps({"auths": auths, **more})


def test_a_configuration_names_hosts_and_users() -> None:
    told = verify("docker-auth", config({"one.example": {"auth": basic("a:b")}, "two.example": {"auth": basic("c:d")}}))
    assert told.verdict == "valid"
    assert told.facts == (("host", "one.example"), ("user", "a"), ("host", "two.example"), ("user", "c"))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (config({}, credsStore="desktop"), "unverified"),
        (config({"one.example": {}}, credHelpers={"one.example": "ecr-login"}), "unverified"),
        (config({"one.example": {"identitytoken": "t"}}), "valid"),
        (config({"one.example": {"username": "u", "password": "p"}}), "valid"),
        (config({"one.example": {"auth": "%%"}}), "malformed"),
        (config({"one.example": {"auth": "%%"}, "two.example": {"auth": basic("a:b")}}), "valid"),
        (config([1, 2]), "unverified"),
        ("{", "malformed"),
        ('{"auths":' + '{"a":' * 500 + "1" + "}" * 501, "malformed"),
    ],
)
def test_configurations(text: str, verdict: str) -> None:
    assert verify("docker-auth", text).verdict == verdict


def test_passwords_of_cloud_registries_are_read_further() -> None:
    google = verify("docker-auth", basic("_json_key:" + service_account()))
    assert (google.verdict, google.fact("account")) == ("valid", "robot@proj-1.iam.gserviceaccount.com")
    aws = basic("AWS:" + basic(json.dumps({"payload": "x", "type": "DATA_KEY", "expiration": NOW - 5})))
    assert verify("docker-auth", aws, now=NOW).verdict == "expired"
    token = (
        ".".join(basic(json.dumps(p)).rstrip("=") for p in ({"alg": "RS256"}, {"exp": NOW + 90000, "iss": "i"}))
        + ".c2ln"
    )
    azure = verify("docker-auth", basic("00000000-0000-0000-0000-000000000000:" + token), now=NOW)
    assert (azure.verdict, azure.fact("issuer"), azure.fact("type")) == ("valid", "i", "refresh token")


def keeper(**changed: object) -> str:
    point = b"\x04" + b"\x11" * 64
    inner = b"\x30\x6b\x02\x01\x01\x04\x20" + b"\x07" * 32 + b"\xa1\x44\x03\x42\x00" + point
    scheme = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
    body = b"\x02\x01\x00" + scheme + b"\x04" + struct.pack("B", len(inner)) + inner
    found: dict[str, object] = {
        "hostname": "keepersecurity.eu",
        "clientId": base64.b64encode(bytes(range(64))).decode(),
        "privateKey": base64.b64encode(b"\x30\x81" + struct.pack("B", len(body)) + body).decode(),
        "serverPublicKeyId": "10",
        "appKey": base64.b64encode(bytes(range(32))).decode(),
    }
    return json.dumps({name: value for name, value in (found | changed).items() if value is not None})


@pytest.mark.parametrize("encode", [str, basic, lambda text: basic(text).replace("e", "e\n", 2)])
def test_a_keeper_configuration_in_its_forms(encode: object) -> None:
    assert callable(encode)
    told = verify("keeper-config", encode(keeper()))
    assert told.verdict == "valid"
    assert told.facts == (("host", "keepersecurity.eu"), ("server key", "10"), ("key", "EC P-256"))


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"clientId": "AAAA"}, "malformed"),
        ({"privateKey": "AAAA"}, "malformed"),
        ({"privateKey": None}, "malformed"),
        ({"appKey": None}, "unverified"),
        ({"appKey": "AAAA"}, "unverified"),
        ({"hostname": 7}, "valid"),
    ],
)
def test_keeper_configurations_that_fail(changed: dict[str, object], verdict: str) -> None:
    assert verify("keeper-config", basic(keeper(**changed))).verdict == verdict


@pytest.mark.parametrize(
    ("value", "verdict", "host"),
    [
        ("US:" + base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("="), "unverified", "keepersecurity.com"),
        ("EU:" + base64.urlsafe_b64encode(bytes(range(31))).decode().rstrip("="), "malformed", "keepersecurity.eu"),
        ("US:" + "x" * 42, "placeholder", "keepersecurity.com"),
    ],
)
def test_keeper_one_time_tokens(value: str, verdict: str, host: str) -> None:
    told = verify("keeper-one-time-token", value)
    assert (told.verdict, told.fact("host")) == (verdict, host)


@pytest.mark.parametrize(
    ("kind", "value", "secrets"),
    [
        ("docker-auth", basic("me:hunter2-hunter2"), ["hunter2"]),
        ("docker-auth", config({"one.example": {"username": "u", "password": "hunter2"}}), ["hunter2"]),
        ("docker-auth", config({"one.example": {"identitytoken": "hunter2"}}), ["hunter2"]),
        ("npmrc-auth", basic("glpat-hunter2:"), ["hunter2"]),
        ("gcp-service-account", service_account(), [base64.b64encode(pkcs8()).decode()[-20:]]),
        ("keeper-config", keeper(), [json.loads(keeper())[name][:12] for name in ("clientId", "privateKey", "appKey")]),
    ],
)
def test_no_fact_shows_the_secret(kind: str, value: str, secrets: list[str]) -> None:
    shown = " ".join(fact for _name, fact in verify(kind, value).facts)
    assert shown or kind == "npmrc-auth"
    assert not any(secret in shown for secret in secrets)
