"""What holds for every verifier and any text: a verdict, printable facts, no exception, nothing loaded early."""

from __future__ import annotations

import base64
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.core.resources import load_rules
from auditor.detect.verify import LONGEST, VERIFIERS, Verdict, verify
from auditor.detect.verify.outcome import facts, iso_date

VERDICTS = {"valid", "expired", "malformed", "placeholder", "unverified"}
PROOFS = {"checksum", "structure", "none"}
ONE_OF_EACH = sorted({family: kind for kind, family in VERIFIERS.items()}.values())

_PIECES = st.sampled_from(
    [
        *(
            "ghp_",
            "github_pat_",
            "glpat-",
            ".01.",
            "npm_",
            "vcp_",
            "eyJhbGciOiJIUzI1NiJ9",
            ".",
            "hvs.CAESI",
            "hvb.AAAAAQ",
        ),
        *(
            "pypi-AgE",
            "FlyV1 fm2_lJPE",
            "ops_eyJ",
            "sntrys_eyJ",
            "_",
            "AKIA",
            "ABSK",
            "JQQJ99BC",
            "+ASt",
            "8Q~",
            "AzCa",
        ),
        *("AGE-SECRET-KEY-1", "QPZRY9X8", "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"),
        *("-----BEGIN OPENSSH PRIVATE KEY-----", "b3BlbnNzaC1rZXktdjEA", "-----END OPENSSH PRIVATE KEY-----"),
        *(
            "-----BEGIN PGP PRIVATE KEY BLOCK-----",
            "-----END PGP PRIVATE KEY BLOCK-----",
            "-----BEGIN CERTIFICATE-----",
        ),
        *(
            "PuTTY-User-Key-File-3: ssh-ed25519\n",
            "Public-Lines: 1\n",
            "Private-Lines: 999\n",
            "Proc-Type: 4,ENCRYPTED\n",
        ),
        *(
            '{"auths":',
            '{"type":"service_account","private_key":"',
            '"}',
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "=",
            "==",
            "A" * 43,
        ),
        *(
            "a" * 40,
            "0" * 64,
            "\n",
            "\\n",
            " ",
            "\x00",
            "\x1b[31m",
            "\udcff",
            "\U0001f600",
            "\u0661",
            "\u2028",
            "US:",
            "Basic ",
        ),
        *("MIIB", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "MC4CAQAwBQYDK2VwBCIEI", "se=2020-01-01&", "sig=", "T1234567/"),
    ]
)
texts = st.one_of(
    st.lists(_PIECES, max_size=12).map("".join),
    st.text(max_size=100),
    st.binary(max_size=120).map(lambda data: base64.b64encode(data).decode()),
)


def check(told: Verdict) -> None:
    assert told.verdict in VERDICTS
    assert told.proof in PROOFS
    for name, value in told.facts:
        assert name.isprintable()
        assert value.isprintable()
        assert 0 < len(value) <= 120


@pytest.mark.parametrize("kind", ONE_OF_EACH)
@given(value=texts, beside=texts)
@settings(max_examples=150, deadline=None)
def test_any_text_gets_a_verdict(kind: str, value: str, beside: str) -> None:
    check(verify(kind, value, beside=value + beside, now=1.7e9))


