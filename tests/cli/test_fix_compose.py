"""`audit fix` on compose files: reports, exit codes, files written, together with Dockerfiles."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.cli.main import main

V = "tk37" + "Wb3LsZ9uKd6YpHq2"
BEFORE = f"services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD: {V}\n"
AFTER = (
    "services:\n  db:\n    image: postgres:17\n    environment:\n"
    "      POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password\n    secrets:\n      - postgres_password\n"
    "secrets:\n  postgres_password:\n    file: ./secrets/postgres_password\n"
)
LEFT = BEFORE.replace("postgres:17", "app")
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "compose.yml").write_text(BEFORE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fix(capsys: Capture, *argv: str) -> tuple[int, str, str]:
    code = main(["fix", *argv])
    captured = capsys.readouterr()
    assert V not in captured.err
    return int(code), captured.out, captured.err


@pytest.mark.parametrize("path", [".", "compose.yml"])
def test_it_is_written_and_told(here: Path, capsys: Capture, path: str) -> None:
    code, out, err = fix(capsys, path)
    assert (code, (here / "compose.yml").read_text()) == (0, AFTER)
    assert "compose.yml  fixed" in out and V not in out
    assert "they have been in the file and in its history" in out
    assert "value of db.POSTGRES_PASSWORD (line 5)" in out
    assert "make the file secrets/postgres_password" in out and ".gitignore and .dockerignore" in out
    assert "1 finding fixed in 1 file" in err
    assert fix(capsys, path)[0] == 0
    assert (here / "compose.yml").read_text() == AFTER


def test_check_and_diff_write_nothing(here: Path, capsys: Capture) -> None:
    assert fix(capsys, "--check")[0] == 1
    code, out, _err = fix(capsys, "--diff")
    assert code == 0 and V not in out and "+      POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password" in out
    assert (here / "compose.yml").read_text() == BEFORE


def test_the_diff_can_be_applied(here: Path, capsys: Capture) -> None:
    diff = fix(capsys, "--diff", "--show-secrets")[1]
    subprocess.run(["patch", "-p1"], cwd=here, input=diff, text=True, check=True, capture_output=True)
    assert (here / "compose.yml").read_text() == AFTER


def test_exit_non_zero_on_fix(here: Path, capsys: Capture) -> None:
    assert fix(capsys, "--exit-non-zero-on-fix")[0] == 1
    assert (here / "compose.yml").read_text() == AFTER
    assert fix(capsys, "--exit-non-zero-on-fix")[0] == 0


def test_what_is_left_has_its_reason(here: Path, capsys: Capture) -> None:
    (here / "compose.yml").write_text(LEFT)
    code, out, err = fix(capsys)
    words = " ".join(out.split())
    assert code == 1 and "nothing shows that what starts db reads POSTGRES_PASSWORD from a file" in words
    assert "db.POSTGRES_PASSWORD (line 5): still there" in out
    assert "--unsafe-fixes would fix 1" in err
    assert fix(capsys, "--unsafe-fixes")[0] == 0
    assert (here / "compose.yml").read_text() == LEFT.replace(V, "${POSTGRES_PASSWORD:?}")


@pytest.mark.parametrize("argv", [["--ignore", "compose-env-secret"], ["--select", "arg-secret"]])
def test_rules_that_were_not_chosen_change_nothing(here: Path, capsys: Capture, argv: list[str]) -> None:
    assert fix(capsys, *argv)[0] == 0
    assert (here / "compose.yml").read_text() == BEFORE


def test_accepted_findings_stay(here: Path, capsys: Capture) -> None:
    text = BEFORE.replace("      POST", "      # audit: ignore[compose-env-secret] a test\n      POST")
    (here / "compose.yml").write_text(text)
    assert fix(capsys)[0] == 0
    assert (here / "compose.yml").read_text() == text


def test_the_json_report(here: Path, root: Path, capsys: Capture) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    code, out, _err = fix(capsys, "--check", "--format", "json")
    report = json.loads(out)
    jsonschema.validate(report, json.loads((root / "docs" / "schemas" / "fix-report-1.schema.json").read_text()))
    [file] = report["files"]
    assert (code, file["kind"], file["state"]) == (1, "compose", "planned") and V not in out
    assert file["changes"] == [{"path": "compose.yml", "kind": "compose", "new": False}]
    assert [one["applicability"] for one in file["applied"]] == ["safe"]
    assert [(one["path"], one["line"], one["stays"]) for one in file["rotate"]] == [("compose.yml", 5, True)]


def test_a_proof_is_not_for_compose_files(here: Path, capsys: Capture) -> None:
    code, out, _err = fix(capsys, "--prove")
    assert (code, (here / "compose.yml").read_text()) == (0, AFTER)
    assert "--prove does not apply to compose files" in " ".join(out.split())


def test_standard_input(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BEFORE.encode())))
    code, out, _err = fix(capsys, "--stdin-filename", "compose.yml", "-")
    assert (code, out) == (0, AFTER)


def test_a_read_only_file_is_refused(here: Path, capsys: Capture) -> None:
    (here / "compose.yml").chmod(0o444)
    code, out, _err = fix(capsys)
    assert (code, (here / "compose.yml").read_text()) == (4, BEFORE)
    assert "read-only" in out


def test_it_changes_along_with_a_dockerfile_and_by_itself(here: Path, capsys: Capture) -> None:
    """Both rewrites change one file, one after the other."""
    (here / "Dockerfile").write_text("FROM node:22\nARG NPM_TOKEN\nRUN npm ci\n")
    both = BEFORE + "  app:\n    build:\n      context: .\n      args:\n        NPM_TOKEN: ${NPM_TOKEN}\n"
    (here / "compose.yml").write_text(both)
    code, _out, _err = fix(capsys)
    text = (here / "compose.yml").read_text()
    assert code == 0 and V not in text
    assert "    build:\n      context: .\n      secrets:\n        - npm_token\n" in text
    assert (
        "secrets:\n  npm_token:\n    environment: NPM_TOKEN\n"
        "  postgres_password:\n    file: ./secrets/postgres_password\n"
    ) in text
    before = text
    assert fix(capsys)[0] == 0 and (here / "compose.yml").read_text() == before


def test_no_callers_leaves_findings_of_its_own_to_be_fixed(here: Path, capsys: Capture) -> None:
    assert fix(capsys, "--no-callers")[0] == 0
    assert (here / "compose.yml").read_text() == AFTER
