"""The files of a repository: what the index names and nothing else, never outside of it."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from auditor.sources import repository
from auditor.sources.repository import files_of


def index(*names: str) -> bytes:
    """An index of version 2 with these names."""
    made = b"DIRC" + struct.pack(">II", 2, len(names))
    for name in sorted(names):
        entry = b"\0" * 60 + struct.pack(">H", len(name)) + name.encode()
        made += entry + b"\0" * (8 - len(entry) % 8)
    return made


def listed(root: Path, *exclude: str) -> list[str]:
    found = files_of(
        str(root),
        exclude=exclude,
        is_wanted=lambda path: path.endswith(".sh"),
        is_program=lambda _entry: False,
        is_program_at=lambda path: path.endswith("/tool"),
    )
    return [os.path.relpath(path, root) for path in found]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "repository"
    for name in (".git/x", "a.sh", "b/c.sh", "b/tool", "node_modules/d.sh", "e.py", "untracked.sh"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text("")
    return made


def test_what_git_tracks(root: Path) -> None:
    names = ("a.sh", "b/c.sh", "b/tool", "node_modules/d.sh", "e.py", "gone.sh")
    (root / ".git" / "index").write_bytes(index(*names))
    assert listed(root) == ["a.sh", "b/c.sh", "b/tool"]
    assert listed(root, "b") == ["a.sh"]


def test_no_path_leads_out(root: Path) -> None:
    (root.parent / "outside").mkdir()
    (root.parent / "outside" / "x.sh").write_text("")
    os.symlink(root.parent / "outside", root / "linked")
    os.symlink(root.parent / "outside" / "x.sh", root / "link.sh")
    names = ("../outside/x.sh", str(root.parent / "outside" / "x.sh"), "linked/x.sh", "link.sh", "./a.sh", "b//c.sh")
    (root / ".git" / "index").write_bytes(index(*names))
    assert listed(root) == []


def test_without_an_index_the_folder_is_searched(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed(root) == ["a.sh", "untracked.sh", "b/c.sh"]
    monkeypatch.setattr(repository, "_MOST_ENTRIES", 2)
    assert len(listed(root)) <= 2
