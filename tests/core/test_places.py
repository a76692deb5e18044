"""Where paths lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.places import is_below, is_within, near


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


@pytest.mark.parametrize(
    ("path", "folder", "inside"),
    [("/a", "/a", True), ("/a/b", "/a", True), ("/ab", "/a", False), ("/a", "/", True), ("/", "/a", False)],
)
def test_what_is_within_a_folder(path: str, folder: str, inside: bool) -> None:
    assert is_within(path, folder) is inside


def test_links_lead_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "out").symlink_to(tmp_path)
    assert is_below(str(tmp_path / "sub" / "x"), str(tmp_path / "sub"))
    assert not is_below(str(tmp_path / "sub" / "out" / "x"), str(tmp_path / "sub"))
