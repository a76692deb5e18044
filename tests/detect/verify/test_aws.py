"""AWS key ids with an account number put into them, and Bedrock keys."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.detect.verify import verify

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def key_id(account: int, tail: str = "7ZQ4WMK", prefix: str = "AKIA") -> str:
    """Nine characters hold 45 bits: a one, 40 bits of account, four bits of the rest."""
    bits = 1 << 44 | account << 4 | 9
    return prefix + "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(9))) + tail


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_the_account_number_is_read_from_the_id(account: int) -> None:
    told = verify("aws-access-key-id", key_id(account))
    assert told.verdict == "unverified"
    assert told.fact("account") == f"{account:012}"


@pytest.mark.parametrize(
    ("value", "verdict", "account"),
    [
        ("ASIAQNZGKIQY56JQ7WML", "unverified", "029608264753"),
        ("AKIAIDQJ6PTGDFFWYX7A", "unverified", ""),
        ("AKIA1984R439T439HTH4", "malformed", ""),
        ("AKIAZ7EXAMPLE", "malformed", ""),
        ("AKIAQNZGKIQ5YEXAMPLE", "placeholder", ""),
        ("AKIAXXXXXXXXXXXXXXXX", "placeholder", ""),
        ("", "malformed", ""),
    ],
)
def test_key_ids(value: str, verdict: str, account: str) -> None:
    told = verify("aws-access-key-id", value)
    assert told.verdict == verdict
    if account:
        assert told.fact("account") == account


def test_a_long_term_bedrock_key_names_user_and_account() -> None:
    body = base64.b64encode(b"BedrockAPIKey-x7k2-at-123456789012:c2VjcmV0IG9mIHRoZSBrZXk=").decode()
    told = verify("aws-bedrock-key", "ABSK" + body)
    assert told.verdict == "valid"
    assert told.facts == (("account", "123456789012"), ("user", "BedrockAPIKey-x7k2"))
    assert verify("aws-bedrock-key", "ABSK" + body[8:]).verdict == "malformed"


def test_a_short_term_bedrock_key_expires() -> None:
    address = (
        "bedrock.example/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={key_id(123456789012, prefix='ASIA')}%2F20240101%2Fus-east-1%2Fbedrock%2Faws4_request"
        "&X-Amz-Date=20240101T120000Z&X-Amz-Expires=43200&X-Amz-Signature=00&Version=1"
    )
    key = "bedrock-api-key-" + base64.b64encode(address.encode()).decode()
    assert verify("aws-bedrock-key", key, now=1704100000).verdict == "valid"
    told = verify("aws-bedrock-key", key, now=1704200000)
    assert (told.verdict, told.fact("expires"), told.fact("account")) == ("expired", "2024-01-02", "123456789012")
