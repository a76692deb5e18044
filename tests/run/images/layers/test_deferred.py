"""What waits until the lists of packages were read: nothing that is needed to judge a hit is lost."""

from __future__ import annotations

import hashlib
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.run.images.layers import deferred
from auditor.run.images.layers.deferred import Deferred, is_deb, list_digest, without_data
from auditor.run.images.layers.hashing import LateDigests, digests_of, settled
from tests.run.images.layers.test_inside import ar

NEAR, FAR = 50, 400


def reach(index: int) -> int:
    """Of two kinds of hits."""
    return FAR if index else NEAR


@pytest.mark.parametrize(
    ("path", "takes"),
    [
        ("usr/share/x", True),
        ("lib/x", True),
        ("bin/x", True),
        ("sbin/x", True),
        ("opt/x", True),
        ("home/me/venv/lib/python3/site-packages/x.py", True),
        ("srv/dist-packages/x", True),
        ("app/node_modules/x", True),
        ("app/x", False),
        ("etc/x", False),
        ("home/usr/x", False),
        ("library/x", False),
        ("", False),
    ],
)
def test_what_packages_may_have_brought(path: str, takes: bool) -> None:
    assert Deferred(reach).takes(path) == takes


_HITS = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 4000)), min_size=1, max_size=12)


@given(_HITS, st.integers(0, 50))
def test_stretches(hits: list[tuple[int, int]], seed: int) -> None:
    """Each hit once, with all that it needs around it, in stretches that do not overlap."""
    data = bytes(random.Random(seed).choices(b"ab\n", k=4000))
    hits = sorted(hits, key=lambda hit: hit[1])
    waiting = Deferred(reach)
    waiting.add("usr/a", data, hits)
    found, known = waiting.resolved(lambda path, digests: False)
    assert known == 0
    assert [(index, one.start + place) for one in found for index, place in one.hits] == hits
    ends = -1
    for one in found:
        assert one.path == "usr/a" and one.head == data[:256]
        assert one.data == data[one.start : one.start + len(one.data)]
        assert one.line == 1 + data.count(b"\n", 0, one.start)
        assert one.start > ends
        ends = one.start + len(one.data)
        for index, place in one.hits:
            assert one.start <= max(0, one.start + place - reach(index))
            assert ends >= min(len(data), one.start + place + reach(index))
    assert sum(len(one.data) for one in found) <= sum(2 * reach(index) for index, _ in hits)


def test_many_hits_take_linear_time() -> None:
    data = b"x" * 400_000
    hits = [(place % 2, place) for place in range(1, 400_000, 2)]
    started = time.process_time()
    waiting = Deferred(reach)
    waiting.add("usr/a", data, hits)
    [one], _ = waiting.resolved(lambda path, digests: False)
    assert len(one.hits) == len(hits)
    assert time.process_time() - started < 10


def test_what_packages_have_brought_as_it_is_is_left() -> None:
    waiting = Deferred(reach)
    for name in "abc":
        waiting.add(f"usr/{name}", name.encode() * 9000, [(0, 5), (0, 5000)])
    waiting.add_packed("usr/p.gz", b"\x1f\x8b")
    wanted = hashlib.md5(b"b" * 9000, usedforsecurity=False).hexdigest()
    found, known = waiting.resolved(lambda path, digests: path == "usr/b" and digests.md5 == wanted)
    assert [one.path for one in found] == ["usr/a", "usr/a", "usr/c", "usr/c", "usr/p.gz"]
    assert known == 1
    found, known = waiting.resolved(lambda path, digests: True)
    assert (found, known) == ([], 4)


def test_packed_files_are_kept_whole() -> None:
    waiting = Deferred(reach)
    waiting.add_packed("usr/p.gz", b"\x1f\x8b" + bytes(900))
    [one], _ = waiting.resolved(lambda path, digests: False)
    assert (one.path, one.data, one.start, one.hits) == ("usr/p.gz", b"\x1f\x8b" + bytes(900), 0, ())


def test_room_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferred, "_ROOM", 1000)
    monkeypatch.setattr(deferred, "_OVERHEAD", 0)
    waiting = Deferred(reach)
    waiting.add("usr/a", b"x" * 9000, [(1, 4000)])
    assert waiting.takes("usr/b")
    waiting.add_packed("usr/b", b"x" * 200)
    assert not waiting.takes("usr/c")


@pytest.mark.parametrize("room", [0, 100, 1 << 20])
@pytest.mark.parametrize("path", ["usr/a", "usr/lib/python3/site-packages/a.py"])
def test_digests_are_the_same_whenever_they_are_computed(path: str, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferred, "_WHOLE_ROOM", room)
    waiting = Deferred(reach)
    contents = {f"{path}{number}": bytes([number]) * 40 for number in range(4)}
    for name, data in contents.items():
        waiting.add(name, data, [(0, 5)])
    waiting.add_packed("usr/p", b"p")
    late = sum(isinstance(one, LateDigests) for one in waiting.digests.values())
    assert late == 1 + (0 if "site-packages" in path else min(room // 40, 4))
    assert {name: settled(one) for name, one in waiting.digests.items()} == {
        name: digests_of(data, name) for name, data in {**contents, "usr/p": b"p"}.items()
    }
    assert settled(waiting.digests["usr/p"]).md5 == hashlib.md5(b"p", usedforsecurity=False).hexdigest()


CONTROL, DATA = (b"control.tar.xz", b"c" * 101), (b"data.tar.xz", b"d" * 1000)
DEB = ar((b"debian-binary", b"2.0\n"), CONTROL, DATA)


def test_packages_up_to_their_files() -> None:
    assert without_data(DEB) == ar((b"debian-binary", b"2.0\n"), CONTROL)
    assert without_data(ar(DATA)) == b"!<arch>\n"
    assert without_data(ar(CONTROL)) == ar(CONTROL)


@pytest.mark.parametrize("cut", range(0, len(DEB), 7))
def test_damaged_packages(cut: int) -> None:
    assert DEB.startswith(without_data(DEB[:cut]))


@pytest.mark.parametrize("size", [b"-5", b"x", b"", b"1e3", b"9999999999"])
def test_sizes_that_are_none(size: bytes) -> None:
    """The reading ends there, whatever is stated."""
    damaged = ar(CONTROL)
    damaged = damaged[:56] + size.ljust(10) + damaged[66:] + ar(DATA)[8:]
    kept = without_data(damaged)
    assert damaged.startswith(kept)
    assert kept == (damaged if size.isdigit() else damaged[:8])


def test_packages_are_told_by_both() -> None:
    assert is_deb(DEB[:512], "var/cache/apt/archives/x.deb")
    assert not is_deb(DEB[:512], "usr/lib/x.a")
    assert not is_deb(b"text", "x.deb")


def test_lists() -> None:
    assert list_digest(b"a") == list_digest(b"a") != list_digest(b"b")
