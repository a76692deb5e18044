"""Macaroons built field by field: package index tokens and Fly.io's."""

from __future__ import annotations

import base64
import json
import struct

import pytest

from auditor.detect.verify import verify
from auditor.detect.verify.msgpack import unpack

IDENTIFIER = "6e3b1cc4-65b5-4ea7-a3c4-7a0f0f3ab001"


def field(kind: int, body: bytes) -> bytes:
    size, written = len(body), b""
    while size >= 0x80:
        size, written = size >> 7, written + bytes((size & 0x7F | 0x80,))
    return bytes((kind,)) + written + bytes((size,)) + body


def index_token(*caveats: object, location: bytes = b"index.example", signature: bytes = b"s" * 32) -> str:
    raw = b"\x02" + field(1, location) + field(2, IDENTIFIER.encode()) + b"\0"
    for caveat in caveats:
        raw += field(2, json.dumps(caveat).encode()) + b"\0"
    return "pypi-" + base64.urlsafe_b64encode(raw + b"\0" + field(6, signature)).decode().rstrip("=")


@pytest.mark.parametrize(
    ("caveats", "verdict", "facts"),
    [
        ([{"version": 1, "permissions": "user"}], "valid", {"scope": "user"}),
        ([{"version": 1, "permissions": {"projects": ["a", "b"]}}], "valid", {"scope": "a, b"}),
        ([[1, ["only"]], [3, "u-1"]], "valid", {"scope": "only", "user": "u-1"}),
        ([[0, 1_600_000_000, 0]], "expired", {"expires": "2020-09-13"}),
        ([{"exp": 1_800_000_000, "nbf": 0}, [0, 1_750_000_000, 0]], "valid", {"expires": "2025-06-15"}),
        ([[0, "soon", None], [], 7], "valid", {"expires": ""}),
        ([], "valid", {"issuer": "index.example", "key id": IDENTIFIER}),
    ],
)
def test_caveats_become_facts(caveats: list[object], verdict: str, facts: dict[str, str]) -> None:
    told = verify("pypi-token", index_token(*caveats), now=1.7e9)
    assert told.verdict == verdict
    assert {name: told.fact(name) for name in facts} == facts


def test_every_truncation_is_malformed() -> None:
    token = index_token({"permissions": "user"})
    assert all(verify("pypi-token", token[:end]).verdict == "malformed" for end in range(5, len(token) - 1))


def test_a_wrong_signature_length_or_location_is_not_valid() -> None:
    assert verify("pypi-token", index_token(signature=b"s" * 31)).verdict == "malformed"
    assert verify("pypi-token", index_token(location=b"\xff\xfe")).verdict == "unverified"


def pack(item: object) -> bytes:
    match item:
        case None | bool():
            return b"\xc0" if item is None else b"\xc3" if item else b"\xc2"
        case int():
            return bytes((item,)) if 0 <= item < 128 else b"\xd3" + struct.pack(">q", item)
        case bytes():
            return b"\xc4" + bytes((len(item),)) + item
        case str():
            return b"\xd9" + bytes((len(item.encode()),)) + item.encode()
        case list():
            return b"\xdc" + struct.pack(">H", len(item)) + b"".join(map(pack, item))
        case dict():
            pairs = b"".join(pack(key) + pack(value) for key, value in item.items())
            return bytes((0x80 | len(item),)) + pairs
    raise TypeError(item)


def fly_token(caveats: list[object]) -> str:
    raw = pack([[b"k" * 8, b"r" * 16, False], "https://api.example/v1", caveats, b"t" * 32])
    return "fm2_" + base64.b64encode(raw).decode()


def test_fly_names_organisation_and_window() -> None:
    token = fly_token([0, [4711, 31], 5, [{"builder": 31}], 4, [1_500_000_000, 1_600_000_000]])
    told = verify("fly-token", "FlyV1 " + token, now=1.7e9)
    assert told.verdict == "expired"
    assert told.facts == (
        ("issuer", "https://api.example/v1"),
        ("organisation", "4711"),
        ("expires", "2020-09-13"),
    )
    assert verify("fly-token", f"FlyV1 {token},{fly_token([])}", now=1.5e9).verdict == "valid"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "FlyV1 ",
        "fm2_",
        "fm2_!!!!",
        "fm2_" + base64.b64encode(pack([1, 2, 3])).decode(),
        fly_token([])[:-4],
        fly_token([1]),
    ],
)
def test_what_is_no_fly_token_is_malformed(value: str) -> None:
    assert verify("fly-token", value).verdict == "malformed"


@pytest.mark.parametrize("item", [0, 127, -1, -(2**40), True, None, b"", b"x" * 200, "ä", [], [[], [1, [2]]]])
def test_msgpack_gives_back_what_was_packed(item: object) -> None:
    assert unpack(pack(item)) == item


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"\xc7\x01", b"\x92\x01", b"\x01\x01", b"\x91" * 50, b"\xdd\xff\xff\xff\xff" + b"\0" * 5000]
)
def test_msgpack_refuses_the_rest(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(data)
