"""Databases of bbolt: one that bbolt 1.4.3 wrote, and what is left of it when bytes are lost or changed.

The fixture has the shape of containerd's list: 180 keys in `v1/snapshots`, written in three changes, one removed in a
fourth.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.images.bolt import Bucket, Database

WRITTEN = gzip.decompress((Path(__file__).parents[2] / "fixtures/images/metadata.db.gz").read_bytes())
PAGE = 4096


def keys(data: bytes) -> dict[bytes, bytes | Bucket]:
    return dict(Database(data).bucket(b"v1", b"snapshots"))


def test_all_keys_of_the_last_change() -> None:
    found = keys(WRITTEN)
    assert len(found) == 179
    assert b"moby/7/step" + b"0" * 21 + b"7" not in found
    assert b"moby/179/step" + b"0" * 19 + b"179" in found


def test_values_of_buckets_within_their_entry() -> None:
    database = Database(WRITTEN)
    entry = database.bucket(b"v1", b"snapshots")[b"moby/1/step" + b"0" * 21 + b"1"]
    assert isinstance(entry, Bucket)
    assert database.read(entry) == {b"id": b"\x65", b"kind": b"\x03"}


@pytest.mark.parametrize("path", [(b"v2",), (b"v1", b"none"), (b"v1", b"snapshots", b"moby/1/none")])
def test_buckets_that_are_not_there(path: tuple[bytes, ...]) -> None:
    assert Database(WRITTEN).bucket(*path) == {}


@pytest.mark.parametrize("page", [0, 1])
def test_a_change_that_was_not_finished_leaves_the_one_before(page: int) -> None:
    damaged = bytearray(WRITTEN)
    damaged[page * PAGE + 40] ^= 1
    assert len(keys(bytes(damaged))) in (179, 180)


def test_without_any_finished_change_there_is_nothing() -> None:
    damaged = bytearray(WRITTEN)
    damaged[40] ^= 1
    damaged[PAGE + 40] ^= 1
    with pytest.raises(ValueError, match="no page says"):
        Database(bytes(damaged))


@pytest.mark.parametrize("data", [b"", b"short", bytes(PAGE), b"\xff" * 3 * PAGE])
def test_what_is_no_database(data: bytes) -> None:
    with pytest.raises(ValueError, match="too short|no page says"):
        Database(data)


def test_a_tree_that_leads_back_into_itself_ends() -> None:
    data = bytearray(WRITTEN)
    root = struct.unpack_from("<Q", data, 16 + 16)[0]
    # A page of branches, each of which is this page again.
    struct.pack_into("<QHHI", data, root * PAGE, root, 1, 200, 0)
    for entry in range(200):
        struct.pack_into("<IIQ", data, root * PAGE + 16 + 16 * entry, 0, 0, root)
    other = struct.unpack_from("<Q", data, PAGE + 16 + 16)[0]
    data[other * PAGE : other * PAGE + PAGE] = data[root * PAGE : root * PAGE + PAGE]
    with pytest.raises(ValueError, match="not what it should be"):
        keys(bytes(data))


@given(st.data())
def test_damage_is_a_value_error_or_is_not_seen(draw: st.DataObject) -> None:
    data = bytearray(WRITTEN)
    for _ in range(draw.draw(st.integers(1, 20))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(data)))
    try:
        keys(bytes(data[:cut]))
    except ValueError:
        return
