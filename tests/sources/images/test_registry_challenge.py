from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.images.distribution.challenge import Challenge, challenges


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('Basic realm="x"', [("basic", {"realm": "x"})]),
        ('BEARER Realm="https://t.example/a,b",service="s \\"q\\"" , scope=pull', None),
        (
            'Basic realm="a", Bearer realm="b",service=c',
            [("basic", {"realm": "a"}), ("bearer", {"realm": "b", "service": "c"})],
        ),
        ("Negotiate, Basic", [("negotiate", {}), ("basic", {})]),
        ("Negotiate dG9rZW4==", [("negotiate", {}), ("dg9rzw4", {})]),
        ('realm="x"', []),
        ('Bearer realm="x', [("bearer", {}), ("realm", {})]),
        ("", []),
        (", , ,", []),
    ],
)
def test_challenges(value: str, expected: list[tuple[str, dict[str, str]]] | None) -> None:
    if expected is None:
        expected = [("bearer", {"realm": "https://t.example/a,b", "service": 's "q"', "scope": "pull"})]
    assert challenges([value]) == [Challenge(*pair) for pair in expected]


@given(st.lists(st.text(alphabet='aB ,="\\\t;/é', max_size=200), max_size=3))
def test_no_header_is_too_odd(values: list[str]) -> None:
    assert all(item.scheme for item in challenges(values))


def test_long_headers_are_cheap() -> None:
    for value in ('a="' * 50_000, "a " * 50_000, 'a="' + "\\" * 100_000, "," * 100_000, "a=" * 50_000):
        assert len(challenges([value])) <= 200
