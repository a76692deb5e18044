"""What the tests of writing share: an empty tree, changes of files in it, and a look at all that is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from auditor.run.rewrite.outcome import FileChange
from auditor.run.rewrite.writing import WriteError, encoded, write

BEFORE, AFTER = "FROM a\nARG TOKEN\n", "FROM a\n"
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX files")


@pytest.fixture
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
