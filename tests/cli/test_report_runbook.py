"""A rotation runbook of a JSON report is that of the run which wrote the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.cli.main import main

V = "wK7vQ2mXzR9t" + "Lb4n"
#: A token that says whose it is.
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    + "eyJzdWIiOiJvcHNAc2hvcC5leGFtcGxlIn0.q3Zt7LpRk5wV9xQm2X8vT1xKw3RbLm5YcN7d4s6F0Ao"
)
AKIA = "AKIA" + "Q7ZK3MNPX2RT5VWY"
FILES = {
    "Dockerfile": (
        f"FROM node:20\nARG NPM_TOKEN\nENV DB_PASSWORD={V} DB_ROOT_PASSWORD=postgres\nENV AUTH_TOKEN={JWT}\n"
        f"ENV AWS_ACCESS_KEY_ID={AKIA}\nCOPY id_rsa /root/.ssh/id_rsa\nRUN npm ci && echo $NPM_TOKEN > .npmrc\n"
    ),
    "compose.yaml": (
        f"services:\n  db:\n    image: x\n    environment:\n      DB_PASSWORD: {V}\n      API_TOKEN: {V}2\n"
        f"  web:\n    image: y\n    environment: [API_TOKEN={V}2, WEB_PASSWORD=changeme]\n"
    ),
    "build.sh": f"#!/bin/sh\ndocker build --build-arg NPM_TOKEN=$NPM_TOKEN .\ndocker run -e API_TOKEN={V}2 x\n",
    "app.conf": f"db_password = '{V}'\nauth_token = {JWT}\naws_access_key_id = {AKIA}\n",
}


@pytest.mark.parametrize("least", ["low", "high"])
@pytest.mark.parametrize(("command", "names"), [("lint", ("Dockerfile", "compose.yaml", "build.sh")), ("scan", FILES)])
def test_they_are_equal(
    command: str, names: tuple[str, ...], least: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in names:
        (tree / name).write_text(FILES[name])
    told, live, again = (tmp_path / name for name in ("r.json", "live.md", "again.md"))
    outputs = ("--format", f"json:{told}", "--format", f"runbook:{live}")
    main([command, "--isolated", "--min-severity", least, *outputs, str(tree)])
    main(["report", "--min-severity", least, "--format", f"runbook:{again}", str(told)])
    capsys.readouterr()
    assert again.read_text() == live.read_text()
    assert "DB_PASSWORD" in live.read_text() or command == "scan"
    assert not [value for value in (V, JWT) if value in told.read_text() + live.read_text()]


def test_what_a_report_lacks_is_not_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Reports of earlier versions have no `facts`: services and weak values are not known then."""
    (tmp_path / "compose.yaml").write_text(FILES["compose.yaml"])
    told = tmp_path / "r.json"
    main(["lint", "--isolated", "--format", f"json:{told}", str(tmp_path / "compose.yaml")])
    capsys.readouterr()
    main(["report", "--format", "runbook", str(told)])
    whole = capsys.readouterr().out
    content = json.loads(told.read_text())
    for finding in content["findings"]:
        del finding["facts"]
    told.write_text(json.dumps(content))
    assert main(["report", "--format", "runbook", str(told)]) == 1
    bare = capsys.readouterr().out
    assert "--force-recreate db" in whole and "--force-recreate db" not in bare


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"judged": 1}, "findings[0].facts.judged: must be true or false, not 1"),
        ({"owner": [{"what": "a"}]}, "findings[0].facts.owner[0].value: is missing"),
        ({"subject": None}, "findings[0].facts.subject: must be a text, not null"),
        ({"steps": [3]}, "findings[0].facts.steps[0]: must be an object, not 3"),
    ],
)
def test_facts_that_are_not_as_they_should_be(
    change: dict[str, object], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM a\nENV DB_PASSWORD={V}\n")
    told = tmp_path / "r.json"
    main(["lint", "--isolated", "--format", f"json:{told}", str(tmp_path / "Dockerfile")])
    content = json.loads(told.read_text())
    content["findings"][0]["facts"] |= change
    told.write_text(json.dumps(content))
    capsys.readouterr()
    assert main(["report", str(told)]) == 3
    assert message in capsys.readouterr().err
