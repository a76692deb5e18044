"""Patterns compiled on first use, for text and for bytes read as Latin-1."""

import pytest

from auditor.core.pattern import BytePattern, Pattern


@pytest.mark.parametrize("byte", ["\x85", "\xa0", "\xe9", "\xb2"])
def test_bytes_beyond_ascii_are_neither_space_nor_letter_nor_digit(byte: str) -> None:
    assert BytePattern(r"[\s\w\d]").search(byte) is None
    assert Pattern(r"[\s\w\d]").search(byte) is not None


def test_matches_between_two_offsets() -> None:
    assert [match.start() for match in Pattern("a+$").finditer("aa-aa-aa", 2, 5)] == [3]
