"""Layers in every compression: the bytes, the digests, and what is said where they end early."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import random
import struct
import sys
import zlib
from collections.abc import Callable

import pytest

from auditor.sources.images import inflate
from auditor.sources.images.inflate import LayerStream
from tests import zstd

#: Text that compresses, with some that does not.
DATA = b"".join(random.Random(n).randbytes(300) + b"line %d of a file\n" % n * 40 for n in range(400))
FORMS = ("gzip", "zstd", "xz", "bzip2")


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": zstd.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "": bytes,
}


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def drain(stream: LayerStream, size: int = 1 << 20) -> bytes:
    """All bytes, asked for in pieces of this size."""
    found, buffer = [], memoryview(bytearray(size))
    while count := stream.readinto(buffer):
        found.append(bytes(buffer[:count]))
    assert stream.readinto(buffer) == 0
    assert stream.size == sum(map(len, found))
    return b"".join(found)


def opened(stored: bytes) -> LayerStream:
    return LayerStream(io.BytesIO(stored))


def read(stored: bytes, size: int = 1 << 20) -> tuple[bytes, LayerStream]:
    stream = opened(stored)
    return drain(stream, size), stream


@pytest.fixture(params=["isal", "zlib_ng", "zlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each library for gzip, as if the faster ones were not installed."""
    order = ("isal", "zlib_ng")
    for name in order[: order.index(request.param)] if request.param in order else order:
        monkeypatch.setitem(sys.modules, name, None)
    if request.param in order:
        pytest.importorskip(request.param)
    made = type(inflate._gzip()).__module__
    assert (request.param in made) if request.param in order else not any(name in made for name in order)
    return str(request.param)


@pytest.mark.parametrize("form", [*FORMS, ""])
@pytest.mark.parametrize("size", [1 << 20, 4096, 1000])
def test_bytes_and_digests(form: str, size: int) -> None:
    stored = COMPRESS[form](DATA)
    found, stream = read(stored, size)
    assert found == DATA
    assert (stream.form, stream.problem) == (form, "")
    assert (stream.diff_id, stream.stored_digest) == (sha256(DATA), sha256(stored))
    assert (stream.stored, stream.size) == (len(stored), len(DATA))


@pytest.mark.parametrize("form", [*FORMS, ""])
def test_digests_are_known_at_the_end_only(form: str) -> None:
    stream = opened(COMPRESS[form](DATA))
    stream.readinto(memoryview(bytearray(4096)))
    assert (stream.diff_id, stream.stored_digest) == ("", "")


@pytest.mark.parametrize("form", FORMS)
def test_without_verification_there_are_none(form: str) -> None:
    stream = LayerStream(io.BytesIO(COMPRESS[form](DATA)), verify=False)
    assert drain(stream) == DATA
    assert (stream.diff_id, stream.stored_digest, stream.problem) == ("", "", "")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("data", [b"", b"x", bytes(7), bytes(10_240)])
def test_short_contents(form: str, data: bytes) -> None:
    stored = COMPRESS[form](data)
    found, stream = read(stored, 100)
    assert (found, stream.problem, stream.diff_id) == (data, "", sha256(data))


@pytest.mark.parametrize("data", [b"", b"x", b"\x1f", b"BZ", b"1234567", b"not compressed", bytes(10_240)])
def test_plain_contents(data: bytes) -> None:
    found, stream = read(data, 3)
    assert (found, stream.form, stream.problem) == (data, "", "")
    assert stream.diff_id == stream.stored_digest == sha256(data)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pieces", [2, 40])
def test_members_follow_one_another(form: str, pieces: int) -> None:
    """As in estargz, where each file and even the table of contents is a member of its own."""
    step = len(DATA) // pieces + 1
    stored = b"".join(COMPRESS[form](DATA[at : at + step]) for at in range(0, len(DATA), step))
    found, stream = read(stored)
    assert found == DATA
    assert (stream.problem, stream.stored_digest) == ("", sha256(stored))