WRAPPERS = [
    *(
        (kind, f"-----BEGIN {label}-----\n", f"\n-----END {label}-----")
        for kind, label in [
            ("private-key", "PRIVATE KEY"),
            ("private-key", "OPENSSH PRIVATE KEY"),
            ("private-key", "ENCRYPTED PRIVATE KEY"),
            ("private-key", "PGP PRIVATE KEY BLOCK"),
        ]
    ),
    ("vault-token", "hvs.", ""),
    ("vault-token", "hvb.", ""),
    ("pypi-token", "pypi-", ""),
    ("fly-token", "fm2_", ""),
    ("keeper-config", "", ""),
    ("aws-bedrock-key", "ABSK", ""),
    ("aws-bedrock-key", "bedrock-api-key-", ""),
    ("azure-storage-key", "", ""),
]
_BINARY = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            [
                *(
                    b"\x30\x82\x01\x00",
                    b"\x30\x80",
                    b"\x02\x01\x00",
                    b"\x02\x84\xff\xff\xff\xff",
                    b"\x04\x20",
                    b"\x06\x80",
                ),
                *(
                    b"openssh-key-v1\0",
                    b"\0\0\0\x04none",
                    b"\0\0\0\0",
                    b"\0\0\0\1",
                    b"\xff\xff\xff\xff",
                    b"\0\0\0\x07ssh-rsa",
                ),
                *(
                    b"\x02",
                    b"\x01\x08index.ex",
                    b"\x06\x20",
                    b"\x94\x93",
                    b"\xc4\x10",
                    b"\xdd\xff\xff\xff\xff",
                    b"\x9f",
                    b"\x8f",
                ),
                *(b"\x08\x01\x12\x20", b"\x1a\x1e", b"\x80" * 12, b"\x95\x01\x00", b"\xc5\xff", b"\x04", b"x" * 32),
            ]
        ),
        max_size=20,
    ).map(b"".join),
)


@pytest.mark.parametrize(("kind", "before", "after"), WRAPPERS)
@given(data=_BINARY)
@settings(max_examples=150, deadline=None)
def test_any_bytes_inside_a_wrapper_get_a_verdict(kind: str, before: str, after: str, data: bytes) -> None:
    check(verify(kind, before + base64.b64encode(data).decode() + after, now=1.7e9))


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_long_values_of_every_kind_end_and_longer_ones_are_not_looked_at(kind: str) -> None:
    for piece in (
        "A",
        "[",
        "{",
        "eyJ",
        "-----BEGIN PRIVATE KEY-----",
        "glpat-a.",
        "\\n",
        ": \n",
        "a.",
        "\x80",
        "0",
        "=",
        "&se=",
    ):
        check(verify(kind, (piece * LONGEST)[:LONGEST], beside=piece * LONGEST, now=1.7e9))
        assert verify(kind, piece + "A" * LONGEST).verdict == "unverified"


def test_a_kind_without_a_verifier_is_unverified() -> None:
    assert verify("password", "hunter2") == Verdict("unverified", (), "none")


def test_white_space_around_a_value_does_not_matter() -> None:
    assert verify("aws-access-key-id", " ASIAQNZGKIQY56JQ7WML\n").fact("account") == "029608264753"


def test_every_kind_is_a_format_of_the_rules_or_a_part_of_a_file() -> None:
    formats = {row["id"] for row in load_rules()["tables"]["secrets"]}
    parts_of_files = {"azure-devops-token", "discord-bot-token", "docker-auth", "npmrc-auth"}
    assert set(VERIFIERS) - formats <= parts_of_files


@pytest.mark.parametrize("kind", sorted(VERIFIERS))
def test_every_registered_function_exists(kind: str) -> None:
    check(verify(kind, "x", now=1.7e9))


def test_no_verifier_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys, auditor.detect.verify as v; before = set(sys.modules);"
        "v.verify('npm-token', 'npm_x', now=1.0); new = set(sys.modules) - before;"
        "assert not {'json', 'hashlib', 'datetime', 'base64'} & set(sys.modules), 'too much';"
        "print(sorted(m for m in new if m.startswith('auditor.detect.verify')))"
    )
    out = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "['auditor.detect.verify.crc', 'auditor.detect.verify.encoding']"


@pytest.mark.parametrize(
    ("seconds", "day"),
    [
        (0, None),
        (1, "1970-01-01"),
        (1.5e9, "2017-07-14"),
        (253402300799, "9999-12-31"),
        (1e15, None),
        (True, None),
        ("1", None),
    ],
)
def test_dates(seconds: object, day: str | None) -> None:
    assert iso_date(seconds) == day


def test_facts_without_a_value_are_left_out() -> None:
    assert facts(("a", None), ("b", " \n"), ("c", " x\ty ")) == (("c", "xy"),)
