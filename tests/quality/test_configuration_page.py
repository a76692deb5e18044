"""The pages about settings, commands and schemas: what they show is run, and what they list is all there is."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from auditor.core.config import ConfigFile, resolve
from tests.quality import consoles
from tools import clidocs, configdocs

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGE = DOCS / "configuration.md"
SCHEMAS = sorted((DOCS / "schemas").glob("*.schema.json"))
COMMANDS = [step for block in consoles.blocks(PAGE.read_text(encoding="utf-8")) for step in block]


def configurations() -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("command", "shown"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_command_prints_what_the_page_shows(command: str, shown: str, tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text(configurations()[0], encoding="utf-8")
    (tmp_path / ".git").mkdir()
    consoles.check(command, shown, tmp_path, codes=(2,) if shown.startswith("audit: error: ") else (0,))


def test_the_commands_of_the_page_were_found() -> None:
    assert len(COMMANDS) == 2 and len(configurations()) == 2


@pytest.mark.parametrize("number", [0, 1])
def test_a_configuration_of_the_page_is_right(number: int) -> None:
    resolve({}, {}, ConfigFile("audit.toml", tomllib.loads(configurations()[number])))


def test_pages_and_schema_are_up_to_date() -> None:
    assert configdocs.main(["--check"]) == 0, "run `python -m tools.configdocs`"
    assert clidocs.main(["--check"]) == 0, "run `python -m tools.clidocs`"


@pytest.mark.parametrize("tool", ["configdocs", "clidocs"])
def test_stale_pages_are_written(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = {"configdocs": configdocs, "clidocs": clidocs}[tool]
    name = Path(module.PAGE).name
    (tmp_path / "schemas").mkdir()
    text = re.sub(r"^\| .*\n", "", Path(module.PAGE).read_text(encoding="utf-8"), flags=re.MULTILINE)
    (tmp_path / name).write_text(f"{text}\n" if tool == "clidocs" else text, encoding="utf-8")
    monkeypatch.setattr(module, "PAGE", str(tmp_path / name))
    if tool == "configdocs":
        monkeypatch.setattr(configdocs, "SCHEMA", str(tmp_path / "schemas" / "config-1.schema.json"))
    assert module.main(["--check"]) == 1
    assert module.main([]) == 0 and module.main(["--check"]) == 0
    assert (tmp_path / name).read_bytes() == (DOCS / name).read_bytes()
    assert f"stale: docs/{name}\n" in capsys.readouterr().out


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_schema_is_one_and_is_listed(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validators.validator_for(schema).check_schema(schema)
    assert schema["$id"].endswith(f"/docs/schemas/{path.name}")
    assert ", version 1" in schema["title"]
    listed = (DOCS / "schemas.md").read_text(encoding="utf-8")
    assert listed.count(f"[{path.name.removesuffix('.schema.json')}](schemas/{path.name})") == 1
