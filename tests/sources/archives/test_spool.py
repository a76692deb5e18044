"""Contents kept until they are whole: in memory, in files without a name, and what happens when there is no room."""

from __future__ import annotations

import errno
import os
import random
import zipfile
from pathlib import Path

import pytest

from auditor.sources.archives import Limits, Member, members, spool
from auditor.sources.archives.spool import Spool
from auditor.sources.files import Skipped
from tests.sources.archives import builders
from tests.sources.archives.builders import SECRET, walk

NOISE = random.Random(1).randbytes(300_000)
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the name of an open file cannot be removed there")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", 50_000)
    monkeypatch.setattr(spool, "WITHOUT_FOLDER", 100_000)
    monkeypatch.setattr(spool, "MOST", 1_000_000)


@pytest.mark.parametrize("sizes", [[], [1], [50_000], [50_001], [30_000, 30_000, 7], [200_000]])
def test_what_is_written_is_read(sizes: list[int], tmp_path: Path) -> None:
    kept, data = Spool(str(tmp_path)).begin(), b""
    for size in sizes:
        data += NOISE[:size]
        assert not kept.write(memoryview(NOISE)[:size])
    assert (kept.size, kept.reason, kept.file().read()) == (len(data), "", data)
    file = kept.file()
    file.seek(3)
    assert file.read(4) == data[3:7]
    kept.close()


def test_files_have_no_name_and_leave_nothing(tmp_path: Path) -> None:
    folder = Spool(str(tmp_path))
    kept = folder.begin()
    kept.write(NOISE)
    assert os.listdir(tmp_path) == []
    assert folder.room == 700_000
    kept.close()
    assert folder.room == 1_000_000


def test_the_room_is_for_all_at_one_time(tmp_path: Path) -> None:
    folder = Spool(str(tmp_path))
    first, second = folder.begin(), folder.begin()
    first.write(NOISE * 3)
    assert bytes(second.write(NOISE)) == NOISE
    assert second.reason.startswith("larger than there is room for in the cache folder")
    assert folder.begin(100_001).reason
    first.close()
    assert not folder.begin(1_000_000).reason
    assert folder.begin(1_000_001).reason
    second.close()


def test_without_a_folder_memory_is_all() -> None:
    kept = Spool().begin()
    assert not kept.write(NOISE[:100_000])
    assert kept.write(b"x") == b"x"
    assert kept.reason.startswith("larger than ")
    assert kept.file().read() == NOISE[:100_000]
    assert Spool().begin(100_001).reason


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    kept = Spool(str(tmp_path)).begin()
    assert kept.write(NOISE) == NOISE
    assert "No space left on device" in kept.reason


def limits(folder: Path | str, held: int = 20_000) -> Limits:
    return Limits(held=held, spool=Spool(str(folder)))


INNER = {
    "zip": (builders.make_zip({"a": NOISE, "b.env": SECRET}), "!b.env"),
    "program": (b"MZ" + bytes(2000) + builders.make_zip({"a": NOISE, "b.env": SECRET}), "!b.env"),
    "database": (builders.make_sqlite([("n", NOISE[:150_000].hex()), ("k", SECRET.decode())]), "!t"),
    "pack": (builders.make_pack(NOISE[:15_950], SECRET), "!blob"),
}


@pytest.mark.parametrize("form", INNER)
def test_long_archives_in_archives(form: str, tmp_path: Path) -> None:
    """Longer than may be held in memory: the same is found as where there is room."""
    data = builders.make_tar({"in": INNER[form][0], "after": b"still read"})
    budget = limits(tmp_path, held=16_000)
    found, skipped = walk(data, budget)
    assert (found, skipped) == walk(data)
    assert any(SECRET.strip() in content for content in found.values())
    assert found["f!after"] == b"still read"
    assert budget.spool is not None
    assert budget.spool.room == 1_000_000
    assert os.listdir(tmp_path) == []


def test_long_archives_in_archives_without_a_folder() -> None:
    found, skipped = walk(builders.make_tar({"in": INNER["zip"][0]}), limits(""))
    assert found == {"f!in": INNER["zip"][0]}
    assert skipped == {"f!in": "larger than 20,000 bytes, and needs to be opened as a whole"}


@pytest.mark.parametrize("most", [20_001, 70_000, 131_072, 299_000])
def test_nothing_is_lost_where_the_room_ends(most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST", most)
    found, skipped = walk(builders.make_tar({"in": INNER["zip"][0], "after": b"x"}), limits(tmp_path))
    assert found == {"f!in": INNER["zip"][0], "f!after": b"x"}
    assert list(skipped) == ["f!in"]


def test_damage_behind_what_was_kept(tmp_path: Path) -> None:
    cut = builders.make_tar({"in": INNER["zip"][0]})[:200_000]
    _, skipped = walk(cut, limits(tmp_path))
    assert "truncated" in skipped.values()


def test_what_fails_inside_is_searched_as_it_is(tmp_path: Path) -> None:
    damaged = b"PK\x03\x04" + NOISE
    found, _ = walk(builders.make_tar({"in": damaged}), limits(tmp_path))
    assert found["f!in"] == damaged


def test_a_long_database_of_a_file(tmp_path: Path) -> None:
    """In write-ahead mode, as programs leave them."""
    data = bytearray(INNER["database"][0])
    data[18:20] = b"\2\2"
    path = tmp_path / "x.db"
    path.write_bytes(data)
    folder = tmp_path / "spool"
    folder.mkdir()
    with path.open("rb") as file:
        items = list(members("x.db", file, limits(folder)))
    assert not [item for item in items if isinstance(item, Skipped)]
    assert any(SECRET.strip() in item.data for item in items if not isinstance(item, Skipped))
    assert os.listdir(folder) == []


@pytest.mark.parametrize("cut", [99, 20_500, 100_000])
def test_a_damaged_long_database(cut: int, tmp_path: Path) -> None:
    data = INNER["database"][0][:cut] + bytes(30_000)
    found, skipped = walk(builders.make_tar({"x.db": data}), limits(tmp_path))
    assert skipped
    assert os.listdir(tmp_path) == []
    assert "f!x.db" in skipped or any("x.db" in path for path in found)


def test_a_long_database_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST", len(INNER["database"][0]) + 1000)
    _, skipped = walk(builders.make_tar({"x.db": INNER["database"][0]}), limits(tmp_path))
    assert any(reason.startswith("larger than there is room for") for reason in skipped.values())
    assert os.listdir(tmp_path) == []


def test_the_clock_ends_the_work() -> None:
    looks = iter(range(10_000))
    late = Limits(late=lambda: "more than enough" if next(looks) > 20 else "")
    data = builders.make_zip({str(number): NOISE for number in range(50)}, zipfile.ZIP_DEFLATED)
    found, skipped = walk(data, late)
    assert 0 < len(found) < 50
    assert skipped == {"f": "more than enough; the rest is not read"}


def test_the_clock_ends_long_contents_that_are_not_compressed() -> None:
    data = builders.make_tar({"a": NOISE})
    late: list[str] = []
    parts = members("f", data, Limits(piece=1000, late=lambda: late[0] if late else ""))
    first = next(parts)
    assert isinstance(first, Member)
    assert first.data == NOISE[:1000]
    late.append("more than enough")
    assert list(parts) == [Skipped("f", "more than enough; the rest is not read")]


def test_the_clock_ends_questions_to_databases() -> None:
    data = builders.make_sqlite([(str(number), "x" * 20) for number in range(3000)])
    _, skipped = walk(data, Limits(late=lambda: "more than enough"))
    assert "more than enough; the rest is not read" in skipped.values()
