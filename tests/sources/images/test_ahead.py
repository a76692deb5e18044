"""A stream read ahead gives what the stream gives, and leaves no thread behind."""

from __future__ import annotations

import gzip
import io
import random
import threading
from typing import Any, cast

import pytest

from auditor.sources.images.ahead import Ahead
from auditor.sources.images.inflate import LayerStream
from auditor.sources.images.model import SourceError


def stream(data: bytes) -> LayerStream:
    return LayerStream(cast("Any", io.BufferedReader(cast("Any", io.BytesIO(data)))))


def everything(reader: Any, size: int) -> bytes:
    buffer, parts = memoryview(bytearray(size)), []
    while count := reader.readinto(buffer):
        parts.append(bytes(buffer[:count]))
    return b"".join(parts)


@pytest.mark.parametrize("size", [1000, 1 << 20, 5_000_001])
@pytest.mark.parametrize("length", [0, 1, (1 << 20) - 1, 1 << 20, 7_654_321])
def test_the_same_bytes(length: int, size: int) -> None:
    data = random.Random(length).randbytes(length)
    inner = stream(gzip.compress(data, 1))
    reader = Ahead(inner)
    assert everything(reader, size) == data
    assert reader.readinto(memoryview(bytearray(10))) == 0
    reader.close()
    assert (inner.problem, reader.problem, inner.size) == ("", "", length)
    assert inner.stored_digest.startswith("sha256:")
    assert inner.diff_id.startswith("sha256:")


def test_a_problem_is_told_once_its_place_is_reached() -> None:
    data = random.Random(1).randbytes(3_000_000)
    reader = Ahead(stream(gzip.compress(data, 1)[:-1000]))
    first = memoryview(bytearray(1000))
    assert reader.readinto(first) == 1000
    assert reader.problem == ""
    rest = everything(reader, 1 << 20)
    assert data.startswith(bytes(first) + rest)
    assert reader.problem == "truncated"
    reader.close()


def test_what_fails_in_the_thread_is_raised_where_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = stream(b"x" * 3_000_000)

    def fail(_buffer: memoryview) -> int:
        raise SourceError("gone")

    monkeypatch.setattr(inner, "readinto", fail)
    reader = Ahead(inner)
    with pytest.raises(SourceError, match="gone"):
        everything(reader, 1000)
    reader.close()


def test_it_can_be_closed_at_any_time() -> None:
    before = threading.active_count()
    for read in (0, 10, 3_000_000):
        inner = stream(bytes(64 << 20))
        reader = Ahead(inner)
        if read:
            reader.readinto(memoryview(bytearray(read)))
        reader.close()
        assert inner.size < 32 << 20, "read on, though nobody wanted more"
    assert threading.active_count() == before
