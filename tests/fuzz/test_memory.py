"""What must not be kept: each was found by reading for what a small input can make grow."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

from auditor.detect import credfiles
from auditor.sources.archives import Limits
from tests.fuzz import bombs
from tests.sources.archives import builders
from tests.sources.archives.builders import walk


def peak(action: Callable[[], object]) -> int:
    """Most bytes that an action holds at one time."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _bytecode(objects: bytes) -> bytes:
    return builders.make_pyc("a = 1")[:16] + b"c" + bytes(20) + objects


def test_compiled_code_cannot_announce_what_it_does_not_have() -> None:
    deep = _bytecode(b")\xff" * 100_000)
    long = _bytecode(b"[" + (3_000_000).to_bytes(4, "little") + b"N" * 3_000_000)
    for data in (deep, long):
        assert "too many parts" in walk(data)[1].values()
    assert peak(lambda: walk(deep)) < 50 << 20


def test_a_large_table_of_compiled_code_is_read() -> None:
    data = _bytecode(b"[" + (100_000).to_bytes(4, "little") + b"z\x05hello" * 100_000)
    assert b"hello\nhello" in walk(data)[0]["f!strings"]


def test_a_chain_of_deltas_is_not_held_as_a_whole() -> None:
    """Each delta is damaged, so that none of their results is kept, and as long as an object may be."""
    data = bombs.pack_of(_chain(12))
    _, skipped = walk(data, Limits(held=4 << 20))
    assert "object too large to rebuild in memory" in skipped.values()


def _chain(count: int) -> list[bytes]:
    body = b"\x05\x05" + bytes(899_998)
    made = [bombs.stored(3, 5, b"base\n")]
    for _ in range(count):
        back = len(made[-1])
        distance = bytes((back,)) if back < 128 else bytes((0x80 | (back >> 7) - 1, back & 0x7F))
        made.append(bombs.stored(6, len(body), body, distance))
    return made


def test_long_names_are_not_remembered() -> None:
    def ask() -> None:
        for number in range(50):
            assert credfiles.recognise("a" * 1_000_000 + f"/{number}/.npmrc")

    assert peak(ask) < 10 << 20
