"""The cache of the prefilter: it saves time, and nobody else can put anything into it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from auditor.detect.prefilter import Trigger, prefilter
from auditor.detect.prefiltering import native, plan, store, words

TRIGGERS = [Trigger("abcd[0-9]{4}", ("abcd",)), Trigger("[a-d]{4}")]
POSIX = pytest.mark.skipif(os.name == "nt", reason="access rights of POSIX")
NAME = "0" * 64


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("AUDIT_CACHE_DIR", str(folder))
    return folder


def test_what_is_stored_is_loaded(cache: Path) -> None:
    assert store.load(NAME) is None
    assert store.save(NAME, b"content")
    assert store.load(NAME) == b"content"
    assert store.load("1" * 64) is None
    assert [path.name for path in cache.iterdir()] == [f"{NAME}.prefilter"]


@POSIX
def test_only_the_user_may_read_it(cache: Path) -> None:
    store.save(NAME, b"content")
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE((cache / f"{NAME}.prefilter").stat().st_mode) == 0o600


@POSIX
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_read(cache: Path, mode: int) -> None:
    store.save(NAME, b"content")
    (cache / f"{NAME}.prefilter").chmod(mode)
    assert store.load(NAME) is None


@POSIX
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_may_write_is_not_used(cache: Path, mode: int) -> None:
    store.save(NAME, b"content")
    cache.chmod(mode)
    assert store.load(NAME) is None
    assert not store.save("1" * 64, b"content")


@POSIX
def test_what_somebody_else_owns_is_not_used(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(NAME, b"content")
    monkeypatch.setattr(os, "geteuid", lambda: cache.stat().st_uid + 1)
    assert store.load(NAME) is None
    assert not store.save(NAME, b"content")


@POSIX
def test_links_are_not_followed(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(NAME, b"content")
    target = tmp_path / "target"
    (cache / f"{NAME}.prefilter").rename(target)
    (cache / f"{NAME}.prefilter").symlink_to(target)
    assert store.load(NAME) is None
    assert store.save(NAME, b"new")
    assert b"content" in target.read_bytes()
    (tmp_path / "link").symlink_to(cache)
    monkeypatch.setenv("AUDIT_CACHE_DIR", str(tmp_path / "link"))
    assert store.load(NAME) is None


@POSIX
def test_a_pipe_in_its_place_does_not_block(cache: Path) -> None:
    cache.mkdir(mode=0o700)
    os.mkfifo(cache / f"{NAME}.prefilter", 0o600)
    assert store.load(NAME) is None


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file" / "cache", tmp_path / "file"):
        monkeypatch.setenv("AUDIT_CACHE_DIR", str(folder))
        assert not store.save(NAME, b"content")
        assert store.load(NAME) is None
        assert prefilter(TRIGGERS, "digest").hits(b"abcd1234") == [(0, 8), (1, 4)]


def test_old_files_go(cache: Path) -> None:
    for number in range(12):
        assert store.save(f"{number:064}", b"content")
    assert len(list(cache.iterdir())) == 8


def test_the_folder_is_the_platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDIT_CACHE_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if os.name != "nt":
        assert store.folder() == str(tmp_path / "xdg" / "image-leak-auditor")
        monkeypatch.setenv("XDG_CACHE_HOME", "relative")
        assert store.folder() == str(tmp_path / "home" / ".cache" / "image-leak-auditor")
        monkeypatch.setattr(sys, "platform", "darwin")
        assert store.folder() == str(tmp_path / "home" / "Library" / "Caches" / "image-leak-auditor")
    monkeypatch.setattr(os, "name", "nt")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert store.folder() == os.path.join(str(tmp_path / "local"), "image-leak-auditor")
    monkeypatch.delenv("LOCALAPPDATA")
    assert store.folder() == ""
    assert not store.save(NAME, b"content")


@pytest.mark.parametrize("engine", ["hyperscan", "keywords"])
def test_the_second_time_nothing_is_compiled(cache: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    first = prefilter(TRIGGERS, "digest", engine=engine).hits(b"abcd1234 dcba")

    def fail(_triggers: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(native, "plan", fail)
    monkeypatch.setattr(words, "plan", fail)
    assert prefilter(TRIGGERS, "digest", engine=engine).hits(b"abcd1234 dcba") == first
    for triggers, digest in ((TRIGGERS, "other digest"), (TRIGGERS[:1], "digest")):
        with pytest.raises(AssertionError, match="compiled again"):
            prefilter(triggers, digest, engine=engine)


@pytest.mark.parametrize("engine", ["hyperscan", "keywords"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[:50],
        lambda content: content[:-100],
        lambda content: content[:120] + b"\xff" * 20 + content[140:],
        lambda content: content[: len(content) // 2] + b"\xa5" + content[len(content) // 2 + 1 :],
        lambda content: content + b"\0",
        lambda content: content[:97] + b"[[1, 2]]",
        lambda content: content[:97] + b"null",
        lambda content: b"another file",
    ],
)
def test_a_broken_file_is_written_anew(cache: Path, engine: str, spoil: object) -> None:
    assert callable(spoil)
    expected = prefilter(TRIGGERS, "digest", engine=engine).hits(b"abcd1234 dcba")
    (path,) = cache.iterdir()
    good = path.read_bytes()
    path.write_bytes(spoil(good))
    assert prefilter(TRIGGERS, "digest", engine=engine).hits(b"abcd1234 dcba") == expected
    assert path.stat().st_size == len(good)


def test_what_hyperscan_refuses_is_searched_by_its_literals(monkeypatch: pytest.MonkeyPatch) -> None:
    real = plan.plan

    def spoilt(triggers: list[Trigger]) -> plan.Plan:
        made = real(triggers)
        return made._replace(searches=[made.searches[0]._replace(expression="(abcd"), *made.searches[1:]])

    monkeypatch.setattr(native, "plan", spoilt)
    triggers = [Trigger("ABCD[0-9]{4}", ("abcd",)), Trigger("efgh", ("efgh",))]
    assert prefilter(triggers, "refused").hits(b"abcd efgh ABCD1234") == [(0, 4), (0, 14), (1, 9)]
