"""Baselines of other tools taken over and written, and two branches merged."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.core.config import FORMATS
from tests.cli.baselining import DOCKERFILE, INI, NAME, OTHER, VALUE, lines, said


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "app.ini").write_text(INI)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_two_people_add_entries_and_git_merges_them(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*words: str) -> None:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *words]
        subprocess.run(command, check=True, capture_output=True)

    os.rmdir(".git")
    git("init", "-q", "-b", "main")
    Path(".gitattributes").write_text(f"{NAME} merge=union\n")
    said(capsys, "create", "Dockerfile")
    git("add", ".")
    git("commit", "-qm", "start")
    for branch, file, value in (("one", "a.ini", "Third-19-meadow"), ("two", "z.ini", "Fourth-23-willow")):
        git("checkout", "-qb", branch, "main")
        Path(file).write_text(f'password = "{value}"\n')
        assert said(capsys, "update", "--reason", branch, file)[0] == 0
        git("add", ".")
        git("commit", "-qm", branch)
    git("merge", "-q", "one", "-m", "merge")
    assert main(["scan", "--exclude", ".git", "--baseline", NAME, "a.ini", "z.ini", "Dockerfile"]) == 0
    said(capsys, "update", "Dockerfile")
    assert [row.get("reason") for row in lines()][-2:] == ["one", "two"]


def test_labels_of_detect_secrets_are_taken_over(capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.ini").write_text('password = "Third-19-meadow"\n')
    Path("c.ini").write_text('password = "Fourth-23-willow"\n')
    main(["baseline", "export"])
    document = json.loads(Path(".secrets.baseline").read_text())
    document["results"]["app.ini"][0]["is_secret"] = False
    document["results"]["b.ini"][0]["is_secret"] = True
    lost = {**document["results"]["c.ini"][0], "hashed_secret": "0" * 40}
    document["results"]["c.ini"].append(lost)
    Path(".secrets.baseline").write_text(json.dumps(document))
    Path("audit.toml").write_text('baseline = ".secrets.baseline"\n')
    code, out, err = said(capsys, "import", ".secrets.baseline")
    assert (code, err) == (0, "4 findings accepted, as .secrets.baseline does")
    reasons = {(row["path"], row["rule"]): row.get("reason") for row in lines()}
    assert reasons == {
        ("Dockerfile", "env-secret"): None,
        ("Dockerfile", "assigned-secret"): None,
        ("app.ini", "assigned-secret"): "audited with detect-secrets: not a secret",
        ("c.ini", "assigned-secret"): None,
    }
    assert out.splitlines() == [
        "not found, not taken over: c.ini:1: Secret Keyword",
        "a confirmed secret, which stays a finding: b.ini:1: Secret Keyword",
    ]


def test_a_baseline_of_gitleaks_is_taken_over(capsys: pytest.CaptureFixture[str]) -> None:
    def leak(file: str, value: str) -> dict[str, object]:
        return {"File": file, "RuleID": "generic", "StartLine": 1, "Secret": value, "Match": f"password={value}"}

    rows = [leak("app.ini", OTHER), leak("app.ini", "REDACTED"), leak("gone.ini", VALUE), leak("Dockerfile", "kite")]
    Path("gl.json").write_text(json.dumps(rows))
    code, out, err = said(capsys, "import", "gl.json", "--reason", "from gitleaks")
    assert (code, err) == (0, "1 finding accepted, as gl.json does")
    assert [(row["path"], row["reason"]) for row in lines()] == [("app.ini", "from gitleaks")]
    assert [line.rpartition("taken over: ")[2] for line in out.splitlines()] == [
        "app.ini:1: generic",
        "gone.ini:1: generic",
        "Dockerfile:1: generic",
    ]


@pytest.mark.parametrize(
    "content", ["[1]", "[", '[{"File": 1}]', "[" * 50_000, '[{"File":"a","RuleID":"b","Secret":"c","StartLine":"1"}]']
)
def test_a_broken_report_of_gitleaks(capsys: pytest.CaptureFixture[str], content: str) -> None:
    Path("gl.json").write_text(content)
    code, _out, err = said(capsys, "import", "gl.json")
    assert code == 2
    assert "gl.json:" in err


def test_export_gives_what_the_baseline_accepts(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create", "app.ini")
    assert said(capsys, "export")[2].endswith("1 added, 0 kept, 0 removed")
    assert list(json.loads(Path(".secrets.baseline").read_text())["results"]) == ["app.ini"]


def test_a_value_in_a_reason_is_not_written_down(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "create", "--reason", f"{OTHER} is a test value")
    assert {row["reason"] for row in lines()} == {"**** is a test value"}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("command", ["lint", "scan"])
def test_a_reason_that_tells_a_value_is_masked(capsys: pytest.CaptureFixture[str], command: str, name: str) -> None:
    said(capsys, "create", "--reason", "\u202e why ::error:: \x1b[2J")
    text = Path(NAME).read_text().replace(" why ", f" {VALUE} ")
    assert "\x1b" not in text
    Path(NAME).write_text(text.replace('"env-secret"', '"old\\u001b[2J"', 1))
    main([command, "--baseline", NAME, "--format", name])
    done = capsys.readouterr()
    assert VALUE not in done.out + done.err
    assert "\x1b" not in done.out + done.err
