"""Layers that are cut, damaged, bombs, or whose stored bytes cannot be read."""

from __future__ import annotations

import gzip
import io
import lzma
import time
from typing import BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.sources.archives import zstandard
from auditor.sources.images import inflate
from auditor.sources.images.inflate import LayerStream
from auditor.sources.images.model import SourceError
from tests import zstd
from tests.sources.images.test_inflate import COMPRESS, DATA, FORMS, drain, opened, read


@pytest.mark.parametrize("form", FORMS)
def test_cut_anywhere(form: str) -> None:
    """What there is is given, and that something is missing is said."""
    data = DATA[:6000]
    stored = COMPRESS[form](data)
    for cut in range(len(stored) - 1, 0, -max(1, len(stored) // 150)):
        found, stream = read(stored[:cut])
        if cut < 4:  # not even the magic is there
            assert found in (b"", stored[:cut])
            continue
        if not stream.form:
            assert found == stored[:cut] and cut < 6
            continue
        assert data.startswith(found), cut
        assert stream.problem == "truncated", cut
        assert stream.diff_id == stream.stored_digest == ""


@pytest.mark.parametrize("form", FORMS)
def test_cut_in_the_second_member(form: str) -> None:
    one = COMPRESS[form](b"first")
    stored = one + COMPRESS[form](DATA[:5000])
    for cut in range(len(one) + 8, len(stored), 191):
        found, stream = read(stored[:cut])
        assert (b"first" + DATA[:5000]).startswith(found) and found.startswith(b"first")
        assert stream.problem == "truncated", cut


@settings(max_examples=120)
@given(st.sampled_from(FORMS), st.data())
def test_damaged_anywhere(form: str, data: st.DataObject) -> None:
    """Never an exception; different bytes are never passed off as whole where the format has a checksum."""
    stored = bytearray(COMPRESS[form](DATA[:20_000]))
    at = data.draw(st.integers(8, len(stored) - 1))
    stored[at] ^= data.draw(st.integers(1, 255))
    found, stream = read(bytes(stored))
    if form in ("gzip", "xz", "bzip2") and not stream.problem:
        assert found == DATA[:20_000]
    assert bool(stream.problem) == (stream.diff_id == "")


@given(
    st.sampled_from([b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"BZh9", b"\x50\x2a\x4d\x18"]), st.binary()
)
def test_only_the_magic_is_right(magic: bytes, rest: bytes) -> None:
    found, stream = read(magic + rest)
    assert len(found) <= 1 << 20
    assert stream.form or len(magic + rest) < 6


@pytest.mark.parametrize("form", ["gzip", "zstd", "xz", "bzip2"])
def test_a_bomb_is_left(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflate, "_RATIO", 100)
    monkeypatch.setattr(inflate, "_RATIO_FROM", 2 << 20)
    monkeypatch.setattr(inflate, "_INPUT", 4096)
    data = bytes(64 << 20)
    stream = opened(COMPRESS[form](data))
    started = time.monotonic()
    assert 2 << 20 <= len(drain(stream)) < 32 << 20
    assert stream.problem == "decompresses more than 100 to 1; the rest is not read"
    assert stream.diff_id == ""
    assert time.monotonic() - started < 20


def test_what_compresses_well_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """gzip gives at most 1,032 to 1: nothing of it is ever taken for a bomb."""
    monkeypatch.setattr(inflate, "_RATIO_FROM", 1 << 20)
    data = bytes(16 << 20)
    found, stream = read(gzip.compress(data))
    assert (len(found), stream.problem) == (len(data), "")


def test_xz_that_needs_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflate, "_LZMA_MEMORY", 1 << 20)
    found, stream = read(lzma.compress(DATA))
    assert found == b""
    assert stream.problem.startswith("damaged xz data")


def test_zstd_without_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = zstd.compress(DATA)
    monkeypatch.setattr(zstandard, "decoder", lambda: None)
    found, stream = read(stored)
    assert (found, stream.diff_id) == (b"", "")
    assert stream.problem == "zstd: no library for this compression is installed"


class Failing(io.RawIOBase):
    """Gives so many bytes, then fails."""

    def __init__(self, data: bytes, good: int, error: Exception) -> None:
        self._data, self._good, self._error = data, good, error
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = min(len(buffer), self._good - self._at)
        if count <= 0:
            raise self._error
        buffer[:count] = self._data[self._at : self._at + count]
        self._at += count
        return count


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SourceError("layer 2: the connection was lost"), "layer 2: the connection was lost"),
        (OSError(5, "Input/output error", "/secret/path"), "Input/output error"),
        (OSError("password in a message"), "cannot be read"),
        (ValueError("I/O operation on closed file"), "cannot be read"),
    ],
)
@pytest.mark.parametrize("form", [*FORMS, ""])
@pytest.mark.parametrize("good", [0, 3, 20, 1000, 60_000])
def test_a_stored_stream_that_fails(form: str, good: int, error: Exception, reason: str) -> None:
    stored = COMPRESS[form](DATA)
    stream = LayerStream(cast("BinaryIO", Failing(stored, good, error)))
    found = drain(stream, 4096)
    assert DATA.startswith(found) or good < 8
    assert stream.problem == reason
    assert (stream.diff_id, stream.stored_digest) == ("", "")
    assert stream.stored <= good
