"""What calls a build without being among the paths: named, or with --callers changed along."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from auditor.cli.main import main

DOCKERFILE = "FROM a\nARG NPM_TOKEN\nRUN npm ci\n"
SCRIPT = "#!/bin/sh\nset -e\ndocker build {} -t app .\n"
OLD, NEW = "--build-arg NPM_TOKEN", "--secret id=npm_token,env=NPM_TOKEN"
COMPOSE = "services:\n  app:\n    build:\n      context: .\n      args:\n        NPM_TOKEN: ${NPM_TOKEN}\n"
BAKE = 'target "default" {\n  args = {\n    NPM_TOKEN = ""\n  }\n}\n'
OPTIONS = ("--isolated", "--no-context")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository: a Dockerfile, a script that builds it, and one that builds something else."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "build.sh").write_text(SCRIPT.format(OLD))
    (tmp_path / "other.sh").write_text("#!/bin/sh\ndocker build --build-arg VERSION=1 -f other/Dockerfile other\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fix(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    code = main(["fix", *OPTIONS, *argv])
    return code, " ".join(capsys.readouterr().out.split())


def test_a_caller_that_is_not_among_the_paths_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = fix(capsys, "Dockerfile")
    assert code == 0 and "ARG" not in (here / "Dockerfile").read_text()
    assert (here / "build.sh").read_text() == SCRIPT.format(OLD)
    assert "build.sh (line 3) still passes NPM_TOKEN as a build argument" in out
    assert "give it to audit fix as well, or use --callers" in out and "other.sh" not in out


def test_the_json_report_has_it_as_fields(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["fix", *OPTIONS, "--check", "--format", "json", "Dockerfile"])
    (file,) = json.loads(capsys.readouterr().out)["files"]
    expected = {"path": "build.sh", "line": 3, "arguments": ["NPM_TOKEN"], "problem": None}
    assert file["unchanged_callers"] == [expected]
    assert any("build.sh" in note for note in file["notes"])


def test_with_callers_it_changes_along(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (here / "other.sh").read_text()
    assert fix(capsys, "--callers", "Dockerfile")[0] == 0
    assert (here / "build.sh").read_text() == SCRIPT.format(NEW)
    assert (here / "other.sh").read_text() == before


def test_no_callers_asks_for_silence(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "build.sh" not in fix(capsys, "--no-callers", "Dockerfile")[1]
    assert main(["fix", "--callers", "--no-callers", "Dockerfile"]) == 2


def test_where_another_dockerfile_may_be_meant_nothing_is_guessed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "build.sh").write_text('#!/bin/sh\ndocker build --build-arg NPM_TOKEN -f "$1" .\n')
    (here / "Dockerfile.worker").write_text(DOCKERFILE)
    code, out = fix(capsys, "--callers", "Dockerfile")
    assert code == 4 and "which Dockerfile this call builds cannot be told" in out
    assert (here / "Dockerfile").read_text() == DOCKERFILE


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_only_what_git_tracks_is_a_caller(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / ".git").rmdir()
    (here / "mine.sh").write_text(SCRIPT.format(OLD))
    (here / "release").write_text(SCRIPT.format(OLD))
    (here / "release").chmod(0o755)
    for command in (["init", "-q"], ["add", "Dockerfile", "build.sh", "release"]):
        subprocess.run(["git", *command], check=True)
    fix(capsys, "--callers", "Dockerfile")
    texts = [(here / name).read_text() for name in ("build.sh", "release", "mine.sh")]
    assert texts == [SCRIPT.format(NEW), SCRIPT.format(NEW), SCRIPT.format(OLD)]


def test_a_link_out_of_the_repository_is_not_followed(
    here: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "build.sh"
    (here / "build.sh").rename(outside)
    os.symlink(outside, here / "build.sh")
    assert "build.sh" not in fix(capsys, "--callers", "Dockerfile")[1]
    assert outside.read_text() == SCRIPT.format(OLD)


@pytest.mark.parametrize(("mounting", "argument"), [
    ("id=npm_token,required=true", "NPM_TOKEN"),
    ("id=npm,env=NPM_TOKEN", "NPM_TOKEN"),
    ("id=npm,target=/t", "NPM_TOKEN"),
])  # fmt: skip
def test_a_caller_that_was_left_behind_is_mended_alone(
    mounting: str, argument: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = 'export NPM_TOKEN="$(cat /t)"; ' if "/t" in mounting else ""
    (here / "Dockerfile").write_text(text := f"FROM a\nRUN --mount=type=secret,{mounting} {read}npm ci\n")
    assert fix(capsys, "build.sh")[0] == 0
    id_ = mounting.partition(",")[0]
    assert (here / "build.sh").read_text() == SCRIPT.format(f"--secret {id_},env={argument}")
    assert (here / "Dockerfile").read_text() == text
    assert fix(capsys, "--check", ".")[0] == 0


@pytest.mark.parametrize(("name", "text", "old", "new"), [
    ("compose.yml", COMPOSE, "args:", "secrets:\n        - npm_token"),
    ("docker-bake.hcl", BAKE, "args =", 'id=npm_token,env=NPM_TOKEN'),
    ("Makefile", f"build:\n\tdocker build {OLD} .\n", OLD, NEW),
    (".gitlab-ci.yml", f"build:\n  script:\n    - docker build {OLD} .\n", OLD, NEW),
])  # fmt: skip
def test_callers_of_every_kind_are_mended(
    name: str, text: str, old: str, new: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "Dockerfile").write_text("FROM a\nRUN --mount=type=secret,id=npm_token,required=true npm ci\n")
    (here / name).write_text(text)
    assert fix(capsys, name)[0] == 0
    after = (here / name).read_text()
    assert old not in after and new in after


@pytest.mark.parametrize("dockerfile", [
    "FROM a\nARG NPM_TOKEN\nRUN --mount=type=secret,id=npm_token,required=true npm ci\n",
    "FROM a\nRUN --mount=type=secret,id=npm_token,target=/root/.npmrc npm ci\n",
    "FROM a\nRUN --mount=type=secret,id=other npm ci\n",
    "FROM a\nRUN npm ci\n",
])  # fmt: skip
def test_what_the_dockerfile_does_not_take_as_a_secret_stays(
    dockerfile: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "Dockerfile").write_text(dockerfile)
    fix(capsys, "build.sh")
    assert (here / "build.sh").read_text() == SCRIPT.format(OLD)


def test_a_caller_is_mended_and_has_a_finding_of_its_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text("FROM a\nRUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci\n")
    login = 'docker login -u me -p "$PASSWORD" registry.example\n'
    (here / "build.sh").write_text(SCRIPT.format(OLD) + login)
    assert fix(capsys, "build.sh")[0] == 0
    after = (here / "build.sh").read_text()
    assert NEW in after and "--password-stdin" in after and OLD not in after
    assert fix(capsys, "--check", "build.sh")[0] == 0
