"""Writing the files of a rewrite: all or none, with everything that a file has besides its text."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.run.rewrite import writing
from auditor.run.rewrite.outcome import FileChange
from auditor.run.rewrite.writing import WriteError, encoded, write

BEFORE, AFTER = "FROM a\nARG TOKEN\n", "FROM a\n"
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX files")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty tree as current folder, with room for other things beside it."""
    tree = tmp_path / "tree"
    tree.mkdir()
    monkeypatch.chdir(tree)
    return tree


def change(path: str, before: str | None = BEFORE, after: str = AFTER) -> FileChange:
    if before is not None and not os.path.lexists(path):
        Path(path).write_bytes(encoded(before))
    return FileChange(path, "dockerfile" if before is not None else "new", before, after)


def group(*names: str) -> list[FileChange]:
    return [change(name, after=f"{AFTER}# {name}\n") for name in names]


def refused(*changes: FileChange, roots: tuple[str, ...] = (".",)) -> str:
    """The reason, after a look that nothing has changed and nothing lies about."""
    before = contents()
    with pytest.raises(WriteError) as caught:
        write(changes, roots)
    assert contents() == before
    return str(caught.value)


def contents() -> dict[str, bytes]:
    found = {}
    for folder, _, names in os.walk(".."):
        for name in names:
            path = os.path.join(folder, name)
            found[path] = os.readlink(path).encode() if os.path.islink(path) else Path(path).read_bytes()
    return found


def test_a_file_is_replaced(here: Path) -> None:
    write([change("Dockerfile")], ["."])
    assert (here / "Dockerfile").read_bytes() == AFTER.encode()
    assert os.listdir(here) == ["Dockerfile"]


def test_a_group_is_written_with_its_new_files(here: Path) -> None:
    write([*group("Dockerfile", "build.sh"), change(".dockerignore", None, ".npmrc\n")], ["."])
    assert (here / "build.sh").read_text() == f"{AFTER}# build.sh\n"
    assert (here / ".dockerignore").read_text() == ".npmrc\n"
    assert sorted(os.listdir(here)) == [".dockerignore", "Dockerfile", "build.sh"]


def test_a_file_without_a_change_is_not_touched(here: Path) -> None:
    same = change("Dockerfile", after=BEFORE)
    inode = (here / "Dockerfile").stat().st_ino
    write([same], ["."])
    assert (here / "Dockerfile").stat().st_ino == inode


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_bytes_stay_what_they_are(first: bytes, second: bytes) -> None:
    text = (b"\xef\xbb\xbf" + first + b"\r\n" + second).decode("utf-8", "surrogateescape")
    assert encoded(text) == b"\xef\xbb\xbf" + first + b"\r\n" + second


def test_odd_bytes_are_written_as_they_were(here: Path) -> None:
    old = b"\xef\xbb\xbfFROM a\r\nARG T\r\n# \xff\xfe\r\nRUN x"
    path = here / "Dockerfile"
    path.write_bytes(old)
    text = old.decode("utf-8", "surrogateescape")
    write([FileChange("Dockerfile", "dockerfile", text, text.replace("ARG T\r\n", ""))], ["."])
    assert path.read_bytes() == old.replace(b"ARG T\r\n", b"")


@posix
@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o664, 0o200 | 0o444])
def test_the_mode_is_kept(mode: int, here: Path) -> None:
    one = change("build.sh")
    os.chmod("build.sh", mode)
    write([one], ["."])
    assert stat.S_IMODE((here / "build.sh").stat().st_mode) == mode


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_is_kept(here: Path) -> None:
    one = change("Dockerfile")
    os.chown("Dockerfile", 1234, 2345)
    os.chmod("Dockerfile", 0o4755)
    write([one], ["."])
    state = (here / "Dockerfile").stat()
    assert (state.st_uid, state.st_gid, stat.S_IMODE(state.st_mode)) == (1234, 2345, 0o4755)


