"""Microsoft's keys, made here with a Marvin32 written from its description (bytes, not words) and then damaged."""

from __future__ import annotations

import base64
import random
import string
import struct
import zlib

import pytest

from auditor.detect.verify import verify

ALNUM = string.ascii_letters + string.digits
ENTRA = string.ascii_lowercase + string.ascii_uppercase + "1234567890.-_~"


def marvin(data: bytes, seed: str) -> int:
    """Marvin32 over the padded message, as one fold over unpacked words."""
    high, low = struct.unpack(">II", seed.encode())
    padded = data + b"\x80" + b"\0" * (-(len(data) + 1) % 4) + b"\0" * 4
    for (word,) in struct.iter_unpack("<I", padded):
        low = (low + word) % 2**32
        high ^= low
        low = ((low << 20) % 2**32 + (low >> 12) + high) % 2**32
        high = ((high << 9) % 2**32 + (high >> 23)) ^ low
        low = ((low << 27) % 2**32 + (low >> 5) + high) % 2**32
        high = (high << 19) % 2**32 + (high >> 13)
    return low ^ high


def identifiable(signature: str, purpose: str, size: int, seed: int) -> str:
    """A key of `size` bytes whose base64 has the signature before the last six digits."""
    raw = random.Random(seed).randbytes(size)
    text = base64.b64encode(raw).decode().rstrip("=")
    text = text[:-10] + signature + text[-6:]
    data = bytearray(base64.b64decode(text + "=" * (-len(text) % 4)))
    body = bytes(data[:-4])
    # The signature's last bits reach into the checksum's first byte only where the sizes do not fit; these do.
    return base64.b64encode(body + struct.pack("<I", marvin(body, purpose))).decode()


@pytest.mark.parametrize(
    ("signature", "purpose", "size", "service", "scope"),
    [
        ("+ASt", "Default0", 64, "Azure Storage", ""),
        ("ACDb", "MastRW00", 64, "Azure Cosmos DB", "read and write"),
        ("ACDb", "MastRO00", 64, "Azure Cosmos DB", "read only"),
        ("+ABa", "AbAcct00", 64, "Azure Batch", ""),
        ("+AMC", "Classic0", 64, "Azure Machine Learning", ""),
        ("APIM", "Gatewy00", 64, "Azure API Management", "gateway"),
    ],
)
@pytest.mark.parametrize("seed", range(8))
def test_an_identifiable_key_is_valid_and_a_damaged_one_is_not(
    signature: str, purpose: str, size: int, service: str, scope: str, seed: int
) -> None:
    key = identifiable(signature, purpose, size, seed)
    assert signature in key
    told = verify("azure-storage-key", key)
    assert (told.verdict, told.proof, told.fact("service"), told.fact("scope")) == ("valid", "checksum", service, scope)
    damaged = ("A" if key[9] != "A" else "B").join((key[:9], key[10:]))
    assert verify("azure-storage-key", damaged).verdict == "malformed"
    assert verify("azure-storage-key", key[4:]).verdict == "malformed"


def test_a_key_of_thirty_two_bytes_is_read_where_its_signature_stands() -> None:
    for seed in range(300):
        raw = bytearray(random.Random(seed).randbytes(39))
        text = base64.b64encode(bytes(raw)).decode()
        text = text[:-10] + "+ACR" + text[-6:]
        body = base64.b64decode(text)[:-4]
        key = base64.b64encode(body + struct.pack("<I", marvin(body, "ACRDflt0"))).decode()
        if key[-10:-6] == "+ACR":
            assert verify("azure-container-registry-key", key).fact("service") == "Azure Container Registry"
            assert verify("azure-container-registry-key", key).verdict == "valid"
            return
    raise AssertionError("no key kept its signature")


def test_a_redis_key_that_fails_is_unverified() -> None:
    key = identifiable("AzCa", "Default0", 64, 3)
    assert verify("azure-signed-key", key).verdict == "unverified"


def annotated(service: str, seed: int, *, derived: bool = False, long: bool = False) -> str:
    kind = "9D" if derived else "99"
    body = "".join(random.Random(seed).choices(ALNUM, k=52)) + f"JQQJ{kind}BC" + "A" * 16 + service
    checksum = marvin(base64.b64decode(body), "Default0")
    if derived:
        letters = string.digits + string.ascii_uppercase + string.ascii_lowercase
        text = ""
        while checksum:
            checksum, digit = divmod(checksum, 62)
            text = letters[digit] + text
        return body + text[:4]
    written = base64.b64encode(struct.pack("<I", checksum)).decode()
    return body + (written if long else written[:4])


