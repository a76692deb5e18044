"""Tokens with readable parts: Sentry, 1Password, Grafana, Discord, Slack, Stripe, Vault, age."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import random

import pytest

from auditor.detect.verify import verify


def part(found: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(found).encode()).decode()


SENTRY = part({"iat": 1_600_000_000.5, "url": "https://s.example", "region_url": "https://r.example", "org": "acme"})
SECRET = base64.b64encode(random.Random(1).randbytes(32)).decode().rstrip("=")
ACCOUNT = {"signInAddress": "acme.example", "email": "x@acme.example", "muk": {"k": "k"}, "secretKey": "A3-X"}
VAULT_INNER = b"\x0a\x1chvs." + b"a1B2c3D4e5F6g7H8i9J0k1L2" + b"\x18\x80\x01"
VAULT = b"\x08\x01\x12\x20" + bytes(range(32)) + b"\x1a" + bytes((len(VAULT_INNER),)) + VAULT_INNER


def vault(data: bytes) -> str:
    return "hvs." + base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    ("kind", "value", "verdict", "name", "fact"),
    [
        ("sentry-token", f"sntrys_{SENTRY}_{SECRET}", "valid", "organisation", "acme"),
        ("sentry-token", f"sntrys_{SENTRY}_{SECRET}", "valid", "issued", "2020-09-13"),
        ("sentry-token", f"sntrys_{SENTRY}_{SECRET[:-3]}", "malformed", "organisation", "acme"),
        ("sentry-token", f"sntrys_{SENTRY[4:]}_{SECRET}", "malformed", "organisation", ""),
        ("sentry-token", "sntryu_" + "0f1e2d3c" * 8, "unverified", "type", "user token"),
        ("onepassword-service-token", "ops_" + part(ACCOUNT), "valid", "user", "x@acme.example"),
        ("onepassword-service-token", "ops_" + part(ACCOUNT | {"muk": 1}), "malformed", "user", ""),
        (
            "grafana-cloud-token",
            "glc_" + part({"o": "77", "n": "ci", "k": "s", "m": {"r": "us"}}),
            "valid",
            "region",
            "us",
        ),
        ("grafana-cloud-token", part({"k": "s", "n": "ci", "id": 1}), "valid", "organisation", "1"),
        ("grafana-cloud-token", "glc_" + part({"o": "77"}), "malformed", "name", ""),
        ("discord-bot-token", "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.abc", "valid", "account", "198622483471925248"),
        ("discord-bot-token", "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.abc", "valid", "account made", "2016-07-02"),
        ("cloudflare-tunnel-token", part({"a": "0f1e", "t": "t-1", "s": "c2Vj"}), "valid", "account", "0f1e"),
        ("cloudflare-tunnel-token", part({"a": "0f1e"}), "malformed", "account", ""),
        ("discord-bot-token", "bm90IGEgbnVtYmVy.Cl2FMQ.abc", "malformed", "account", ""),
        ("slack-token", f"xoxb-1234567890-2345678901-{'aB3' * 8}", "unverified", "workspace number", "1234567890"),
        ("slack-webhook", "T0ABC1234/B0DEF5678/" + "aB3" * 8, "unverified", "organisation", "T0ABC1234"),
        ("slack-app-token", f"xapp-1-A0ABC1234-1234567890-{'0f1e' * 16}", "unverified", "app id", "A0ABC1234"),
        ("stripe-secret-key", "sk_live_" + "aB3" * 8, "unverified", "mode", "live"),
        ("stripe-secret-key", "rk_test_" + "aB3" * 8, "unverified", "type", "restricted key"),
        ("anthropic-key", "sk-ant-api03-" + "aB3-_" * 18 + "xyzAA", "unverified", "type", "API key"),
        ("anthropic-key", "sk-ant-api03-" + "aB3-_" * 19, "malformed", "type", ""),
        ("telegram-bot-token", "1234567890:AA" + "bC4" * 11, "unverified", "account", "1234567890"),
        ("vault-token", vault(VAULT), "valid", "type", "service token"),
        ("vault-token", vault(VAULT[:-8]), "malformed", "type", "service token"),
        ("vault-token", vault(VAULT.replace(b"hvs.", b"hvx.")), "malformed", "type", "service token"),
        ("vault-token", "hvs.aB3dE5fG7hJ9kL1mN3pQ5rS7", "unverified", "type", "service token"),
        ("vault-token", "hvb." + base64.b64encode(b"\0\0\0\1\2" + b"c" * 60).decode(), "valid", "type", "batch token"),
        (
            "vault-token",
            "hvb." + base64.b64encode(b"\0\0\0\1\2" + b"c" * 9).decode(),
            "malformed",
            "type",
            "batch token",
        ),
    ],
)
def test_parts(kind: str, value: str, verdict: str, name: str, fact: str) -> None:
    told = verify(kind, value)
    assert (told.verdict, told.fact(name)) == (verdict, fact)


CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32(prefix: str, data: bytes) -> str:
    """BIP 173, over polynomials as lists of bits."""
    number = int.from_bytes(data, "big") << -len(data) * 8 % 5
    words = [number >> 5 * place & 31 for place in reversed(range((len(data) * 8 + 4) // 5))]
    spread = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    rest = 1
    for word in spread + words + [0] * 6:
        rest, top = (rest & 0x1FFFFFF) << 5 ^ word, rest >> 25
        for generator in (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3):
            rest ^= generator * (top & 1)
            top >>= 1
    rest ^= 1
    return (
        prefix + "1" + "".join(CHARACTERS[w] for w in words + [rest >> 5 * place & 31 for place in reversed(range(6))])
    )


@pytest.mark.parametrize("seed", range(20))
def test_age_keys_have_a_checksum(seed: int) -> None:
    key = bech32("age-secret-key-", random.Random(seed).randbytes(32)).upper()
    assert len(key) == 74
    assert verify("age-secret-key", key).verdict == "valid"
    at = 20 + seed
    damaged = key[:at] + ("Q" if key[at] != "Q" else "P") + key[at + 1 :]
    assert verify("age-secret-key", damaged).verdict == "malformed"
    assert verify("age-secret-key", key[:30] + key[30:].lower()).verdict == "malformed"


def test_bech32_agrees_with_the_standard() -> None:
    assert verify("age-secret-key", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w").verdict == "valid"
    assert verify("age-secret-key", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw").verdict == "valid"
    assert verify("age-secret-key", "A1G7SGD8").verdict == "malformed"


def test_an_age_plugin_is_named() -> None:
    assert verify("age-secret-key", bech32("age-plugin-yubikey-", b"1234").upper()).fact("plugin") == "yubikey"


@pytest.mark.parametrize("seed", range(10))
def test_nats_seeds_have_a_checksum(seed: int) -> None:
    key = _nats(seed)
    assert key.startswith("SU")
    assert verify("nats-nkey-seed", key).verdict == "valid"
    assert verify("nats-nkey-seed", key[:20] + ("A" if key[20] != "A" else "B") + key[21:]).verdict == "malformed"


def _nats(seed: int) -> str:
    """A user seed: five bits S, five bits U, six bits to spare."""
    body = (18 << 11 | 20 << 6).to_bytes(2, "big") + random.Random(seed).randbytes(32)
    return base64.b32encode(body + binascii.crc_hqx(body, 0).to_bytes(2, "little")).decode().rstrip("=")


@pytest.mark.parametrize("seed", range(10))
def test_extended_keys_have_a_checksum(seed: int) -> None:
    body = bytes.fromhex("0488ade4") + random.Random(seed).randbytes(74)
    number = int.from_bytes(body + hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4], "big")
    key = ""
    while number:
        number, digit = divmod(number, 58)
        key = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit] + key
    assert key.startswith("xprv")
    assert verify("bitcoin-extended-key", key).verdict == "valid"
    assert verify("bitcoin-extended-key", key[:40] + ("A" if key[40] != "A" else "B") + key[41:]).verdict == "malformed"
    assert verify("bitcoin-extended-key", key[:40] + "0" + key[41:]).verdict == "malformed"
