"""The cache of layers: no value in it, private, bounded, shared by runs, and never a reason to fail."""

from __future__ import annotations

import base64
import multiprocessing
import os
import sqlite3
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from auditor.run.images.layers import cache as module
from auditor.run.images.layers.cache import LayerCache
from tests.run.images.outcomes import VALUES, diff_id, outcome

RULES = "sha256:rules"
needs_modes = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def filled(folder: Path, *numbers: int) -> None:
    """Store these layers, in a run of their own."""
    cache = LayerCache(str(folder))
    assert all(cache.put(diff_id(number), RULES, outcome(number)) for number in numbers)
    cache.close()


def known(folder: Path, *numbers: int) -> list[bool]:
    """Which of these layers a new run finds."""
    cache = LayerCache(str(folder))
    found = [cache.get(diff_id(number), RULES) is not None for number in numbers]
    cache.close()
    return found


def test_a_later_run_finds_the_layer_with_its_rules_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder, 1)
    cache = LayerCache(str(folder))
    got = cache.get(diff_id(1), RULES)
    assert got is not None and got.diff_id == diff_id(1) and len(got.leaks) == 3
    assert cache.get(diff_id(2), RULES) is None
    assert cache.get(diff_id(1), "sha256:other") is None
    cache.close()
    monkeypatch.setattr(module, "__version__", "99")
    assert known(folder, 1) == [False]


def test_fingerprints_of_new_and_remembered_leaks_are_equal(folder: Path) -> None:
    filled(folder, 1)
    cache = LayerCache(str(folder))
    got = cache.get(diff_id(1), RULES)
    assert got is not None
    fresh = [leak.secret.fingerprint(cache.key()) for leak in outcome(1).leaks]
    assert [leak.secret.fingerprint(cache.key()) for leak in got.leaks] == fresh
    assert len(cache.key()) == 32
    cache.close()


def test_no_value_is_in_any_file(folder: Path) -> None:
    cache = LayerCache(str(folder))
    for number in range(3):
        assert cache.put(diff_id(number), RULES, outcome(number))
    content = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    cache.close()
    content += b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    with sqlite3.connect(folder / "layers.sqlite") as database:
        for row in database.execute("SELECT body, files, folders, owned FROM layers"):
            content += b"".join([zlib.decompress(row[0]), *row[1:]])
    database.close()
    assert b"known-token" in content
    for value in VALUES:
        raw = value.encode()
        encoded = base64.b64encode(raw).rstrip(b"=")[:-1]
        assert [form for form in (raw, raw.hex().encode(), encoded, raw[::-1], raw[4:-4]) if form in content] == []


def test_layers_that_were_not_read_whole_are_not_stored(folder: Path) -> None:
    cache = LayerCache(str(folder))
    assert not cache.put(diff_id(1), RULES, outcome(1)._replace(diff_id=""))
    assert not cache.put(diff_id(1), RULES, outcome(2))
    assert not cache.put("", RULES, outcome(1)._replace(diff_id=""))
    assert cache.get(diff_id(1), RULES) is None
    cache.close()


@pytest.mark.parametrize("name", ["", "sha256:", "sha256:" + "A" * 64, "sha256:../x", "\udcff", "x\0y"])
def test_odd_digests_are_unknown_and_break_nothing(name: str, folder: Path) -> None:
    cache = LayerCache(str(folder))
    assert not cache.put(name, RULES, outcome()._replace(diff_id=name))
    assert cache.get(name, RULES) is None
    assert cache.get(diff_id(1), "\udcff") is None
    assert cache.usable
    cache.close()


def test_no_folder_means_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in ("", str(tmp_path / "file"), str(tmp_path / "file" / "below"), "a\0b"):
        cache = LayerCache(folder)
        assert not cache.usable and not cache.put(diff_id(1), RULES, outcome(1))
        assert cache.get(diff_id(1), RULES) is None
        assert cache.key() == cache.key() and len(cache.key()) == 32
        cache.close()
    assert LayerCache("").key() != LayerCache("").key()


@needs_modes
def test_files_are_private(folder: Path) -> None:
    filled(folder, 1)
    assert folder.stat().st_mode & 0o777 == 0o700
    cache = LayerCache(str(folder))
    cache.put(diff_id(2), RULES, outcome(2))
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    cache.close()
    (folder / "layers.sqlite").chmod(0o644)
    assert known(folder, 1) == [True]
    assert (folder / "layers.sqlite").stat().st_mode & 0o777 == 0o600


@needs_modes
@pytest.mark.parametrize("what", ["folder", "file", "link", "folder link", "pipe"])
def test_what_others_can_write_to_is_not_used(what: str, folder: Path, tmp_path: Path) -> None:
    filled(folder, 1)
    file = folder / "layers.sqlite"
    used = folder
    if what == "folder":
        folder.chmod(0o770)
    elif what == "file":
        file.chmod(0o666)
    elif what == "link":
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
    elif what == "pipe":
        file.unlink()
        os.mkfifo(file, 0o600)
    else:
        used = tmp_path / "link"
        used.symlink_to(folder)
    cache = LayerCache(str(used))
    assert not cache.usable and cache.get(diff_id(1), RULES) is None
    cache.close()


