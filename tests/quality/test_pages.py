"""Pages that need no engine: `--update` pastes what their commands print."""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from tests import demoimage
from tests.quality.transcripts import Shell, Transcript, programs

PAGES = ("baseline", "exit-codes", "own-rules", "quickstart")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_its_commands_print(name: str, root: Path, tmp_path: Path, update_golden: bool) -> None:
    path, folder = root / f"docs/{name}.md", tmp_path / "folder"
    folder.mkdir()
    if demoimage.NAME in path.read_text(encoding="utf-8"):
        demoimage.write(folder)
    page = Transcript(path, Shell(folder, programs(tmp_path, root)))
    assert len(page.said) >= 3
    page.compare(update_golden)


def names_of(path: Path) -> set[str]:
    """What a module defines."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_the_architecture_is_that_of_the_code(root: Path) -> None:
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"((?:`\w+`(?: and )?)+) (?:in|at)\s+\[(auditor/[\w/.]+)\]\(\.\./\2\)", page)
    pairs = [(name, path) for names, path in named for name in re.findall(r"\w+", names.replace(" and ", " "))]
    assert len(pairs) > 15
    assert [(name, path) for name, path in pairs if name not in names_of(root / path)] == []
    paths = re.findall(r"`((?:auditor|rules|tests)/[\w/.]+)`", page)
    assert len(paths) > 5
    assert [path for path in paths if not (root / path).exists()] == []


def test_the_layers_are_those_of_the_contract(root: Path) -> None:
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    block = page.partition("```text\n")[2].partition("```")[0]
    shown = [line[:20].strip() for line in block.splitlines()]
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert shown == [re.sub("[()]", "", layer) for layer in contracts[0]["layers"]]


def test_modules_that_pages_call_exist(root: Path) -> None:
    pages = [path.read_text(encoding="utf-8") for path in (*root.glob("*.md"), *root.glob("docs/*.md"))]
    modules = {module for page in pages for module in re.findall(r"python -m ((?:bench|tools)\.\w+)", page)}
    assert len(modules) > 10
    assert [module for module in modules if not importlib.util.find_spec(module)] == []


def test_the_comparison_has_the_figures_of_the_readme(root: Path) -> None:
    """Neither is changed alone."""
    shown = [line.lstrip("| `") for line in (root / "docs/comparison.md").read_text(encoding="utf-8").splitlines()]
    rows = re.findall(r"^\| ([\w ().&;`-]+) \| (\d+ (?:%|of \d+)) \|", (root / "README.md").read_text(), re.M)
    assert len(rows) > 5
    assert [
        tool
        for tool, figures in rows
        if not any(line.startswith(tool.split()[0]) and f"| {figures} |" in line for line in shown)
    ] == []
