"""Archives made to cost time or memory: bombs, nesting, shared bytes, quines. Each is cut, and the cut is said."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import subprocess
import sys
import zipfile
import zlib

import pytest

from auditor.sources.archives import Limits, members
from auditor.sources.files import Skipped
from tests.sources.archives import builders
from tests.sources.archives.builders import SECRET, walk

BOMBS = {
    "gzip": lambda: gzip.compress(bytes(3_000_000), mtime=0),
    "bzip2": lambda: bz2.compress(bytes(3_000_000)),
    "xz": lambda: lzma.compress(bytes(3_000_000)),
    "zip": lambda: builders.make_zip({"x": bytes(3_000_000)}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_stop_at_the_ratio_and_at_the_total(name: str) -> None:
    data = BOMBS[name]()
    found, skipped = walk(data, Limits(ratio=50, ratio_from=100_000))
    assert sum(map(len, found.values())) < 200_000 + (4 << 20)
    assert list(skipped.values()) == ["compressed more than 50 to 1"]
    found, skipped = walk(data, Limits(total=100_000, piece=4096))
    assert sum(map(len, found.values())) <= 100_000
    assert skipped == {"f": "more than 100,000 decompressed bytes; the rest is not read"}


def test_too_many_members_stop() -> None:
    found, skipped = walk(builders.make_zip({str(i): b"x" for i in range(50)}), Limits(members=10))
    assert len(found) == 10
    assert skipped == {"f": "more than 10 members; the rest is not read"}


def test_too_much_work_stops() -> None:
    _, skipped = walk(gzip.compress(b"", mtime=0) * 500, Limits(steps=100))
    assert skipped == {"f": "more than 100 steps of work; the rest is not read"}


def test_a_thousand_archives_inside_of_each_other() -> None:
    data = SECRET
    for _ in range(1000):
        data = builders.make_zip({"a": data}, zipfile.ZIP_STORED)
    found, skipped = walk(data)
    assert list(skipped.values()) == ["nested deeper than 8"]
    assert next(iter(found.values())).startswith(b"PK")


def test_a_directory_whose_members_share_their_bytes() -> None:
    one = builders.make_zip({"x": b"a" * 10_000}, zipfile.ZIP_STORED)
    at, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1000, 1000, (end - at) * 1000, at, 0)
    found, skipped = walk(one[:at] + one[at:end] * 1000 + tail, Limits(total=1_000_000))
    assert "decompressed bytes" in skipped["f"]
    assert found


def test_a_zip_that_holds_itself_ends() -> None:
    """A stored member whose bytes are the file's own beginning: the directory points back at itself."""
    one = bytearray(builders.make_zip({"x": b"a" * 100}, zipfile.ZIP_STORED))
    at = one.index(b"PK\x01\x02")
    struct.pack_into("<II", one, at + 20, len(one), len(one))
    limits = Limits(members=2000, total=10_000_000)
    list(members("f", bytes(one), limits))
    quine = bytes(one) + bytes(one)
    assert sum(1 for _ in members("f", quine, limits)) < 5000


def test_what_needs_memory_is_bounded() -> None:
    inner = builders.make_zip({"x": SECRET}, zipfile.ZIP_STORED)
    found, skipped = walk(builders.make_tar({"a.zip": inner}), Limits(held=50))
    assert found == {"f!a.zip": inner}
    assert "larger than 50 bytes" in skipped["f!a.zip"]


SCRIPT = """
import gzip
from auditor.sources.archives import Limits, members
data = gzip.compress(b"A" * (1 << 20), mtime=0) * 1024
print(sum(len(item.data) for item in members("a.gz", data, Limits(ratio=2000, total=1 << 31))))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def test_a_gigabyte_streams_in_little_memory() -> None:
    resource = pytest.importorskip("resource")
    assert (resource and sys.platform.startswith("linux")) or pytest.skip("memory is measured on Linux")
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    total, kilobytes = map(int, run.stdout.split())
    assert total == 1 << 30
    assert kilobytes < 100_000


def test_the_default_ratio_stops_a_gigabyte_of_one_letter() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = b"".join([*(packer.compress(b"A" * (1 << 20)) for _ in range(128)), packer.flush()])
    size = 0
    reasons = []
    for item in members("a.gz", data):
        if isinstance(item, Skipped):
            reasons.append(item.reason)
        else:
            size += len(item.data)
    assert reasons == ["compressed more than 1,000 to 1"] and size < 80 << 20
