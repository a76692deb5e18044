"""Which docker command builds, and what is said if none does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.run.proving import docker
from auditor.run.proving.docker import find_docker
from auditor.run.proving.shapes import ProofError
from tests.run.proving.fakes import FakeDocker


@pytest.fixture
def found(engine: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """The only docker command there is."""
    monkeypatch.setenv("PATH", str(engine.folder))
    monkeypatch.delenv("DOCKER", raising=False)
    return engine


def test_builtin(found: FakeDocker) -> None:
    assert find_docker().command == found.command
    assert not found.called("buildx")


def test_plugin(found: FakeDocker, tmp_path: Path) -> None:
    found.answers(version="28.2.2 20.10.24 linux")
    command = find_docker()
    assert found.called("buildx")
    found.told("before", id="x")
    command.build([], "a:before", str(tmp_path / "id"), str(tmp_path), {}, print)
    assert "--load" in found.called("build")[0].words


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"version": "28.2.2 28.2.2 linux", "buildx_code": 1}, "its buildx plugin is not installed"),
        ({"version": "Cannot connect to the Docker daemon", "version_code": 1}, "no container engine answers"),
        ({"version": "20.10.1 19.03.2 linux"}, "too old for secret mounts: version 19.03"),
        ({"version": "20.10.1 20.10.1 windows"}, "Windows containers"),
        ({"version": "something else"}, "no container engine answers"),
    ],
)
def test_unfit(answers: dict[str, object], told: str, found: FakeDocker) -> None:
    found.answers(**answers)
    with pytest.raises(ProofError, match=told) as raised:
        find_docker()
    assert raised.value.exit_code == 4


def test_versions_without_numbers_are_those_of_today(found: FakeDocker) -> None:
    found.answers(version="dev library-import linux")
    assert find_docker().command == found.command


def test_the_next_one_on_the_path(found: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    first = FakeDocker(other)
    first.answers(version="28.2.2 28.2.2 linux", buildx_code=1)
    monkeypatch.setenv("PATH", f"{other}{os.pathsep}{found.folder}")
    assert find_docker().command == found.command
    monkeypatch.setenv("DOCKER", first.command)
    with pytest.raises(ProofError, match="buildx"):
        find_docker()


def test_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DOCKER", raising=False)
    with pytest.raises(ProofError, match="not installed"):
        find_docker()
    monkeypatch.setenv("DOCKER", "/no/such/docker")
    with pytest.raises(ProofError, match="DOCKER names no command"):
        find_docker()


def test_a_command_that_does_not_end(engine: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Path(engine.command)
    script.write_text('#!/bin/sh\necho "$1" >> "$0.said"\n[ "$1" = run ] && exec sleep 60\n')
    monkeypatch.setattr(docker, "LONGEST_RUN", 1)
    output = docker.Docker(engine.command).run("image", "name", ("app",))
    assert output.code is None
    assert Path(f"{script}.said").read_text().split() == ["run", "rm"]


def test_much_output(engine: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "_MOST_OUTPUT", 100)
    engine.says("x", "y" * 1000, 2)
    assert engine.run("image", "name-x", ("app",)) == docker.Output(2, b"y" * 100, False)
