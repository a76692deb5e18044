from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.places import near


def test_what_lies_below_the_current_folder_is_called_by_its_way_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    assert near(str(tmp_path / "sub" / "x")) == "sub/x"
    assert near("x") == "x"
    assert near("..x") == "..x"
    assert near(str(tmp_path.parent / "x")) == str(tmp_path.parent / "x")
    monkeypatch.chdir(tmp_path / "sub")
    (tmp_path / "sub").rmdir()
    assert near("/a/b") == "/a/b"
