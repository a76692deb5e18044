"""A secret that a file has twice, plain and in another spelling, is shown in neither by any format."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli.main import main

PASSWORD = "Tundra-42-" + "kite!x9"
HEX = "".join(f"\\x{ord(char):02x}" for char in PASSWORD)
FORMATS = ("text", "json", "jsonl", "sarif", "markdown", "html")
FIXED = "FROM node:22\nARG NPM_TOKEN\n{}RUN npm ci\n"
WORKFLOW = """on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: docker login
        env:
          NPM_TOKEN: {}
          DB_PASSWORD: {}
"""
COMPOSE = "services:\n  a:\n    image: x\n    environment:\n      A_PASSWORD: {}\n      B_PASSWORD: {}\n"
CASES = {
    "continued": ("Dockerfile", FIXED.format(f"ENV A_PASSWORD={PASSWORD}\nENV B_PASSWORD=Tundra-4\\\n2-kite!x9\n")),
    "two quotes": (
        "a.sh",
        f"export A_TOKEN={PASSWORD}\ndocker build --build-arg NPM_TOKEN='Tundra-4''2-kite!x9' .\n",
    ),
    "escapes of YAML": ("compose.yml", COMPOSE.format(PASSWORD, f'"{HEX}"')),
    "folded": ("compose.yml", COMPOSE.format(PASSWORD, '"Tundra-4\\\n        2-kite!x9"')),
    "escapes in a workflow": (".github/workflows/a.yml", WORKFLOW.format(f'"{HEX}"', PASSWORD)),
    "folded in a workflow": (
        ".github/workflows/a.yml",
        WORKFLOW.format('"Tundra-4\\\n            2-kite!x9"', PASSWORD),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_second_spelling_is_masked(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, text = CASES[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    (tmp_path / "out").mkdir()
    assert main(["lint", *(f"--format={one}:out/{one}" for one in FORMATS)]) == 1
    assert main(["fix", "--diff", "--unsafe-fixes"]) in (0, 1)
    shown = [*((tmp_path / "out" / one).read_text() for one in FORMATS), *capsys.readouterr()]
    for written in (PASSWORD, "Tundra-4", "2-kite!x9", "\\x54", "\\\\x54"):
        assert not [text for text in shown if written in text]
    assert (tmp_path / "out" / "json").read_text().count('"rule"') > 0
