"""`audit baseline export`: what stays in the file and what goes."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.run.scanning import files

PASSWORD = 'password = "Other-77-harbour"\n'
LOGIN = "url = https://deploy:Zq8vT1xK4m@db.example/\n"
RULE = "[[rules]]\nid = 'acme'\nregex = 'acme_[a-z0-9]{8}'\nkeywords = ['acme']\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    """Exit code and the first line of the standard error, without the file's name."""
    code = main(["baseline", "export", *argv])
    return int(code), capsys.readouterr().err.partition("\n")[0].partition(": ")[2]


def listed() -> set[str]:
    return set(json.loads(Path(".secrets.baseline").read_text())["results"])


def test_what_a_run_did_not_look_for_stays(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.txt").write_text(PASSWORD)
    (here / "b.txt").write_text(PASSWORD)
    assert said(capsys, ".") == (0, "2 added, 0 kept, 0 removed")
    unjudged = "0 added, 2 kept (2 of them not looked for in this run), 0 removed"
    assert said(capsys, "--ignore", "assigned-secret", ".") == (0, unjudged)
    assert said(capsys, "--select", "known-token", ".") == (0, unjudged)
    assert said(capsys, "--exclude", "*.txt", ".") == (0, unjudged)
    assert said(capsys, "a.txt") == (0, "0 added, 2 kept (1 of them not looked for in this run), 0 removed")
    assert said(capsys, ".") == (0, "0 added, 2 kept, 0 removed")


def test_what_is_gone_goes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (here / name).write_text(PASSWORD + LOGIN)
    said(capsys, ".")
    (here / "a.txt").write_text(LOGIN)
    (here / "b.txt").unlink()
    assert said(capsys, ".") == (0, "0 added, 3 kept, 3 removed")
    assert listed() == {"a.txt", "c.txt"}


def test_a_narrow_run_removes_nothing_from_files_with_findings(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.txt").write_text(PASSWORD + LOGIN)
    said(capsys, ".")
    assert said(capsys, "--select", "url-credential", ".")[1].endswith("0 removed")


def test_files_that_were_not_read_whole_keep_their_entries(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a.txt").write_text(LOGIN + PASSWORD)
    said(capsys, ".")
    monkeypatch.setattr(files, "MOST_FINDINGS", 1)
    assert said(capsys, ".") == (3, "0 added, 2 kept (1 of them not looked for in this run), 0 removed")


def test_other_rules_come_and_go(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "g.toml").write_text(RULE)
    (here / "a.txt").write_text("x acme_12345678\n")
    assert said(capsys, "--rules", "g.toml", "a.txt") == (0, "1 added, 0 kept, 0 removed")
    assert said(capsys, "a.txt") == (0, "0 added, 1 kept (1 of them not looked for in this run), 0 removed")
    narrow = said(capsys, "--rules", "g.toml", "--ignore", "acme", "a.txt")
    assert narrow == (0, "0 added, 1 kept (1 of them not looked for in this run), 0 removed")
    (here / "a.txt").write_text("x\n")
    assert said(capsys, "--rules", "g.toml", "a.txt") == (0, "0 added, 0 kept, 1 removed")


def test_entries_of_archive_members_go_with_the_archive(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(here / "a.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("in!side.txt", PASSWORD + "padding " * 99)
    said(capsys, ".")
    assert listed() == {"a.zip!in!side.txt"}
    assert said(capsys, "--max-depth", "0", ".")[1].startswith("0 added, 1 kept (1 of them")
    with zipfile.ZipFile(here / "a.zip", "w") as file:
        file.writestr("in!side.txt", "clean")
    assert said(capsys, ".") == (0, "0 added, 0 kept, 1 removed")


def test_only_the_baseline_itself_is_left_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "sub").mkdir()
    (here / "sub" / ".secrets.baseline").write_text(PASSWORD)
    said(capsys, ".")
    assert listed() == {"sub/.secrets.baseline"}
    before = Path(".secrets.baseline").read_text()
    assert said(capsys, ".", ".secrets.baseline") == (0, "0 added, 1 kept, 0 removed")
    assert Path(".secrets.baseline").read_text() == before
    (here / "sub" / ".secrets.baseline").write_text(PASSWORD.replace("77", "78"))
    assert main(["scan", "--baseline", ".secrets.baseline", "."]) == 1


def test_paths_in_a_baseline_that_no_file_can_have_are_kept(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = {"type": "x", "hashed_secret": "a" * 40, "line_number": 1}
    results = {name: [{**entry, "filename": name}] for name in ("\ud800", "a\0b")}
    Path(".secrets.baseline").write_text(json.dumps({"version": "1.5.0", "results": results}))
    assert said(capsys, ".") == (0, "0 added, 2 kept (2 of them not looked for in this run), 0 removed")