@posix
def test_an_owner_that_cannot_be_kept_is_no_reason_to_fail(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = change("Dockerfile")
    real = os.fstat

    def foreign(handle: int) -> os.stat_result:
        values = list(real(handle))
        values[stat.ST_UID] += 1
        return os.stat_result(values)

    def forbidden(*_: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("auditor.run.rewrite.attributes.os.fstat", foreign)
    monkeypatch.setattr("auditor.run.rewrite.attributes.os.fchown", forbidden)
    monkeypatch.setattr(writing, "_identity", lambda state: (state.st_ino,))
    write([one], ["."])
    assert (here / "Dockerfile").read_text() == AFTER


@pytest.mark.skipif(sys.platform != "linux", reason="extended attributes of Linux")
def test_extended_attributes_are_kept(here: Path) -> None:
    one = change("Dockerfile")
    try:
        os.setxattr("Dockerfile", "user.note", b"keep me")
    except OSError:
        pytest.skip("the file system has no extended attributes")
    write([one], ["."])
    assert os.getxattr("Dockerfile", "user.note") == b"keep me"


@posix
@pytest.mark.parametrize(("after", "mode"), [("#!/bin/sh\n", 0o750), ("*.pem\n", 0o640)])
def test_a_new_file_has_the_mode_that_the_user_asks_for(after: str, mode: int, here: Path) -> None:
    old = os.umask(0o027)
    try:
        write([change("new", None, after)], ["."])
    finally:
        os.umask(old)
    assert stat.S_IMODE((here / "new").stat().st_mode) == mode


@posix
def test_a_link_stays_and_its_target_is_written(here: Path) -> None:
    (here / "docker").mkdir()
    one = change("docker/app")
    os.symlink("docker/app", "Dockerfile")
    write([one._replace(path="Dockerfile")], ["."])
    assert os.readlink("Dockerfile") == "docker/app"
    assert (here / "docker" / "app").read_text() == AFTER
    assert os.listdir(here / "docker") == ["app"]


@posix
def test_links_out_of_the_tree_are_refused(here: Path) -> None:
    outside = change("../Dockerfile")
    os.symlink("../Dockerfile", "Dockerfile")
    assert "a link that leads out of the tree" in refused(outside._replace(path="Dockerfile"))
    os.symlink("..", "up")
    assert "out of the tree" in refused(outside._replace(path="up/Dockerfile"))
    assert "out of the tree" in refused(outside)
    os.symlink("../new", "new")
    assert "a link that leads out of the tree" in refused(change("new", None))
    write([outside], [".", ".."])
    assert (here.parent / "Dockerfile").read_text() == AFTER


@posix
@pytest.mark.parametrize("make", [lambda: os.mkfifo("pipe"), lambda: os.mkdir("pipe"), lambda: None])
def test_what_is_no_file_is_refused(make: Any) -> None:
    make()
    one = FileChange("pipe", "dockerfile", BEFORE, AFTER)
    with pytest.raises(WriteError, match="cannot be read"):
        write([one], ["."])


@pytest.mark.parametrize("path", [".git/Dockerfile", "sub/.GIT/hooks/Dockerfile", ".hg/Dockerfile"])
def test_the_version_controls_own_files_are_refused(path: str, here: Path) -> None:
    (here / path).parent.mkdir(parents=True)
    assert "belongs to the version control" in refused(change(path))


@posix
def test_hard_links_are_refused() -> None:
    one = change("Dockerfile")
    os.link("Dockerfile", "other")
    assert "has 2 names (hard links)" in refused(one)


def test_a_file_that_is_meant_twice_is_refused() -> None:
    one = change("Dockerfile")
    assert "the same file as Dockerfile" in refused(one, one._replace(path="./Dockerfile"))


@posix
def test_read_only_files_and_folders_are_refused(here: Path) -> None:
    """Also for root, who could write them."""
    one = change("Dockerfile")
    os.chmod("Dockerfile", 0o444)
    assert refused(one) == "Dockerfile: is read-only"
    os.chmod("Dockerfile", 0o644)
    os.chmod(here, 0o555)
    try:
        assert refused(one) == "Dockerfile: cannot be written: its folder is read-only"
        assert "folder is read-only" in refused(change("new", None))
    finally:
        os.chmod(here, 0o755)


def test_a_file_without_access_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    one = change("Dockerfile")
    monkeypatch.setattr(os, "access", lambda *_args, **_named: False)
    assert refused(one) == "Dockerfile: is read-only"


@pytest.mark.parametrize("now", ["", BEFORE + "#", BEFORE.replace("TOKEN", "tOKEN")])
def test_a_file_that_has_changed_is_refused(now: str, here: Path) -> None:
    changes = group("build.sh", "Dockerfile")
    (here / "Dockerfile").write_text(now)
    assert refused(*changes) == "Dockerfile: changed while it was being fixed; nothing was written"


def test_a_file_that_changes_while_others_are_saved_is_refused(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = group("Dockerfile", "build.sh")
    save = writing._File.save

    def slow(self: writing._File, *, backup: bool) -> None:
        save(self, backup=backup)
        (here / "Dockerfile").write_text("FROM b\n")

    monkeypatch.setattr(writing._File, "save", slow)
    with pytest.raises(WriteError, match="Dockerfile: changed"):
        write(changes, ["."])
    assert (here / "Dockerfile").read_text() == "FROM b\n"
    assert (here / "build.sh").read_text() == BEFORE
    assert sorted(os.listdir(here)) == ["Dockerfile", "build.sh"]


def test_a_new_file_overwrites_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "new").write_text("mine")
    assert "is there already" in refused(change("new", None))
    (here / "new").unlink()
    save = writing._File.save

    def slow(self: writing._File, *, backup: bool) -> None:
        save(self, backup=backup)
        (here / "new").write_text("mine")

    monkeypatch.setattr(writing._File, "save", slow)
    with pytest.raises(WriteError, match="appeared in the meantime"):
        write([change("Dockerfile"), change("new", None)], ["."])
    assert (here / "new").read_text() == "mine"
    assert (here / "Dockerfile").read_text() == BEFORE


class Failing:
    """Stands for a function of `os` that fails at the call of a number (from 1), with this error."""

    def __init__(self, name: str, number: int, code: int) -> None:
        self.real: Any = getattr(os, name)
        self.left = number
        self.code = code

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise OSError(self.code, os.strerror(self.code))
        return self.real(*arguments, **named)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [
        ("write", errno.ENOSPC, "no space left on device"),
        ("fsync", errno.EDQUOT, "disk quota exceeded"),
        ("open", errno.EROFS, "read-only file system"),
        ("replace", errno.EPERM, "operation not permitted"),
    ],
)
def test_whatever_fails_leaves_every_file_as_it_was(
    name: str, code: int, reason: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = group("Dockerfile", "build.sh", "compose.yml")
    # Of the calls of open every other one reads.
    failing = Failing(name, number + 3 if name == "open" else number, code)
    monkeypatch.setattr(os, name, failing)
    message = refused(*changes)
    assert failing.left <= 0
    assert message.endswith(f": cannot be written: {reason}")


@posix
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_disk_without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = group("Dockerfile", "build.sh")
    create = writing._create

    def full(path: str, mode: int) -> int:
        os.close(create(path, mode))
        return os.open("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(writing, "_create", full)
    assert refused(*changes) == "Dockerfile: cannot be written: no space left on device"


def test_file_systems_without_hard_links(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    changes = [*group("Dockerfile", "build.sh"), change("new", None, "x\n")]
    monkeypatch.setattr(os, "link", unsupported)
    write(changes, ["."])
    assert (here / "new").read_text() == "x\n"
    assert sorted(os.listdir(here)) == ["Dockerfile", "build.sh", "new"]
    again = [change(name, f"{AFTER}# {name}\n", AFTER) for name in ("Dockerfile", "build.sh")]
    monkeypatch.setattr(os, "replace", Failing("replace", 2, errno.EIO))
    assert refused(*again).startswith("build.sh: cannot be written: ")


def test_what_cannot_be_put_back_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = group("Dockerfile", "build.sh")
    real, calls = os.replace, []

    def broken(source: str, target: str) -> None:
        calls.append(target)
        if len(calls) > 1:
            raise OSError(errno.EIO, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(WriteError) as caught:
        write(changes, ["."])
    message = str(caught.value)
    assert message.startswith("build.sh: cannot be written: ")
    assert "Dockerfile could not be put back (input/output error), its content is in " in message
    kept = [path for path in here.iterdir() if path.name.endswith(".tmp") and str(path) in message]
    assert BEFORE in [path.read_text() for path in kept]


def test_an_interrupt_leaves_every_file_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = group("Dockerfile", "build.sh")
    real, calls = os.replace, []

    def interrupted(source: str, target: str) -> None:
        real(source, target)
        calls.append(target)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    before = contents()
    with pytest.raises(KeyboardInterrupt):
        write(changes, ["."])
    assert contents() == before
