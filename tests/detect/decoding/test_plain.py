"""Bytes read as text: encodings, invalid input, offsets back to the bytes."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.detect.decoding.plain import decode, readable

TEXT = "user = root\npassword = Zq8vT1xKw3Rb\n"


@pytest.mark.parametrize(
    ("data", "encoding", "text", "binary"),
    [
        (b"", "utf-8", "", False),
        (TEXT.encode(), "utf-8", TEXT, False),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8", "\ufeff" + TEXT, False),
        ("Schlüssel: größer".encode(), "utf-8", "Schlüssel: größer", False),
        ("Schlüssel: größer".encode("latin-1"), "latin-1", "Schlüssel: größer", False),
        ("Schlüssel größer €".encode() + b"\xff", "utf-8", "Schlüssel größer €\udcff", False),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le", "\ufeff" + TEXT, False),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be", "\ufeff" + TEXT, False),
        (TEXT.encode("utf-16-le"), "utf-16-le", TEXT, False),
        (TEXT.encode("utf-16-be"), "utf-16-be", TEXT, False),
        (TEXT.encode("utf-16-le") + b"\x41", "utf-16-le", TEXT, False),
        (TEXT.encode("utf-16-le") + b"\x00\xdc", "utf-16-le", TEXT + "\ufffd", False),
        (codecs.BOM_UTF16_LE + b"a\0\x00\xd8", "utf-16-le", "\ufeffa\ufffd", False),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "utf-32-le", "\ufeff" + TEXT, False),
        (b"\x7fELF\x02\x01\x01" + bytes(range(256)), "latin-1", None, True),
        (b"\x00" * 64, "latin-1", "\x00" * 64, True),
    ],
)
def test_encodings(data: bytes, encoding: str, text: str | None, binary: bool) -> None:
    decoded = decode(data)
    assert (decoded.encoding, decoded.binary) == (encoding, binary)
    assert decoded.text == (data.decode("latin-1") if text is None else text)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=3000), st.sampled_from(["utf-8", "utf-16-le"]))
def test_offsets_are_those_of_the_bytes(text: str, encoding: str) -> None:
    data = (codecs.BOM_UTF8 if encoding == "utf-8" else codecs.BOM_UTF16_LE) + text.encode(encoding)
    decoded = decode(data)
    if decoded.encoding != encoding:
        return
    assert decoded.text == "\ufeff" + text
    for index in {0, 1, len(text) // 3, len(text) // 2, len(text), len(text) + 1}:
        assert decoded.offsets.offset(index) == len(("\ufeff" + text)[:index].encode(encoding))


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=50).map(lambda data: data * 100)))
def test_any_bytes_decode_and_offsets_stay_inside(data: bytes) -> None:
    decoded = decode(data)
    offsets = [decoded.offsets.offset(index) for index in range(len(decoded.text) + 1)]
    assert offsets == sorted(offsets)
    assert len(data) - 4 < offsets[-1] <= len(data)
    if decoded.encoding in ("utf-8", "latin-1"):
        assert offsets[-1] == len(data)
    readable(data or b"\0")
