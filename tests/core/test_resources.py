from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.core import resources
from auditor.core.errors import AuditError, RuleDataError
from auditor.core.rulefiles import write_rules

OLD = 1_000_000_000


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout with one table file, older than its compiled rules, which `resources` takes for its own."""
    (tmp_path / "hatch_build.py").touch()
    (tmp_path / "rules" / "commands").mkdir(parents=True)
    (tmp_path / "rules" / "commands" / "a.toml").write_text('id = "toml"\ntitle = "x"\nargv = ["x"]\n')
    data = tmp_path / "auditor" / "_data"
    write_rules(str(tmp_path / "rules"), str(data))
    for path in (tmp_path / "rules").rglob("*"):
        os.utime(path, (OLD, OLD))
    mark(data / "rules.json")
    monkeypatch.setattr(resources, "_CHECKOUT", str(tmp_path))
    monkeypatch.setattr(resources, "_DATA", str(data))
    monkeypatch.setattr(resources, "_RUNNING", str(data / "rules.json"))
    monkeypatch.setattr(resources, "_DOCS", str(data / "rules-docs.deflate"))
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    resources.load_rules.cache_clear()
    resources.load_rule_docs.cache_clear()


def mark(path: Path) -> None:
    """Change the compiled rules in a way that shows whether they were read."""
    content = json.loads(path.read_text())
    content["tables"]["commands"][0]["id"] = "json"
    path.write_text(json.dumps(content))


def loaded() -> str:
    return str(resources.load_rules()["tables"]["commands"][0]["id"])


def test_compiled_rules_are_read(checkout: Path) -> None:
    assert loaded() == "json"
    assert list(resources.load_rule_docs()["tables"]["commands"]) == ["toml"]


@pytest.mark.parametrize("touched", ["rules/commands/a.toml", "rules/commands"])
def test_newer_rule_files_are_compiled(checkout: Path, touched: str) -> None:
    later = os.stat(checkout / "auditor/_data/rules.json").st_mtime + 10
    os.utime(checkout / touched, (later, later))
    assert loaded() == "toml"
    assert list(resources.load_rule_docs()["tables"]["commands"]) == ["toml"]


def test_missing_compiled_rules_are_compiled(checkout: Path) -> None:
    (checkout / "auditor/_data/rules.json").unlink()
    (checkout / "auditor/_data/rules-docs.deflate").unlink()
    assert loaded() == "toml"
    assert list(resources.load_rule_docs()["tables"]["commands"]) == ["toml"]


def test_an_installed_package_takes_no_rules_folder_beside_it(checkout: Path) -> None:
    (checkout / "hatch_build.py").unlink()
    os.utime(checkout / "rules/commands/a.toml")
    assert loaded() == "json"


@pytest.mark.parametrize("content", [None, "", "{", "\udcff"])
def test_a_broken_installation_says_so(checkout: Path, content: str | None) -> None:
    (checkout / "hatch_build.py").unlink()
    path = checkout / "auditor/_data/rules.json"
    path.unlink() if content is None else path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(RuleDataError, match="reinstall"):
        resources.load_rules()


def test_the_digest_is_that_of_the_loaded_rules(checkout: Path) -> None:
    assert resources.rules_digest() == resources.load_rules()["digest"]


def test_templates_come_from_the_checkout_or_the_wheel(checkout: Path) -> None:
    with pytest.raises(AuditError, match="'reports'"):
        resources.template_dir("reports")
    in_wheel = checkout / "auditor/_data/reports"
    in_wheel.mkdir()
    assert resources.template_dir("reports") == str(in_wheel)
    (checkout / "reports").mkdir()
    assert resources.template_dir("reports") == str(checkout / "reports")
    (checkout / "hatch_build.py").unlink()
    assert resources.template_dir("reports") == str(in_wheel)


def test_this_checkout_has_rules() -> None:
    forget()
    assert set(resources.load_rules()["tables"]) == {"secrets", "files", "commands", "images", "configurations"}
    assert set(resources.load_rule_docs()["rules"]) == set(resources.load_rules()["rules"])
