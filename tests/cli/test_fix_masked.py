"""`audit fix --diff` shows no secret of the lines that stand near a change, whosever finding they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.fixing import Capture, fix

TOKEN = "gh" + "p_" + "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zC0f2hLRs"
DOCKERFILE = "FROM node:22\nARG NPM_TOKEN\nRUN NPM_TOKEN=$NPM_TOKEN npm ci\n"
BAKE = (
    'target "app" {\n  context = "."\n  args = {\n    NPM_TOKEN = NPM_TOKEN\n'
    f'    GITHUB_TOKEN = "{TOKEN}"\n  }}\n}}\nvariable "NPM_TOKEN" {{}}\n'
)
SCRIPT = (
    f"#!/bin/sh\nset -e\ncurl -H 'Authorization: Bearer {TOKEN}' https://api.example/\n"
    'docker login -u ci -p "$PASS" registry.example\n'
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_secret_of_a_bake_file_that_changes_along(here: Path, capsys: Capture) -> None:
    (here / "Dockerfile").write_text(DOCKERFILE)
    (here / "docker-bake.hcl").write_text(BAKE)
    _code, out, err = fix(capsys, "--isolated", "--diff")
    assert "+++ b/docker-bake.hcl" in out
    assert TOKEN not in out + err
    assert "GITHUB_TOKEN = " in out
    assert "-    NPM_TOKEN = NPM_TOKEN\n" in out  # names a variable, and hides nothing
    _code, out, _err = fix(capsys, "--isolated", "--diff", "--show-secrets")
    assert TOKEN in out


def test_a_secret_that_lint_does_not_report(here: Path, capsys: Capture) -> None:
    (here / "deploy.sh").write_text(SCRIPT)
    _code, out, err = fix(capsys, "--isolated", "--diff")
    assert "--password-stdin" in out
    assert TOKEN not in out + err


def test_a_value_in_another_spelling_stays_masked_where_its_line_changes(here: Path, capsys: Capture) -> None:
    value = "Kp7\\$x9Q2z"
    (here / "Dockerfile").write_text(
        f"FROM node:22\nARG API_TOKEN\nRUN ./x $API_TOKEN && curl -u deploy:{value} https://files.example/x\n"
    )
    _code, out, err = fix(capsys, "--isolated", "--diff")
    assert "+    ./x $API_TOKEN && curl -u deploy:**** https://files.example/x" in out
    assert value not in out + err