@pytest.mark.parametrize("derived", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_an_annotated_key_says_its_service_and_month(seed: int, derived: bool) -> None:
    key = annotated("AZDO", seed, derived=derived)
    told = verify("azure-devops-token", key)
    assert told.verdict == "valid"
    assert told.facts == (("service", "Azure DevOps"), ("issued", "2025-03"))
    assert verify("azure-devops-token", "Zz" + key[2:]).verdict == "malformed"


def test_the_long_form_of_an_annotated_key_is_valid() -> None:
    for seed in range(200):
        key = annotated("ABCD", seed, long=True)
        if not set(key) & set("+/"):
            assert len(key) == 88
            assert verify("azure-storage-key", key).verdict == "valid"
            assert verify("azure-storage-key", key).fact("service") == "Azure (ABCD)"
            return
    raise AssertionError("no key without special characters")


@pytest.mark.parametrize("mask", [0xE0B9692D, 0x1019F92E])
def test_a_devops_token_hides_its_checksum_in_four_places(mask: int) -> None:
    body = random.Random(mask).randbytes(28)
    checksum = struct.pack("<I", zlib.crc32(body) ^ mask)
    data = body[:2] + checksum[3:4] + body[2:6] + checksum[2:3] + checksum[1:2] + body[6:19] + checksum[0:1] + body[19:]
    token = base64.b32encode(data).decode().rstrip("=").lower()
    told = verify("azure-devops-token", token)
    assert (told.verdict, told.proof) == ("valid", "checksum")
    assert told.fact("type") == ("user" if mask == 0xE0B9692D else "application")
    assert verify("azure-devops-token", "a" + token[1:] if token[0] != "a" else "b" + token[1:]).verdict == "malformed"


def test_an_entra_secret_ends_in_half_a_checksum() -> None:
    body = "aB3" + "8Q~" + "".join(random.Random(4).choices(ENTRA, k=31))
    number, written = marvin(body.encode(), "AadPwd00"), ""
    while number:
        number, digit = divmod(number, len(ENTRA))
        written = ENTRA[digit] + written
    assert verify("azure-client-secret", body + written[:3]).verdict == "valid"
    wrong = written[:2] + ("~" if written[2] != "~" else "a")
    assert verify("azure-client-secret", body + wrong).verdict == "malformed"


def test_an_old_entra_secret_has_no_checksum() -> None:
    secret = "aB37Q~" + "".join(random.Random(4).choices(ENTRA, k=31))
    assert verify("azure-client-secret", secret).verdict == "unverified"


def test_a_storage_key_without_signature_is_unverified_and_garbage_malformed() -> None:
    assert (
        verify("azure-storage-key", base64.b64encode(random.Random(1).randbytes(64)).decode()).verdict == "unverified"
    )
    assert verify("azure-storage-key", "A" * 86 + "==").verdict == "placeholder"
    assert verify("azure-storage-key", "not base64 at all!").verdict == "malformed"


_QUERY = "https://acct.example/c/b?sv=2022-11-02&se={ends}&sr=c&sp=rl&sig=abcDEF%2B123"


@pytest.mark.parametrize(
    ("ends", "verdict", "day"),
    [
        ("2020-01-31T10%3A00%3A00Z", "expired", "2020-01-31"),
        ("2020-01-31", "expired", "2020-01-31"),
        ("2999-01-01T00:00:00Z", "unverified", "2999-01-01"),
        ("1580464800", "expired", "2020-01-31"),
        ("soon", "unverified", ""),
        ("2020-13-31", "unverified", ""),
    ],
)
def test_a_shared_access_signature_ends_when_the_query_beside_it_says(ends: str, verdict: str, day: str) -> None:
    beside = f'endpoint = "{_QUERY.format(ends=ends)}"\nother = 1'
    told = verify("azure-sas", "abcDEF%2B123", beside=beside, now=1.7e9)
    assert (told.verdict, told.fact("expires"), told.fact("scope")) == (verdict, day, "rl")
    assert verify("azure-sas", "abcDEF%2B123").facts == ()


def test_a_function_key_may_have_its_padding_escaped() -> None:
    for seed in range(300):
        key = identifiable("AzFu", "Functi00", 40, seed)
        if key[-12:-8] == "AzFu":
            assert (
                verify("azure-function-key", key.replace("+", "-").replace("/", "_").replace("=", "%3D")).verdict
                == "valid"
            )
            return
    raise AssertionError("no key kept its signature")
