"""How `rules/rotation/` is compiled, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.core import resources
from auditor.core.errors import RuleDataError
from auditor.core.rotationrules import compile_rotation
from auditor.core.rulefiles import compile_rules, write_rules

GENERAL = """
[[rotation]]
id = "general"
title = "Credential"
steps = ["Revoke it."]
log = "The log."
docs = "https://docs.example/"
"""
ENTRY = GENERAL.replace('"general"', '"acme-token"')


def compiled(folder: Path, text: str) -> list[str]:
    (folder / "rotation").mkdir(exist_ok=True)
    (folder / "rotation" / "a.toml").write_text(text)
    return [entry["id"] for entry in compile_rotation(str(folder))]


def test_entries_keep_their_order(tmp_path: Path) -> None:
    assert compile_rotation(str(tmp_path)) == []
    assert compiled(tmp_path, ENTRY + 'secrets = ["acme-*"]\nnames = ["ACME_*"]\nuse = "build"\n' + GENERAL) == [
        "acme-token",
        "general",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ENTRY, "'general' is missing"),
        (GENERAL + GENERAL, "id: is used twice"),
        (GENERAL.replace('docs = "https:', 'docs = "http:'), "docs: must be a web address"),
        (GENERAL.replace('steps = ["Revoke it."]', "steps = []"), "steps: is missing"),
        (GENERAL.replace('steps = ["Revoke it."]', 'steps = "Revoke it."'), "steps: must be a list of texts"),
        (GENERAL + 'names = ["acme"]', "names: 'acme' is no name"),
        (GENERAL + 'secrets = ["*-key"]', "secrets: '*-key' is no name or id"),
        (GENERAL + 'secret = ["acme"]', "secret: unknown key"),
        (GENERAL + 'use = "run"', "use: must be 'build'"),
        (GENERAL + 'form = "text"', "form: must be 'file'"),
        (GENERAL.replace('"general"', '"General"'), "id: must be lower-case"),
        ("x = 1\n", "must be an array of tables"),
        ("rotation = [1]\n", "every element must be a table"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(RuleDataError, match="rotation") as error:
        compiled(tmp_path, text)
    assert told in str(error.value)


def test_the_folder_is_no_family_of_rules_and_has_a_file_of_its_own(tmp_path: Path) -> None:
    compiled(tmp_path, GENERAL)
    before = compile_rules(str(tmp_path))
    assert before["running"]["rules"] == {}
    written = write_rules(str(tmp_path), str(tmp_path / "data"))
    (path,) = (Path(name) for name in written if name.endswith("rotation.json"))
    assert [entry["id"] for entry in json.loads(path.read_text())] == ["general"]
    compiled(tmp_path, ENTRY + GENERAL)
    assert compile_rules(str(tmp_path))["running"]["digest"] == before["running"]["digest"], "prose changes no rule"


def test_what_comes_with_the_program_is_read() -> None:
    assert len(resources.load_rotation()) >= 40
