"""`audit baseline create`, `update`, `prune`, and the file in other commands."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.cli.main import main
from tests.cli.baselining import DOCKERFILE, INI, NAME, OTHER, TOKEN, VALUE, lines, said


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "app.ini").write_text(INI)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_team_starts_with_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint"]) == main(["scan"]) == 1
    assert said(capsys, "create", "--reason", "known  since\t2026") == (0, "", "4 findings accepted")
    assert {row["reason"] for row in lines()} == {"known since 2026"}
    Path("audit.toml").write_text(f'baseline = "{NAME}"\n')
    assert main(["lint"]) == main(["scan"]) == 0
    assert "suppressed" in capsys.readouterr().err
    Path("app.ini").write_text(INI + f"token = {TOKEN}\n")
    assert main(["scan"]) == 1
    assert main(["scan", "--isolated"]) == 1
    out = capsys.readouterr().out
    assert "app.ini:2" in out


def test_no_value_and_no_hash_of_one_is_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("app.ini").write_text(INI + f"github_token = {TOKEN}\nurl = https://deploy:{VALUE}@db.example/\n")
    said(capsys, "create")
    assert len(lines()) == 5
    text = Path(NAME).read_text()
    for value in (VALUE, OTHER, TOKEN):
        assert value not in text
        for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b"):
            for ending in ("", "\n"):
                assert hashlib.new(name, (value + ending).encode()).hexdigest()[:16] not in text


def test_two_baselines_of_one_tree_have_nothing_in_common(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create")
    first = {row["hash"] for row in lines()}
    said(capsys, "create", "--force")
    assert first.isdisjoint({row["hash"] for row in lines()})


def test_a_file_that_is_there_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path(NAME).write_text("mine")
    assert said(capsys, "create")[0] == 2
    Path(NAME).unlink()
    Path(NAME).symlink_to("nowhere.jsonl")
    assert said(capsys, "create")[0] == 2
    assert said(capsys, "create", "--force")[0] == 0
    assert Path("nowhere.jsonl").is_file()


def test_update_adds_what_is_new_and_keeps_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create", "--reason", "old", "--expires", "9d", "app.ini")
    code, out, err = said(capsys, "update", "--reason", "new")
    assert (code, err) == (0, "3 added, 1 kept")
    assert out.splitlines()[0] == "added: Dockerfile: arg-secret"
    assert [row["reason"] for row in lines() if row["path"] == "app.ini"] == ["old"]
    until = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    assert [row.get("expires") for row in lines()] == [None] * 3 + [until]
    before = Path(NAME).read_bytes()
    assert said(capsys, "update") == (0, "", "0 added, 4 kept")
    assert Path(NAME).read_bytes() == before


def test_update_removes_nothing_and_prune_does(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create")
    Path("app.ini").unlink()
    Path("Dockerfile").write_text(DOCKERFILE.replace("ARG NPM_TOKEN\n", ""))
    assert said(capsys, "update") == (0, "", "0 added, 4 kept")
    code, out, err = said(capsys, "prune")
    assert (code, err) == (0, "2 removed, 2 kept")
    assert out == "removed: Dockerfile: arg-secret\nremoved: app.ini: assigned-secret\n"
    assert said(capsys, "prune") == (0, "", "0 removed, 2 kept")


def test_prune_keeps_what_was_not_looked_for(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create")
    Path("app.ini").unlink()
    Path("Dockerfile").write_text("FROM node:22\n")
    everything = "0 removed, 4 kept (4 of them not looked for in this run)"
    assert said(capsys, "prune", "--select", "private-key")[2] == everything
    os.mkdir("sub")
    assert said(capsys, "prune", "sub")[2] == everything
    assert said(capsys, "prune", "--exclude", "Dockerfile")[2].startswith("1 removed, 3 kept (3 of them")
    assert said(capsys, "prune", "--only", "scan")[2].startswith("1 removed, 2 kept (2 of them")
    assert said(capsys, "prune")[2] == "2 removed, 0 kept"


def test_a_moved_file_keeps_its_entries_and_their_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create", "--reason", "fixture")
    os.mkdir("sub")
    os.rename("app.ini", "sub/app.ini")
    assert main(["scan", "--baseline", NAME, "--min-severity", "medium", "sub"]) == 0
    assert said(capsys, "prune") == (0, "", "0 removed, 4 kept, 1 moved with their files")
    assert [(row["path"], row["reason"]) for row in lines()][-1] == ("sub/app.ini", "fixture")


def test_expired_entries_fail_and_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create")
    text = (
        Path(NAME)
        .read_text()
        .replace('"}\n{"rule": "env-secret"', '", "expires": "2020-01-01"}\n{"rule": "env-secret"')
    )
    Path(NAME).write_text(text)
    assert said(capsys, "update")[2] == "0 added, 4 kept"
    assert main(["scan", "--baseline", NAME]) == 1
    assert "note: audit-baseline.jsonl: the acceptance of 1 finding has expired" in capsys.readouterr().err
    main(["scan", "--baseline", NAME, "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["suppressed"] for finding in found] == [None, {"by": "baseline", "reason": ""}]


def test_fingerprints_can_be_compared_between_runs(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create")
    prints = []
    for command in ("lint", "scan", "scan"):
        capsys.readouterr()
        main([command, "--baseline", NAME, "--format", "json"])
        found = json.loads(capsys.readouterr().out)["findings"]
        prints.append({one["secret"]["fingerprint"] for one in found if one["secret"]})
    assert prints[0] < prints[1] == prints[2] <= {row["hash"] for row in lines()}


def test_fix_leaves_accepted_findings_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", "--check"]) == 1
    said(capsys, "create", "--only", "lint")
    before = {path: path.read_bytes() for path in here.iterdir() if path.is_file()}
    assert main(["fix", "--baseline", NAME]) == 0
    assert {path: path.read_bytes() for path in before} == before
    os.rename("Dockerfile", "Dockerfile.prod")
    assert main(["fix", "--check", "--baseline", NAME]) == 0
    Path("Dockerfile.prod").write_text(
        DOCKERFILE + "ARG GITHUB_TOKEN\nRUN git clone https://x:$GITHUB_TOKEN@g.example/a\n"
    )
    assert main(["fix", "--baseline", NAME]) == 0
    text = Path("Dockerfile.prod").read_text()
    assert "ARG NPM_TOKEN" in text
    assert "ARG GITHUB_TOKEN" not in text


def test_fix_of_standard_input_heeds_the_baseline(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    main(["baseline", "create", "--only", "lint"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DOCKERFILE.encode())))
    capsysbinary.readouterr()
    assert main(["fix", "--baseline", NAME, "-"]) == 0
    assert capsysbinary.readouterr().out == DOCKERFILE.encode()


def test_a_file_of_another_kind_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    main(["baseline", "export"])
    os.rename(".secrets.baseline", "x.json")
    assert said(capsys, "update", "--baseline", "x.json") == (
        2,
        "",
        "audit: error: x.json: not a baseline of audit; audit baseline import takes over that of detect-secrets",
    )
    Path(NAME).write_text("<<<<<<< HEAD\n{")
    for command in ("lint", "scan", "fix"):
        capsys.readouterr()
        assert main([command, "--baseline", NAME]) == 2
        assert capsys.readouterr().err.startswith(f"audit: error: {NAME}:1: a merge conflict")


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        ((".",), "baseline: '.' is none of create, update,"),
        (("udpate",), "did you mean 'update'?"),
        (("update",), f"{NAME}: no such file; audit baseline create makes one"),
        (("create", "-"), "-: a baseline is about files and images"),
        (("create", "--expires", "soon"), "--expires: must be a day"),
        (("create", "--expires", "2020-01-01"), "--expires: 2020-01-01 is over"),
        (("create", "--expires", "999999d"), None),
        (("create", "--reason", "x" * 2000), "--reason: must be a line"),
        (("import", "none.json"), "none.json: cannot be read"),
    ],
)
def test_what_cannot_be_meant(capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], what: str | None) -> None:
    code, _out, err = said(capsys, *argv)
    assert code == (0 if what is None else 2)
    assert what is None or what in err


def test_another_secret_file_in_a_folder_that_is_copied_is_new() -> None:
    Path("Dockerfile").write_text("FROM node:22\nCOPY . .\n")
    Path(".env").write_text(f"SECRET_KEY={TOKEN}\n")
    main(["baseline", "create"])
    assert main(["lint", "--baseline", NAME]) == 0
    Path(".npmrc").write_text(f"//r.example/:_authToken={TOKEN}\n")
    assert main(["lint", "--baseline", NAME]) == 1
    main(["baseline", "update"])
    assert main(["lint", "--baseline", NAME]) == 0
