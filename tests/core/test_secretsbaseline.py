from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import pytest
from detect_secrets.core.potential_secret import PotentialSecret

from auditor.core import secretsbaseline
from auditor.core.baselinepaths import Keys, entry_key, folder_of, path_key
from auditor.core.errors import UsageError
from auditor.core.secretsbaseline import Baseline, Entry, hashes, read

VALUE = "tr0ub4dor&3"
GITHUB = "ghp_" + "a1B2c3D4e5F6" * 3
KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIB\n-----END RSA " + "PRIVATE KEY-----\n"
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiJ4In0."


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


def row(value: str = VALUE, **more: object) -> dict[str, object]:
    return {"type": "Secret Keyword", "filename": "app/.env", "hashed_secret": sha1(value), "line_number": 3, **more}


def stored(folder: Path, *rows: object, name: str = "app/.env") -> str:
    path = folder / ".secrets.baseline"
    path.write_text(json.dumps({"version": "1.5.0", "results": {name: list(rows)}}))
    return str(path)


def loaded(folder: Path, *rows: object, name: str = "app/.env") -> Baseline:
    return read(stored(folder, *rows, name=name))


def test_a_known_secret_is_held_after_its_line_moved(tmp_path: Path) -> None:
    known = loaded(tmp_path, row())
    path = str(tmp_path / "app" / ".env")
    entry = known.holds(path, 77, VALUE)
    assert entry == Entry("app/.env", sha1(VALUE), "Secret Keyword", 3, None)
    assert known.holds(path, 3, VALUE + "x") is None
    assert known.holds(str(tmp_path / "other"), 3, VALUE) is None


@pytest.mark.parametrize("name", ["app/.env", "app\\.env", "./app/.env", "app/../app/.env"])
def test_paths_are_relative_to_the_folder_of_the_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "app").mkdir()
    known = loaded(tmp_path, row(), name=name)
    monkeypatch.chdir(tmp_path / "app")
    for path in (".env", "./.env", "../app/.env", str(tmp_path / "app/.env")):
        assert known.holds(path, 1, VALUE)
    assert known.holds("app/.env", 1, VALUE) is None


