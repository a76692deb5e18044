"""What a baseline silences in runs: what moves stays accepted, what is new or expired does not."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.core.acceptance import Entry, Mark
from auditor.core.finding import Report
from auditor.core.places import near
from tests.run.acceptance.accepting import SALT, accept_all, opened, reported, runs, save

VALUE = "Tundra-42" + "-kite"
DOCKERFILE = f"""\
FROM node:22
ENV DB_PASSWORD={VALUE}
ARG NPM_TOKEN
RUN echo hi && npm config set //r.example/:_authToken=$NPM_TOKEN
"""
INI = f'password = "{VALUE}"\n'


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "app.ini").write_text(INI)
    return tmp_path


def test_accepted_findings_are_silent_with_the_reason(repo: Path) -> None:
    assert len(reported_without(repo)) == 6
    accept_all(repo, reason="a test value")
    assert reported(repo) == []
    lint, scan = runs(repo)
    assert {finding.suppressed for finding in scan.findings} == {("baseline", "a test value")}
    assert lint.key == scan.key == SALT


def reported_without(folder: Path) -> list[tuple[str, str]]:
    save(folder, ())
    return reported(folder)


def test_lines_that_move_stay_accepted_and_new_values_do_not(repo: Path) -> None:
    accept_all(repo)
    (repo / "Dockerfile").write_text("# syntax=docker/dockerfile:1\n\n" + DOCKERFILE.replace("echo hi", "echo  ho"))
    (repo / "app.ini").write_text("\n\n" + INI * 2)
    assert reported(repo) == []
    (repo / "app.ini").write_text(INI + 'password = "Other-77-harbour"\n')
    assert reported(repo) == [("app.ini", "assigned-secret")]


EDITS = st.lists(st.sampled_from(["top", "comment", "blank", "label", "crlf", "bom", "rename", "twice"]), max_size=5)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EDITS)
def test_no_harmless_edit_brings_a_finding_back(edits: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, text = Path(name), DOCKERFILE
        (folder / "Dockerfile").write_text(text)
        accept_all(folder)
        for edit in edits:
            if edit == "top":
                text = text.replace("FROM node:22\n", "FROM node:22\nRUN make\n", 1)
            elif edit == "comment":
                text = text.replace("ARG NPM", "# for the build\nARG NPM", 1)
            elif edit == "blank":
                text = text.replace("\nRUN", "\n\n\nRUN", 1)
            elif edit == "label":
                text = text.rstrip("\r\n") + "\nLABEL a=b\n"
            elif edit == "crlf":
                text = text.replace("\r\n", "\n").replace("\n", "\r\n")
            elif edit == "bom":
                text = "\ufeff" + text.lstrip("\ufeff")
            elif edit == "twice":
                text = text.replace("ENV DB_PASSWORD", f"ENV PASSWORD={VALUE}\nENV DB_PASSWORD", 1)
        (folder / "Dockerfile").write_bytes(text.encode())
        if "rename" in edits:
            (folder / "sub").mkdir()
            (folder / "Dockerfile").rename(folder / "sub" / "Dockerfile")
        assert reported(folder) == []


def test_a_moved_file_stays_accepted_and_a_copy_does_not(repo: Path) -> None:
    accept_all(repo)
    (repo / "new").mkdir()
    (repo / "app.ini").rename(repo / "new" / "other.ini")
    assert reported(repo) == []
    shutil.copy(repo / "new" / "other.ini", repo / "new" / "third.ini")
    assert len(reported(repo)) == 1
    (repo / "app.ini").write_text(INI)
    assert reported(repo) == [("other.ini", "assigned-secret"), ("third.ini", "assigned-secret")]


def test_a_value_that_moves_to_another_file_stays_accepted(repo: Path) -> None:
    accept_all(repo)
    (repo / "app.ini").write_text("# see new/other.ini\n")
    (repo / "new").mkdir()
    (repo / "new" / "other.ini").write_text(INI)
    assert reported(repo) == []
    # The old file was not looked at, and is there: nobody can tell whether it still holds the value.
    assert reported(repo, "new") == [("other.ini", "assigned-secret")]
    (repo / "app.ini").unlink()
    assert reported(repo, "new") == []


def test_the_third_copy_of_two_moved_files_is_new(repo: Path) -> None:
    (repo / "b.ini").write_text(INI)
    accept_all(repo)
    for name in ("app.ini", "b.ini"):
        (repo / name).unlink()
    for name in ("x.ini", "y.ini", "z.ini"):
        (repo / name).write_text(INI)
    assert reported(repo) == [("z.ini", "assigned-secret")]


def test_a_comment_needs_no_entry_of_another_file(repo: Path) -> None:
    accept_all(repo)
    (repo / "app.ini").unlink()
    (repo / "a.ini").write_text(INI.rstrip() + "  # audit: ignore[assigned-secret] fixture\n")
    (repo / "b.ini").write_text(INI)
    assert reported(repo) == []


def test_expired_entries_come_back_and_say_so(repo: Path) -> None:
    accept_all(repo, expires="2026-11-22")
    on_the_day, later = scan_of(repo, "2026-11-22"), scan_of(repo, "2026-11-23")
    assert on_the_day.active == []
    assert on_the_day.notes == []
    assert len(later.active) == 2
    assert all("it was accepted until 2026-11-22" in str(finding.flow) for finding in later.active)
    assert later.notes == [f"{near(str(repo / 'audit-baseline.jsonl'))}: the acceptance of 2 findings has expired"]


def scan_of(folder: Path, day: str) -> Report:
    from auditor.core.config import Settings
    from auditor.run.scan import scan

    report = scan(Settings(), [str(folder)], leave_out=[str(folder / "audit-baseline.jsonl")])
    opened(folder, day).accept(report)
    return report


def test_confirmed_secrets_stay_findings(repo: Path) -> None:
    save(repo, tuple(entry._replace(secret=True) for entry in accept_all(repo)))
    assert len(reported(repo)) == 6
    assert "a review has confirmed it as a secret" in str(runs(repo)[1].active[0].flow)


def test_entries_of_unknown_rules_are_told(repo: Path) -> None:
    entries = accept_all(repo)
    unknown = [Entry(Mark(f"old-{number}", "", "a", "", "", "0" * 64)) for number in range(5)]
    save(repo, (*entries, *unknown))
    (note,) = runs(repo)[0].notes
    assert note.endswith("has entries of rules that are not known here: old-0, old-1, old-2 and 2 more")
    assert reported(repo) == []


def test_entries_of_images_silence_no_files(repo: Path) -> None:
    entries = accept_all(repo)
    save(repo, tuple(entry._replace(mark=entry.mark._replace(image="layer")) for entry in entries))
    assert len(reported(repo)) == 6


def test_other_spellings_of_a_path_are_the_same_place(repo: Path) -> None:
    entries = accept_all(repo)
    odd = (entry._replace(mark=entry.mark._replace(path=f"./x/../{entry.mark.path}")) for entry in entries)
    save(repo, tuple(odd))
    assert reported(repo) == []


def test_paths_are_relative_to_the_file_and_not_to_the_current_folder(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_all(repo)
    monkeypatch.chdir("/")
    assert reported(repo) == []
    link = repo.parent / "link"
    os.symlink(repo, link)
    assert reported(link) == []
    shutil.copytree(repo, repo.parent / "clone")
    assert reported(repo.parent / "clone") == []