def test_members_of_every_length(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Members that end anywhere in what is read at once; empty ones and estargz's footer among them."""
    monkeypatch.setattr(inflate, "_INPUT", 64)
    chunks = [DATA[at : at + at % 97] for at in range(300)]
    extra = b"SG" + struct.pack("<H", 22) + b"0" * 16 + b"STARGZ"
    footer = b"\x1f\x8b\x08\x04" + bytes(6) + struct.pack("<H", len(extra)) + extra + b"\1\0\0\xff\xff" + bytes(8)
    stored = b"".join(gzip.compress(one, mtime=0) for one in chunks) + footer
    found, stream = read(stored)
    assert found == b"".join(chunks)
    assert (stream.problem, stream.stored_digest) == ("", sha256(stored))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tail", [bytes(3), bytes(700_000), b"x", b"garbage behind it" * 100, b"\x1f\x8c" + bytes(20)])
def test_what_follows_the_last_member(form: str, tail: bytes) -> None:
    """Is no part of the tar, but of the digest."""
    stored = COMPRESS[form](DATA) + tail
    found, stream = read(stored)
    assert found == DATA
    assert (stream.problem, stream.diff_id, stream.stored_digest) == ("", sha256(DATA), sha256(stored))


@pytest.mark.parametrize("first", [0x184D2A50, 0x184D2A5F])
@pytest.mark.parametrize("length", [0, 5, 3000])
def test_skippable_frames(first: int, length: int) -> None:
    """Before and between frames (RFC 8878, 3.1.2), as seekable zstd has them."""
    frame = struct.pack("<II", first, length) + b"s" * length
    stored = frame + zstd.compress(DATA) + frame + zstd.compress(b"more") + frame
    found, stream = read(stored)
    assert found == DATA + b"more"
    assert (stream.form, stream.problem, stream.stored_digest) == ("zstd", "", sha256(stored))


def test_each_library_for_gzip(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = gzip.compress(DATA) + gzip.compress(DATA[:70_001]) + bytes(600)
    for size in (1 << 20, 4096):
        found, stream = read(stored, size)
        assert found == DATA + DATA[:70_001]
        assert (stream.problem, stream.stored_digest) == ("", sha256(stored))
    for cut in (30, 5000, len(stored) - 700_000 % len(stored), len(stored) - 604):
        assert read(stored[:cut])[1].problem == "truncated", cut
    damaged = bytearray(stored)
    damaged[3000:3010] = b"\xff" * 10
    found, stream = read(bytes(damaged))
    assert stream.problem.startswith("damaged gzip data (")
    assert not (DATA + DATA).startswith(found) or len(found) < len(DATA)


@pytest.mark.parametrize("length", [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20, (5 << 20) + 17])
def test_output_that_waits_in_the_library(library: str, length: int) -> None:
    """All input is used up long before all output was given."""
    found, stream = read(gzip.compress(bytes(length)), 5000)
    assert (found == bytes(length), stream.problem, stream.size) == (True, "", length)


@pytest.mark.parametrize("form", ["zstd", "xz", "bzip2"])
def test_output_that_waits_in_other_libraries(form: str) -> None:
    data = bytes((5 << 20) + 17)
    found, stream = read(COMPRESS[form](data), 70_000)
    assert (found == data, stream.problem) == (True, "")


@pytest.mark.parametrize("form", [*FORMS, ""])
@pytest.mark.parametrize("sizes", [1, 7, 4099])
def test_short_reads(form: str, sizes: int) -> None:
    class Short(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(sizes)

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            return super().readinto(buffer[:sizes])

    data = DATA[:30_000]
    stored = COMPRESS[form](data)
    stream = LayerStream(Short(stored))
    assert drain(stream) == data
    assert (stream.problem, stream.stored_digest) == ("", sha256(stored))


def test_close_closes_the_stored_stream() -> None:
    stored = io.BytesIO(gzip.compress(DATA))
    LayerStream(stored).close()
    assert stored.closed


def test_zlib_is_the_reference() -> None:
    """The data of these tests is more than one piece of input and of output."""
    assert len(zlib.compress(DATA)) > 2 * 4096
    assert len(DATA) > 1 << 17
