"""The private folder of a proof."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.run.proving.rooms import Room
from auditor.run.proving.shapes import ProofError


def test_private_and_gone() -> None:
    with Room() as room:
        file = Path(room.secret("s", b"x"))
        dockerfile = Path(room.dockerfile("before", b"FROM a\n", None))
        assert os.stat(room.path).st_mode & 0o777 == 0o700
        assert file.stat().st_mode & 0o777 == 0o600
        assert dockerfile.read_bytes() == b"FROM a\n"
        # An empty one would not count.
        assert Path(f"{dockerfile}.dockerignore").read_text() == "# nothing\n"
    assert not os.path.exists(room.path)


def test_a_context_with_new_files(context: Path) -> None:
    (context / "bin").mkdir()
    (context / "bin" / "tool").write_text("old\n")
    (context / "bin" / "tool").chmod(0o750)
    (context / "link").symlink_to("app.txt")
    (context / "node_modules").mkdir()
    (context / "node_modules" / "big").write_text("x")
    (context / "node_modules" / "kept").write_text("y")
    os.mkfifo(context / "pipe")
    files = {"bin/tool": "new\n", "run/env.sh": "#!/bin/sh\n", "link": "text\n", "plain": "p\n"}
    with Room() as room:
        copy = Path(room.context(str(context), files, "node_modules\n!node_modules/kept\n"))
        found = {str(path.relative_to(copy)) for path in copy.rglob("*") if not path.is_dir()}
        assert found == {"app.txt", "bin/tool", "link", "node_modules/kept", "plain", "run/env.sh"}
        assert (copy / "bin" / "tool").read_text() == "new\n"
        assert (copy / "bin" / "tool").stat().st_mode & 0o777 == 0o750
        assert (copy / "run" / "env.sh").stat().st_mode & 0o777 == 0o755
        assert (copy / "plain").stat().st_mode & 0o777 == 0o644
        assert not (copy / "link").is_symlink()
    assert (context / "bin" / "tool").read_text() == "old\n"
    assert (context / "app.txt").read_text() == "hello\n"


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "a//b", "", "out/x"])
def test_no_file_lies_outside(path: str, context: Path, tmp_path: Path) -> None:
    (context / "out").symlink_to(tmp_path)
    with Room() as room, pytest.raises(ProofError):
        room.context(str(context), {path: "text"}, None)
    assert not (tmp_path / "x").exists()
