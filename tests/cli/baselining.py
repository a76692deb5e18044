"""Runs of `audit baseline` for tests, and the entries of the file that they write."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from auditor.cli.main import main

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schemas/baseline-1.schema.json").read_text())
VALUE = "Tundra-42" + "-kite"
OTHER = "Other-77" + "-harbour"
TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3
DOCKERFILE = f"FROM node:22\nENV DB_PASSWORD={VALUE}\nARG NPM_TOKEN\nRUN npm ci\n"
INI = f'password = "{OTHER}"\n'
NAME = "audit-baseline.jsonl"


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Exit code, standard output, and the first line of the standard error without the file's name."""
    capsys.readouterr()
    code = main(["baseline", *argv])
    done = capsys.readouterr()
    return int(code), done.out, done.err.partition("\n")[0].removeprefix(f"{NAME}: ")


def lines() -> list[dict[str, object]]:
    """The entries of the file, each of which the schema takes, in order."""
    rows = [json.loads(line) for line in Path(NAME).read_text().splitlines()]
    for row in rows:
        jsonschema.validate(row, SCHEMA)
    assert "audit_baseline" in rows[0]
    assert rows[1:] == sorted(rows[1:], key=lambda row: (row.get("image", ""), row["path"], row["rule"], row["hash"]))
    return rows[1:]
