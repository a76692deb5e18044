"""`audit rules check` proves that what rotation entries are chosen by exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.cli.main import main
from auditor.core.resources import load_providers, load_rotation, load_rule_docs, load_rules
from auditor.core.ruledata import CompiledRules
from auditor.run.rotationchecks import rotation_problems
from tests.core.test_rotationrules import GENERAL


def own() -> CompiledRules:
    return {"running": load_rules(), "providers": load_providers(), "docs": load_rule_docs()}


def entry(**keys: Any) -> Any:
    return {"id": "acme", "title": "x", "steps": ["x"], "log": "x", "docs": "https://x.example/", **keys}


def test_our_own_are_right() -> None:
    assert rotation_problems(load_rotation(), own()) == []


@pytest.mark.parametrize("key", ["secrets", "providers", "files"])
def test_ids_that_there_are_not_are_told(key: str) -> None:
    assert rotation_problems([entry(**{key: ["no-such-thing"]})], own()) == [
        f"rotation: acme: {key}: there is no 'no-such-thing'"
    ]
    assert rotation_problems([entry(**{key: ["no-such-*"]})], own()) == [
        f"rotation: acme: {key}: there is no 'no-such-*'"
    ]


def test_a_beginning_needs_one_id_that_has_it() -> None:
    assert rotation_problems([entry(secrets=["github-*"])], own()) == []


def test_two_entries_cannot_have_the_same() -> None:
    twice = [entry(names=["ACME_*"]), entry(id="other", names=["ACME_*"])]
    assert rotation_problems(twice, own()) == ["rotation: other: names: 'ACME_*' belongs to 'acme' already"]


def test_the_command_tells_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rotation").mkdir()
    (tmp_path / "rotation" / "a.toml").write_text(GENERAL + 'files = ["nothing"]\n')
    assert main(["rules", "check", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "rotation: general: files: there is no 'nothing'\n" in told
    assert "1 ways to rotate" in told
