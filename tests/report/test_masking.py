"""Masking: no value survives, look-alikes do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.secret import Masker, Secret
from auditor.core.span import Span
from auditor.report.masking import FileMasker


def masker(*values: str) -> FileMasker:
    return FileMasker([Secret(value, "password") for value in values], [])


@pytest.mark.parametrize(
    ("values", "text", "masked"),
    [
        (["r00t"], "echo r00t:x > /r00t/x.r00t r00ted r00t", "echo ****:x > /r00t/x.r00t r00ted ****"),
        (["password", "default"], "the default password", "the default password"),
        (["a!"], "a!b a!", "****b ****"),
        (["longenough"], "xlongenoughx", "x****x"),
        (["12345678", "123456789012"], "123456789012 12345678", "**** ****"),
        (["abcdefgh", "efghijkl"], "abcdefghijkl", "****"),
        (["-----BEGIN KEY-----"], "-----BEGIN KEY-----", "-----BEGIN KEY-----"),
        ([""], "text", "text"),
        ([], "text", "text"),
        (["p"], "p=p p_p", "****=**** p_p"),
    ],
)
def test_values(values: list[str], text: str, masked: str) -> None:
    assert masker(*values).mask(text) == masked


def test_lines_of_a_key_are_masked_but_not_its_frame() -> None:
    key = "-----BEGIN KEY-----\n  AAAABBBBCCCCDDDD\nxyz\n-----END KEY-----"
    assert masker(key).mask("-----BEGIN KEY----- | AAAABBBBCCCCDDDD") == "-----BEGIN KEY----- | ****"
    assert masker(key).mask(f"<{key}>") == "<****---->"


def test_places_of_another_spelling_are_masked_on_every_line_they_touch() -> None:
    spelled = FileMasker([], [(Span(4, 12), "**"), (Span(5, 6), "**"), (Span(0, 1), "*")])
    assert [m[:2] for m in spelled.line("abcdefgh", 0)] == [(0, 1), (4, 8)]
    assert [m[:2] for m in spelled.line("ijklmnop", 9)] == [(0, 3)]
    assert spelled.line("qrst", 20) == []


@given(st.lists(st.text("ab1!\n", min_size=1, max_size=12), max_size=6), st.text("ab1!_/. \n", max_size=80))
def test_what_the_simple_masker_hides_is_hidden(values: list[str], text: str) -> None:
    secrets = [Secret(value, "password") for value in values]
    masked = FileMasker(secrets, []).mask(text)
    for value in values:
        if len(value) >= 8 or not value.isalnum():
            assert value not in masked.replace("****", "\0")
    if len(values) == 1 and "\n" not in values[0]:
        assert masked == Masker(secrets).mask(text)


def test_a_window_finds_what_begins_before_it() -> None:
    text = "x" * 50 + "sesame-open-now" + "x" * 50
    assert [m[:2] for m in masker("sesame-open-now").line(text, 0, 60, 62)] == [(50, 65)]
