"""What fails while the files of a rewrite are written leaves all of them as they were."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from auditor.run.rewrite import writing
from auditor.run.rewrite.writing import WriteError, write
from tests.run.rewrite.files import AFTER, BEFORE, change, contents, group, posix, refused
from tests.run.rewrite.files import here as here

pytestmark = pytest.mark.usefixtures("here")


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
