"""Baselines of repositories: what is committed stands in `.git/objects` as well."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from auditor.cli.main import main
from tests.cli.baselining import INI, NAME, OTHER, TOKEN, lines, said

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="needs git")


def git(*words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *words], check=True, capture_output=True
    )


def commit() -> None:
    git("add", ".")
    git("commit", "-qm", "change")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "repo").mkdir()
    monkeypatch.chdir(tmp_path / "repo")
    git("init", "-q", "-b", "main")
    Path("shop.ini").write_text(INI)
    Path("audit.toml").write_text(f'baseline = "{NAME}"\n')
    return tmp_path


def test_what_is_accepted_may_be_committed(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create", "--reason", "for tests")
    commit()
    assert main(["scan", "--quiet"]) == 0
    assert said(capsys, "update") == (0, "", "0 added, 1 kept\n".strip())
    assert [row["path"] for row in lines()] == ["shop.ini"]


def test_a_rule_that_needs_the_name_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".env").write_text(f"A=1\nSECRET_KEY={TOKEN[4:]}\n")
    said(capsys, "create", "--reason", "for tests")
    commit()
    assert main(["scan", "--quiet"]) == 0


def test_another_value_in_the_history_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create", "--reason", "for tests")
    Path("shop.ini").write_text(INI.replace(OTHER, OTHER[::-1]))
    commit()
    Path("shop.ini").write_text(INI)
    commit()
    capsys.readouterr()
    assert main(["scan", "--quiet", "--format", "gnu"]) == 1
    found = capsys.readouterr().out.splitlines()
    assert len(found) == 1
    assert found[0].startswith(".git/objects/")


def test_a_file_that_is_renamed_or_removed_leaves_its_entry_to_the_history(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create", "--reason", "for tests")
    commit()
    git("mv", "shop.ini", "store.ini")
    commit()
    assert main(["scan", "--quiet"]) == 0
    said(capsys, "update")
    assert [row["path"] for row in lines()] == ["store.ini"]
    git("rm", "-q", "store.ini")
    commit()
    assert main(["scan", "--quiet"]) == 0
    said(capsys, "prune")
    assert [(row["path"], row["reason"]) for row in lines()] == [(".git/objects", "for tests")]
    Path("copy.ini").write_text(INI)
    assert main(["scan", "--quiet"]) == 1


def test_a_clone_without_the_history_prunes_nothing_of_it(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit()
    Path("shop.ini").write_text("")
    said(capsys, "create", "--reason", "for tests")
    commit()
    before = lines()
    assert [row["path"] for row in before] == [".git/objects"]
    git("clone", "-q", "--depth", "1", f"file://{here}/repo", str(here / "shallow"))
    git("worktree", "add", "-q", str(here / "tree"), "-b", "other")
    for folder in ("shallow", "tree"):
        monkeypatch.chdir(here / folder)
        assert said(capsys, "prune")[0] == 0
        assert lines() == before
        Path("copy.ini").write_text(INI)
        assert main(["scan", "--quiet", "copy.ini"]) == 1


def test_a_review_asks_once_for_a_file_and_its_history(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    commit()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\nfor tests\n\n")))
    assert "1 answered, 0 of 1 left" in said(capsys, "review")[1]
    assert main(["scan", "--quiet"]) == 0
