"""The walk through tars that are damaged, cut, or made to do harm."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.sources.images import layertar
from auditor.sources.images.tarblocks import FILE
from tests.sources.images.test_layertar import _SMALL, noise, small
from tests.sources.images.walks import END, header, member, walk

__all__ = ["small"]


def test_truncated_at_any_byte(small: None) -> None:
    """No exception, all bytes that are no header are there, and that something is missing is said."""
    first, second = noise(700), noise(9000, 1)
    parts = [member(b"a", first), member(b"long", second)]
    data = b"".join(parts) + END
    for cut in range(0, len(data) - 1023, 13):
        found = walk(data[:cut], overlap=512)
        contents = first[: max(0, cut - 512)] + second[: max(0, cut - len(parts[0]) - 512)]
        given = b"".join(piece.owned for piece in found.pieces if piece.kind == FILE)
        assert given == contents, cut
        assert found.problems or cut < 512, cut


@pytest.mark.parametrize(
    ("cut", "problem"),
    [
        (512 + 100, "truncated in the middle of a file"),
        (512 + 1024, "no end mark; it may be truncated"),
        (1536 + 512 + 5000, "truncated in the middle of a file"),
    ],
)
def test_what_is_said_of_a_truncated_tar(small: None, cut: int, problem: str) -> None:
    data = member(b"a", noise(700)) + member(b"b", noise(9000))
    assert walk(data[:cut], overlap=512).problems == [problem]


def test_a_problem_of_the_stream_is_told() -> None:
    assert walk(member(b"a", b"x"), problem="connection lost").problems == ["connection lost"]
    assert walk(member(b"a", b"x") + END, problem="connection lost").problems == ["connection lost"]


@settings(max_examples=200)
@given(st.data())
def test_never_raises_for_damaged_tars(data: st.DataObject) -> None:
    """Bytes anywhere in it changed: it ends, no byte has two owners (`walk` checks), and content is still there."""
    tar = bytearray(
        member(b"a", noise(700)) + member(b"././@LongLink", b"n" * 600, kind=b"L") + member(b"b", noise(5000)) + END
    )
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(tar) - 1))
        some = data.draw(st.binary(min_size=1, max_size=12))
        tar[at : at + len(some)] = some
    cut = data.draw(st.integers(0, len(tar)))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _SMALL.items():
            patch.setattr(layertar, name, value)
        found = walk(bytes(tar[:cut]), overlap=512)
    assert found.members <= len(tar) // 512


@pytest.mark.parametrize("size", [2**33, 2**63, 2**70, 2**87])
def test_sizes_that_no_content_has(small: None, size: int) -> None:
    rest = noise(3000)
    found = walk(header(b"a", size) + rest, overlap=512)
    assert found.entries[0].size == size
    assert found.files() == [("a", rest)]
    assert found.problems == ["truncated in the middle of a file"]


@pytest.mark.parametrize(
    "field", [b"-0000001000\0", b"-1", b"\xff" * 12, b"+0000000012", b"1_0", b"0o7", b"9999", b"\x81"]
)
def test_a_size_that_is_none(field: bytes) -> None:
    """Nothing goes back in the tar, and the rest is read."""
    started = time.monotonic()
    rest = member(b"b", b"content of b") + END
    found = walk(header(b"a", raw={124: field.ljust(12, b"\0")}) + rest)
    assert found.entries == []
    assert b"content of b" in found.hidden()
    assert len(found.problems) == 1
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("most", [1, 2, 5])
def test_no_more_headers_than_allowed(most: int) -> None:
    data = b"".join(member(b"%d" % number, b"content %d" % number) for number in range(5)) + END
    found = walk(data, most=most)
    assert len(found.entries) == found.members == min(most, 5)
    for number in range(most, 5):
        assert b"content %d" % number in found.hidden()
    assert found.problems == ([f"more than {most:,} files; names of the rest are not read"] if most < 5 else [])


def test_millions_of_entries_take_bounded_time() -> None:
    started = time.process_time()
    found = walk(header(b"a") * 100_000 + END, most=50_000)
    assert found.members == 50_000
    assert time.process_time() - started < 20
