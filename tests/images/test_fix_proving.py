"""`audit fix --prove` as people call it, on a real engine."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.run.proving.docker import find_docker
from auditor.run.proving.shapes import ProofError
from tests.images.workshop import Workshop
from tests.realparts import DOCKER, DockerEngine, program

pytestmark = DOCKER
TOKEN = "tk6" + "RvN3xZm8LqK5sWd1"
DOCKERFILE = """\
FROM {base}
ARG NPM_TOKEN
COPY . /app/
RUN test -n "$NPM_TOKEN" && echo "{more}" > /app/out
"""
SCRIPT = "#!/bin/sh\ndocker build --build-arg NPM_TOKEN -t app .\n"
PROVE = ("--prove", "--build-option=--network=none")

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def project(docker: DockerEngine, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that leaks a token; skips where no docker command builds with BuildKit."""
    monkeypatch.setenv("DOCKER_CONTEXT", "")
    program("docker")
    try:
        find_docker()
    except ProofError as error:
        pytest.skip(str(error))
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / ".dockerignore").write_text(".git\n")
    (folder / "Dockerfile").write_text(DOCKERFILE.format(base=workshop.base, more="built"))
    (folder / "build.sh").write_text(SCRIPT)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    return folder


def test_a_fix_is_proven_and_written(project: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Dockerfile and the script are in the images, too: the new ones are in the image after."""
    monkeypatch.setenv("NPM_TOKEN", TOKEN)
    given = ("--build-arg", "NPM_TOKEN", "--prove-command", "cat /app/out")
    code = main(["fix", ".", *PROVE, *given, "-v", "--format", "json"])
    out, err = capfd.readouterr()
    assert code == 0, err
    [file] = json.loads(out)["files"]
    assert TOKEN not in out + err
    assert file["state"] == "fixed" and file["proof"]["holds"]
    checks = {check["name"]: check["evidence"] for check in file["proof"]["checks"]}
    assert "history /history/" in checks["leak before"][0]
    assert "/app/Dockerfile: another content (a file of the rewrite)" in checks["files"]
    assert "/app/build.sh: another content (a file of the rewrite)" in checks["files"]
    assert "command" in checks
    assert "--mount=type=secret,id=npm_token" in (project / "Dockerfile").read_text()
    assert "--secret id=npm_token,env=NPM_TOKEN" in (project / "build.sh").read_text()


def test_what_differs_is_not_written(project: Path, workshop: Workshop, capfd: Capture) -> None:
    """A build that keeps how it was started: only the proof can see that."""
    text = DOCKERFILE.format(base=workshop.base, more="$(tr '\\\\0' ' ' < /proc/$$/cmdline)")
    (project / "Dockerfile").write_text(text)
    code = main(["fix", ".", *PROVE])
    out, err = capfd.readouterr()
    assert code == 4, out + err
    assert "/app/out: another content" in out
    assert (project / "Dockerfile").read_text() == text and (project / "build.sh").read_text() == SCRIPT


def test_no_engine(project: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{project}/none.sock")
    before = (project / "Dockerfile").read_text()
    assert main(["fix", ".", *PROVE]) == 4
    assert "it could not be proven: no container engine answers" in " ".join(capfd.readouterr().out.split())
    assert (project / "Dockerfile").read_text() == before and sorted(os.listdir(project))[-1] == "build.sh"
