"""The secret key beside an access key id."""

from __future__ import annotations

import pytest

from auditor.core.finding import Confidence
from auditor.detect import companions, tokens
from auditor.detect.detection import PROVIDER_KEY

ID = "AKIA" + "Z7Q2M4X6N3B5V7C2"
KEY = "h2Vq8ZtR4wLx0Pb7Nc5Y" + "d3Kf9Ms1Jg6Ua/Qe+Tz8"
OTHER = "Wm3Xc7Bn1Vz5Lk9Pq2Rt" + "6Yh0Jd4Fs8Ga/He+Ui3O"


def found(text: str) -> list[str]:
    """Values of the keys beside the first id; their places are checked."""
    token = next(one for one in tokens.find(text) if one.kind == companions.KEY_ID)
    told = list(companions.find(text, token))
    for one in told:
        assert text[one.start : one.end] == one.secret.reveal()
        assert (one.rule, one.confidence, one.verdict) == (PROVIDER_KEY, Confidence.HIGH, "unverified")
        assert one.secret.kind == "aws-secret-access-key"
    return [one.secret.reveal() for one in told]


@pytest.mark.parametrize(
    "text",
    [
        f"{ID},{KEY}",
        f"{ID}\t{KEY}\n",
        f"{ID}:{KEY}",
        f'["{ID}", "{KEY}"]',
        f"{ID}\0\0\0{KEY}\0",
        f"{ID}{' ' * 60}{KEY}",
        f"{KEY},{ID}",
        f"{KEY}{' ' * 60}{ID}",
        f"<k>{ID}</k><s>{KEY}</s>",
    ],
)
def test_side_by_side(text: str) -> None:
    assert found(text) == [KEY]
    assert found(f"begin {text} end") == [KEY]


def test_the_one_behind_is_meant() -> None:
    assert found(f"{OTHER},{ID},{KEY}") == [KEY]
    assert found(f"{ID},{KEY},{OTHER}") == [KEY]


@pytest.mark.parametrize(
    "beside",
    [
        "",
        " " * 70 + KEY,
        KEY[:-1],
        KEY + "x",
        KEY + "==",
        "x" + KEY,
        KEY.lower(),
        KEY.upper(),
        "0123456789abcdef0123456789abcdef01234567",
        "0123456789ABCDEF0123456789abcdef01234567",
        "usr/share/Applications/Contents/2Resource",
        "ThisIsTheNameOfAFunctionThatDoesNothing1",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAaa1",
        "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
    ],
)
def test_no_key(beside: str) -> None:
    assert found(f"{ID} {beside} ") == []


def test_sample_ids_have_none() -> None:
    assert found("AKIA" + f"IOSFODNN7EXAMPLE,{KEY}") == []