@pytest.mark.parametrize("content", [b"no database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_database_is_replaced(content: bytes, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / "layers.sqlite").write_bytes(content)
    (folder / "layers.sqlite").chmod(0o600)
    assert known(folder, 1) == [False]
    filled(folder, 1)
    assert known(folder, 1) == [True]


def test_a_database_damaged_in_the_middle_is_no_error(folder: Path) -> None:
    filled(folder, *range(20))
    file = folder / "layers.sqlite"
    whole = file.read_bytes()
    for at in range(100, len(whole), 1111):
        file.write_bytes(whole[:at] + b"\xff" * 64 + whole[at + 64 :])
        cache = LayerCache(str(folder))
        for number in range(20):
            cache.get(diff_id(number), RULES)
        cache.put(diff_id(99), RULES, outcome(99))
        assert len(cache.key()) == 32
        cache.close()


@pytest.mark.parametrize("column", ["body", "files", "owned", "folders"])
@pytest.mark.parametrize("value", [b"", b"\x80junk", "text", 7])
def test_a_damaged_row_is_unknown_and_can_be_stored_again(column: str, value: object, folder: Path) -> None:
    filled(folder, 1, 2)
    with sqlite3.connect(folder / "layers.sqlite") as database:
        database.execute(f"UPDATE layers SET {column} = ? WHERE diff_id = ?", (value, diff_id(1)))
    database.close()
    same = column in ("files", "folders") and value == b""
    assert known(folder, 1, 2) == [same, True]
    filled(folder, 1)
    assert known(folder, 1) == [True]


def test_a_row_under_a_wrong_name_is_unknown(folder: Path) -> None:
    filled(folder, 1)
    with sqlite3.connect(folder / "layers.sqlite") as database:
        database.execute("UPDATE layers SET diff_id = ?", (diff_id(2),))
    database.close()
    assert known(folder, 2) == [False]


def test_a_key_of_another_kind_is_not_used(folder: Path) -> None:
    filled(folder, 1)
    with sqlite3.connect(folder / "layers.sqlite") as database:
        database.execute("UPDATE keys SET value = 'short'")
    database.close()
    cache = LayerCache(str(folder))
    assert len(cache.key()) == 32 and not cache.usable
    cache.close()


def test_tables_of_another_schema_are_made_anew(folder: Path) -> None:
    filled(folder, 1)
    with sqlite3.connect(folder / "layers.sqlite") as database:
        database.execute("DROP TABLE layers")
        database.execute("CREATE TABLE layers (other TEXT)")
        database.execute("PRAGMA user_version = 77")
    database.close()
    assert known(folder, 1) == [False]
    filled(folder, 1)
    assert known(folder, 1) == [True]


def test_a_locked_database_is_no_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS_TO_WAIT", 0.01)
    filled(folder, 1)
    other = sqlite3.connect(folder / "layers.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    cache = LayerCache(str(folder))
    assert cache.get(diff_id(1), RULES) is not None, "readers do not wait for writers"
    assert not cache.put(diff_id(2), RULES, outcome(2))
    assert not cache.usable and len(cache.key()) == 32
    cache.close()
    other.execute("ROLLBACK")
    other.close()
    assert known(folder, 1, 2) == [True, False]


@pytest.mark.parametrize(("recent", "first_kept"), [(0, True), (module._RECENT, False)])
def test_what_was_not_used_for_longest_goes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch, recent: int, first_kept: bool
) -> None:
    monkeypatch.setattr(module, "_RECENT", recent)
    size = module.pack(outcome(), b"").size  # type: ignore[union-attr]
    for number in range(6):
        filled(folder, number)
    assert known(folder, 0, 1) == [True, True]
    cache = LayerCache(str(folder), limit=size * 6)
    assert cache.put(diff_id(6), RULES, outcome(6))
    cache.close()
    # Uses one shortly after the other are not told apart.
    kept, gone = [first_kept] * 2, [not first_kept] * 2
    assert known(folder, 0, 1, 2, 3, 4, 5, 6) == [*kept, *gone, True, True, True]


def test_an_outcome_too_large_for_the_cache_is_not_stored(folder: Path) -> None:
    cache = LayerCache(str(folder), limit=1000)
    assert not cache.put(diff_id(1), RULES, outcome(1))
    assert cache.usable
    cache.close()


def test_threads_share_it(folder: Path) -> None:
    cache = LayerCache(str(folder))
    with ThreadPoolExecutor(4) as threads:
        stored = threads.map(lambda number: cache.put(diff_id(number), RULES, outcome(number)), range(40))
        assert all(stored)
        assert all(threads.map(lambda number: cache.get(diff_id(number), RULES), range(40)))
    assert cache.usable
    cache.close()


def _store(folder: str, first: int) -> None:
    cache = LayerCache(folder)
    for number in range(first, first + 20):
        cache.put(diff_id(number), RULES, outcome(number))
        cache.get(diff_id(number - 3), RULES)
    cache.close()


def test_runs_at_the_same_time_share_it(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=_store, args=(str(folder), first)) for first in (0, 20, 40)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
        assert run.exitcode == 0
    assert all(known(folder, *range(60)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_leaves_it_alone(folder: Path) -> None:
    cache = LayerCache(str(folder))
    assert cache.put(diff_id(1), RULES, outcome(1))
    child = os.fork()
    if child == 0:
        os._exit(int(cache.get(diff_id(1), RULES) is not None or cache.put(diff_id(2), RULES, outcome(2))))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert cache.get(diff_id(1), RULES) is not None
    cache.close()