def test_links_do_not_hide_a_file(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    stored(tmp_path / "real", row())
    assert read(str(tmp_path / "link/.secrets.baseline")).holds(str(tmp_path / "real/app/.env"), 1, VALUE)


@pytest.mark.parametrize(
    ("labels", "suppresses", "reason"),
    [
        ([None], True, "known secret"),
        ([False], True, "audited: not a secret"),
        ([True], False, "known secret"),
        ([None, False], True, "audited: not a secret"),
        ([False, None, True], False, "known secret"),
    ],
)
def test_labels(tmp_path: Path, labels: list[bool | None], suppresses: bool, reason: str) -> None:
    rows = [row(**({} if label is None else {"is_secret": label})) for label in labels]
    entry = loaded(tmp_path, *rows).holds(str(tmp_path / "app/.env"), 3, VALUE)
    assert entry is not None
    assert (entry.suppresses, entry.reason) == (suppresses, reason)


@pytest.mark.parametrize(("value", "kept"), [(GITHUB, "ghp"), (KEY, "BEGIN RSA PRIVATE KEY")])
def test_a_hash_that_many_secrets_share_counts_on_its_line_only(tmp_path: Path, value: str, kept: str) -> None:
    known = loaded(tmp_path, row(kept))
    path = str(tmp_path / "app/.env")
    assert known.holds(path, 3, value)
    assert known.holds(path, 4, value) is None
    assert loaded(tmp_path, row(value)).holds(path, 4, value)


@pytest.mark.parametrize(
    ("value", "kept"), [(JWT + "c2ln", JWT), ("A" * 86 + "==", "AccountKey=" + "A" * 86 + "=="), (VALUE, VALUE)]
)
def test_hashes_of_what_detect_secrets_keeps(value: str, kept: str) -> None:
    assert PotentialSecret.hash_secret(kept) == hashes(value).exact[-1]
    assert PotentialSecret.hash_secret(value) in hashes(value).exact


def test_hash_of_any_text() -> None:
    assert len(hashes("\udcff\ud800").exact[0]) == 40


def test_older_and_slim_baselines(tmp_path: Path) -> None:
    path = tmp_path / "b"
    path.write_text(
        json.dumps({"version": "0.14.3", "results": {"a": [{"type": "x", "hashed_secret": sha1(VALUE)}]}}),
        encoding="utf-8-sig",
    )
    entry = read(str(path)).holds(str(tmp_path / "a"), 9, VALUE)
    assert entry is not None and entry.line == 0


BAD = {
    "empty": b"",
    "binary": b"\x89PNG\r\n\x1a\n\xff\xfe",
    "utf-16": '{"version": "1.5.0"}'.encode("utf-16"),
    "not-json": b"{'version': 1}",
    "list": b"[]",
    "number": b"1",
    "deep": b"[" * 200_000,
    "deep-inside": b'{"version": "1.5.0", "results": ' + b'{"a":' * 200_000,
    "digits": b'{"version": ' + b"9" * 10_000 + b"}",
    "no-version": b'{"results": {}}',
    "version": b'{"version": "new", "results": {}}',
    "version-number": b'{"version": 1.5, "results": {}}',
    "no-results": b'{"version": "1.5.0"}',
    "results": b'{"version": "1.5.0", "results": []}',
    "rows": b'{"version": "1.5.0", "results": {"a": {}}}',
}
BAD_ROWS: dict[str, object] = {
    "text": "x",
    "no-hash": {"type": "x"},
    "hash": row(hashed_secret="abc"),
    "hash-number": row(hashed_secret=1),
    "type": row(type=None),
    "line": row(line_number="3"),
    "line-flag": row(line_number=True),
    "line-negative": row(line_number=-1),
    "line-fraction": row(line_number=1.5),
    "label": row(is_secret="no"),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_what_is_no_baseline(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.baseline"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"bad\.baseline: "):
        read(str(path))


@pytest.mark.parametrize("bad", BAD_ROWS.values(), ids=BAD_ROWS)
def test_bad_entries_are_named_by_their_place(tmp_path: Path, bad: object) -> None:
    with pytest.raises(UsageError, match=r"\.secrets\.baseline: results\.'app/\.env'\[1\]"):
        loaded(tmp_path, row(), bad)


def test_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secretsbaseline, "MAX_BYTES", 100)
    with pytest.raises(UsageError, match="larger than 100 bytes"):
        loaded(tmp_path, row())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing", "."):
        with pytest.raises(UsageError):
            read(str(tmp_path / name))


@pytest.mark.parametrize("name", ["\0", "a/" * 100_000, "../" * 5_000 + "x", "", "\ud800"], ids=range(5))
def test_odd_paths_do_no_harm(tmp_path: Path, name: str) -> None:
    started = time.process_time()
    known = loaded(tmp_path, row(), name=name)
    assert known.holds(str(tmp_path / "app/.env"), 1, VALUE) is None
    assert known.holds(name, 1, "other") is None
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "d/a",
        "d/../a",
        "link/a",
        "d/file-link",
        "./a",
        "d/",
        ".",
        "..",
        "../x",
        "/etc",
        "d//a",
        "a\0b",
        "a\ud800",
        "",
    ],
)
def test_keys_of_many_paths_are_those_of_each(tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "link").symlink_to("d")
    (tmp_path / "a").write_text("")
    (tmp_path / "d/file-link").symlink_to("../a")
    monkeypatch.chdir(tmp_path / "d")
    folder = folder_of(str(tmp_path / "audit-baseline.jsonl"))
    keys = Keys(folder)
    for _ in range(2):
        assert keys.path(path) == path_key(path, folder)
        assert keys.path(str(tmp_path / path)) == path_key(str(tmp_path / path), folder)
        assert keys.entry(path) == entry_key(path, folder)
