"""Values that somebody typed: what is a filler, what only looks like one."""

import pytest

from auditor.detect.fillers import counts, is_filler, repeats
from tests.work import calls

FILLERS = (
    "xxxxxxxxxxxxxxxxxxxx",
    "aaaaaaaaaaaaaaaabbbb",
    "abcdefghijklmnopqrst",
    "zyxwvutsrqponmlkji98",
    "AbCdEfGhIjKlMnOpQrStUvWx",
    "a1b2c3d4e5f6g7h8i9j0",
    "A1B2C3D4E5F6A1B2C3D4E5F6",
    "1234567890abcdef1234567890abcdef",
    "0123456789abcdef0123456789abcdef",
    "qwertyuiopasdfghjkl1",
    "abcd1234abcd1234abcd1234",
    "AKIAIOSFODNN7EXAMPLE",
    "your-api-key-goes-here",
    "ops_eyJzaWduSW5BZGRyZXNz...",
    "sk_live_XXXXXXXXXXXXXXXX",
    "R7mQ2vN9xK4pT8cW1zL6gH3sD5fJ0aB7R7mQ2vN9xK4pT8cW1zL6gH3sD5fJ0aB7",
)
GENERATED = (
    "5aab40e433037523cc70af7d3894a0fa",
    "qFj32Da8vf-g_-8qLu9P_k8XPyAHGrvKrzGTQIN4",
    "hxkq7Zt2LwPz0VbNm4Ys",
    "0f9c1d7e3b5a8462",
    "MTAyOTQ4MTM5OTU5MTAwNDE2.YjESug",
    "743b294a-cd03-11ec-9d64-0242ac120002",
    "ab1cd2",
)


@pytest.mark.parametrize("text", FILLERS)
def test_typed_values_are_fillers(text: str) -> None:
    assert is_filler(text)


@pytest.mark.parametrize("text", GENERATED)
def test_generated_values_are_not(text: str) -> None:
    assert not is_filler(text)


def test_counting_needs_both_letters_and_digits_to_climb() -> None:
    assert counts("a1b2c3d4e5f6g7h8")
    assert not counts("a9b2c7d4e1f6g3h8i2")
    assert not counts("abc")


def test_repeats_wants_a_good_part_of_the_text() -> None:
    assert repeats("k3f9k3f9k3f9k3f9")
    assert not repeats("k3f9" + "0a8b7c6d5e4f3g2h1i9j")
    assert not repeats("k3f9k3f9")


def test_a_long_text_costs_linear_time() -> None:
    small, large = (calls(lambda size=size: is_filler("k7Qz" * size)) for size in (500, 5000))
    assert large < 20 * small
