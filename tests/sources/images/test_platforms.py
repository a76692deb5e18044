"""Platforms as documents and people write them."""

from __future__ import annotations

import pytest

from auditor.sources.images.platforms import described, suits


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", "linux/arm64"),
        ("all", "linux/arm64"),
        ("linux/386", ""),
        ("linux/amd64", "linux/amd64"),
        ("amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/arm64", "linux/arm64/v8"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm", "linux/arm/v6"),
        ("linux/arm/v7", "linux/arm"),
        ("LINUX/AMD64", "linux/amd64"),
        ("windows", "windows/amd64"),
    ],
)
def test_suits(wanted: str, found: str) -> None:
    assert suits(wanted, found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("linux/amd64", "linux/arm64"),
        ("linux/amd64", "windows/amd64"),
        ("linux/arm/v6", "linux/arm/v7"),
        ("linux/amd64/v3", "linux/amd64"),
        ("linux/arm", "linux/arm64"),
    ],
)
def test_does_not_suit(wanted: str, found: str) -> None:
    assert not suits(wanted, found)


def test_described() -> None:
    assert described({"os": "linux", "architecture": "arm", "variant": "v7"}) == "linux/arm/v7"
    assert described({"architecture": "amd64"}) == "linux/amd64"
    assert described({"os": "unknown", "architecture": "unknown"}) == described({}) == described({"os": 3}) == ""
