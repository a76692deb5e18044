"""Tokens with a CRC-32, made here from each issuer's description and then damaged."""

from __future__ import annotations

import base64
import hashlib
import random
import string
import zlib
from collections.abc import Callable

import pytest

from auditor.detect.verify import verify

ALNUM = string.digits + string.ascii_uppercase + string.ascii_lowercase


def rest(size: int, seed: int, letters: str = ALNUM) -> str:
    return "".join(random.Random(seed).choices(letters, k=size))


def in_base(number: int, letters: str, width: int) -> str:
    return "".join(letters[number // len(letters) ** place % len(letters)] for place in reversed(range(width)))


def crc(text: str) -> int:
    return zlib.crc32(text.encode())


def github(prefix: str, size: int) -> Callable[[int], str]:
    def make(seed: int) -> str:
        body = rest(size, seed)
        return prefix + body + in_base(crc(body), ALNUM, 6)

    return make


def fine_grained(seed: int) -> str:
    head = f"github_pat_{rest(22, seed)}_{rest(43, seed + 1)}"
    return head + base64.b32encode(hashlib.sha256(head.encode()).digest()).decode()[:8] + rest(8, seed + 2)


def routable(seed: int, version: str = ".01", lines: str = "c:1\no:2s\nu:3k") -> str:
    payload = (
        base64.urlsafe_b64encode(lines.encode() + random.Random(seed).randbytes(16) + b"\x10").decode().rstrip("=")
    )
    lower = string.digits + string.ascii_lowercase
    head = f"glpat-{payload}{version}.{in_base(len(payload), lower, 2)}"
    return head + in_base(crc(head), lower, 7)


def grafana(seed: int) -> str:
    head = "glsa_" + rest(32, seed)
    return f"{head}_{crc(head).to_bytes(4, 'little').hex()}"


def atlassian(seed: int) -> str:
    head = f"ATATT3xFfGF0{rest(150, seed)}="
    return f"{head}{crc(head):08X}"


def cloudflare(seed: int) -> str:
    body = rest(40, seed)
    return f"cfut_{body}{crc(body):08x}"


def confluent(seed: int) -> str:
    body = rest(54, seed, ALNUM + "+/")
    return "cflt" + body + base64.b64encode(crc(body).to_bytes(4, "little")).decode()[:6]


def zuplo(seed: int) -> str:
    body = rest(32, seed)
    return f"zpka_{body}_{crc(body):08x}"


FORMATS = [
    ("github-token", github("ghp_", 30)),
    ("github-token", github("gho_", 30)),
    ("github-token", github("ghs_", 30)),
    ("github-token", github("ghr_", 70)),
    ("github-fine-grained-token", fine_grained),
    ("npm-token", github("npm_", 30)),
    ("vercel-token", github("vcp_", 50)),
    ("gitlab-token", routable),
    ("gitlab-token", lambda seed: routable(seed, version="")),
    ("grafana-token", grafana),
    ("atlassian-token", atlassian),
    ("cloudflare-token", cloudflare),
    ("confluent-secret", confluent),
    ("zuplo-key", zuplo),
]


@pytest.mark.parametrize(("kind", "make"), FORMATS)
@pytest.mark.parametrize("seed", range(20))
def test_a_made_token_is_valid_and_a_damaged_one_is_not(kind: str, make: Callable[[int], str], seed: int) -> None:
    token = make(seed)
    told = verify(kind, token)
    assert (told.verdict, told.proof) == ("valid", "checksum")
    at = 14 + seed % 10
    damaged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
    assert verify(kind, damaged).verdict == "malformed"


@pytest.mark.parametrize(("kind", "make"), FORMATS)
def test_a_token_with_its_last_character_cut_or_changed_is_not_valid(kind: str, make: Callable[[int], str]) -> None:
    token = make(99)
    assert verify(kind, token[:-1]).verdict != "valid"
    if kind != "github-fine-grained-token":  # its last eight characters are under no known checksum
        assert verify(kind, token[:-1] + ("0" if token[-1] != "0" else "1")).verdict != "valid"


@pytest.mark.parametrize(
    ("kind", "token"),
    [
        ("github-token", "ghp_" + "x" * 36),
        ("github-token", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
        ("npm-token", "npm_" + "0" * 36),
        ("grafana-token", "glsa_" + "X" * 32 + "_AAAAAAAA"),
        ("zuplo-key", "zpka_" + "0" * 32 + "_00000000"),
        ("vercel-token", "vcp_EXAMPLE" + rest(49, 1)),
    ],
)
def test_visible_filler_is_a_placeholder(kind: str, token: str) -> None:
    assert verify(kind, token).verdict == "placeholder"


@pytest.mark.parametrize(
    ("kind", "token"),
    [
        ("github-token", "ghp_" + rest(44, 3)),
        ("gitlab-token", "glpat-" + rest(20, 3)),
    ],
)
def test_lengths_without_a_known_checksum_are_unverified(kind: str, token: str) -> None:
    assert verify(kind, token).verdict == "unverified"


def test_github_says_what_kind_of_token_it_is() -> None:
    assert verify("github-token", github("ghs_", 30)(5)).fact("type") == "app installation token"


def test_a_github_app_token_with_a_jwt_inside_is_read_as_one() -> None:
    parts = [
        base64.urlsafe_b64encode(p).decode().rstrip("=") for p in (b'{"alg":"RS256"}', b'{"exp":1600000000}', b"s" * 32)
    ]
    told = verify("github-token", "ghs_12345_" + ".".join(parts), now=1.7e9)
    assert told.verdict == "expired"
    assert told.fact("app id") == "12345"
    assert told.fact("expires") == "2020-09-13"


def test_gitlab_names_the_owner() -> None:
    told = verify("gitlab-token", routable(7, lines="c:1\ng:a\no:1\np:2s\nu:3k"))
    assert told.facts == (("group id", "10"), ("organisation id", "1"), ("project id", "100"), ("user id", "128"))
