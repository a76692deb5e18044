"""What looks generated and what looks like a name."""

import random
import string
from importlib.util import find_spec

import pytest

from auditor.detect.randomness import RANDOM, bits, is_random
from tests.work import calls
from tools.letterpairs import rows

GENERATED = (
    "5aab40e433037523cc70af7d3894a0fa",
    "743b294a-cd03-11ec-9d64-0242ac120002",
    "wx3Zq8Lk2VbN0pTr",
    "hxkq7zt2lwpz0vbnm4ys",
    "Xq9-_vT0bW2kLz-8mNcR4sYdE",
    "TYP8NAXRDM7XHTG97GP9XVQWEN0DK138",
    "qzjvxkwpmhbgfqxzkvjw",
    "k9/Qw+Zx7Lm2Vb0Np4Rt6Ys8Ud1Gf3Hj5=",
)
NAMES = (
    "getElementsByTagName",
    "application_default_credentials",
    "AmazonDynamoDBFullAccess",
    "sha256-of-the-request-body",
    "normalize_http2_auth",
    "PBEWithHmacSHA256",
    "test_token_response_v2_1",
    "us-east-1.compute.internal",
    "python3.11-minimal",
    "2023-10-05T12:30:00",
    "12345678901234567890",
    "aaaaaaaaaaaaaaaaaaaa1",
    "deadbeefdeadbeef",
    "node_modules/react-dom/index.js",
    "short1",
    "",
)


@pytest.mark.parametrize("text", GENERATED)
def test_generated_values_are_random(text: str) -> None:
    assert is_random(text)


@pytest.mark.parametrize("text", NAMES)
def test_names_are_not(text: str) -> None:
    assert not is_random(text)


@pytest.mark.parametrize(("alphabet", "size"), [(string.ascii_letters + string.digits, 20), ("0123456789abcdef", 32)])
def test_nearly_every_drawn_value_is_found(alphabet: str, size: int) -> None:
    source = random.Random(7)
    drawn = ["".join(source.choices(alphabet, k=size)) for _ in range(500)]
    assert sum(map(is_random, drawn)) >= 490


def test_words_take_nothing_from_the_random_part() -> None:
    assert bits("sk_live_" + "wx3Zq8Lk2VbN0pTr") == bits("wx3Zq8Lk2VbN0pTr") >= RANDOM


@pytest.mark.skipif(
    find_spec("idlelib") is None or find_spec("test.test_email") is None,
    reason="this Python has a part of the standard library only, of which the table was made",
)
def test_the_table_is_what_its_tool_makes() -> None:
    # Another version of the standard library gives a slightly different one: the same to a step or two.
    from auditor.detect import randomness

    table = randomness._PAIRS
    pairs = zip("".join(table), "".join(rows()), strict=True)
    differences = [abs(ord(kept) - ord(made)) for kept, made in pairs]
    assert len(differences) == 26 * 26
    assert sum(difference <= 1 for difference in differences) >= 0.97 * len(differences)


def test_work_is_linear() -> None:
    small, large = (calls(lambda size=size: is_random("k7QzX2" * size)) for size in (500, 5000))
    assert large < 20 * small
