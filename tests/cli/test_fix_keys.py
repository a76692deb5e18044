"""Keys of servers, from files on disk to files on disk: Dockerfile, configuration, ignore and compose file together."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from auditor.cli.main import main
from tests.cli.fixing import Capture

DOCKERFILE = "FROM nginx:1.27\r\nCOPY site.crt site.key /etc/nginx/ssl/\r\nCOPY site.conf /etc/nginx/conf.d/\r\n"
CONF = "\ufeffserver {\r\n  # caf\xe9\r\n  ssl_certificate_key /etc/nginx/ssl/site.key;\r\n}"
COMPOSE = "services:\n  web:\n    build: web\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    web = tmp_path / "web"
    web.mkdir()
    (web / "Dockerfile").write_bytes(DOCKERFILE.encode())
    (web / "site.conf").write_bytes(CONF.encode())
    (web / "site.key").write_text("(a private key)\n")
    (web / "site.crt").write_text("(a certificate)\n")
    (tmp_path / "compose.yml").write_text(COMPOSE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_files_change_together(project: Path, capfd: Capture) -> None:
    assert main(["fix"]) == 0
    web = project / "web"
    assert (web / "Dockerfile").read_bytes() == DOCKERFILE.replace(" site.key", "").encode()
    assert (web / "site.conf").read_bytes() == CONF.replace("/etc/nginx/ssl/site.key", "/run/secrets/site.key").encode()
    assert (web / ".dockerignore").read_text() == "site.key\n"
    assert (project / "compose.yml").read_text() == (
        f"{COMPOSE}    secrets:\n      - site.key\nsecrets:\n  site.key:\n    file: ./web/site.key\n"
    )
    out = capfd.readouterr().out
    assert "$PWD/web/site.key:/run/secrets/site.key:ro" in " ".join(out.split())
    before = contents(project)
    assert main(["fix"]) == 0 and main(["lint"]) == 0
    assert contents(project) == before


def test_the_report_for_programs(project: Path, capfd: Capture) -> None:
    assert main(["fix", "--diff", "--format", "json:report.json"]) == 0
    [file, _compose] = json.loads((project / "report.json").read_text())["files"]
    assert {change["kind"] for change in file["changes"]} == {"dockerfile", "ignore", "configuration", "compose"}
    assert "+  ssl_certificate_key /run/secrets/site.key;" in capfd.readouterr().out


def test_without_callers_the_compose_file_stays(project: Path) -> None:
    assert main(["fix", "--no-callers"]) == 0
    assert (project / "compose.yml").read_text() == COMPOSE
    assert "/run/secrets" in (project / "web/site.conf").read_text()


def test_all_or_nothing(project: Path, capfd: Capture) -> None:
    (project / "web/other.conf").hardlink_to(project / "web/site.conf")
    before = contents(project)
    assert main(["fix"]) == 4
    assert contents(project) == before
    assert "site.conf" in capfd.readouterr().out


def test_a_service_that_cannot_be_given_the_key(project: Path, capfd: Capture) -> None:
    (project / "compose.yml").write_text(COMPOSE + "    secrets: {}\n")
    before = contents(project)
    assert main(["fix"]) == 4
    assert contents(project) == before
    assert "a service needs the key from outside, too: compose.yml: line 2" in " ".join(capfd.readouterr().out.split())


def test_a_configuration_of_two_dockerfiles(project: Path, capfd: Capture) -> None:
    other = project / "web/Dockerfile.debug"
    other.write_bytes(DOCKERFILE.encode())
    before = contents(project)
    assert main(["fix"]) == 1
    assert contents(project) == before
    assert "Dockerfile.debug uses site.key or site.conf, too" in " ".join(capfd.readouterr().out.split())


def test_the_dockerfile_alone_on_standard_input(project: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DOCKERFILE.encode())))
    assert main(["fix", "-", "--context", "web"]) == 4
    out, err = capfd.readouterr()
    assert out.replace("\r", "") == DOCKERFILE.replace("\r", "")
    assert "must change along" in " ".join(err.split())
