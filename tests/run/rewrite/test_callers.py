"""What callers are told of new build secrets, from the command to the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli.main import main

VALUE = "Zq8vT1xK" + "w3RbLm5YcN7d"
SCRIPT = "#!/bin/sh\ndocker build {}-t app .\n"
HEADER = f"RUN curl -H 'X-Api-Key: {VALUE}' https://h.example/\n"
COMMAND = "docker build --secret id=x_api_key,env=X_API_KEY"


def script_after(folder: Path, dockerfile: str, options: str, code: int = 0) -> str:
    (folder / "Dockerfile").write_text("FROM a\n" + dockerfile)
    script = folder / "build.sh"
    script.write_text(SCRIPT.format(options))
    assert main(["fix", str(folder)]) == code
    assert VALUE not in (folder / "Dockerfile").read_text()
    return script.read_text()


def test_a_value_without_a_name_is_for_the_caller_to_get(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert script_after(tmp_path, HEADER, "") == SCRIPT.format("")
    assert f"{COMMAND} " in capsys.readouterr().out


def test_what_callers_know_changes_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    after = script_after(tmp_path, "ARG NPM_TOKEN\nRUN npm ci\n" + HEADER, "--build-arg NPM_TOKEN ")
    assert after == SCRIPT.format("--secret id=npm_token,env=NPM_TOKEN ")
    out = capsys.readouterr().out
    assert "id=npm_token,env=NPM_TOKEN" in out and "id=x_api_key,env=X_API_KEY" in out


def test_a_value_with_a_name_changes_callers(tmp_path: Path) -> None:
    after = script_after(tmp_path, f"RUN export API_KEY={VALUE} && make\n", "")
    assert after == SCRIPT.format("--secret id=api_key,env=API_KEY ")


def test_a_caller_that_is_not_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "release.sh").write_text("#" * (1 << 20) + "\ndocker build --build-arg NPM_TOKEN .\n")
    script_after(tmp_path, "ARG NPM_TOKEN\nRUN npm ci\n", "--build-arg NPM_TOKEN ", code=3)
    out = " ".join(capsys.readouterr().out.split())
    assert "release.sh: larger than 1 MiB; whether it builds this is not known" in out
