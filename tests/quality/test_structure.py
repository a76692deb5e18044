"""Size, shape and direction of the code."""

from __future__ import annotations

import ast
import graphlib
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import grimp
import pytest

MAX_FILE = 300
MAX_FUNCTION = 80
MAX_FUNCTION_P90 = 40

#: Files that may be longer, each with its reason. May only shrink.
LONG_FILES: dict[str, str] = {}

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "auditor").rglob("*.py"))
CODE = [*SOURCES, *sorted(path for name in ("bench", "tests", "tools") for path in (ROOT / name).rglob("*.py"))]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def function_lengths(path: Path) -> dict[str, int]:
    """Lines of every function, from `def` to its last statement; decorators and the docstring do not count."""
    lengths = {}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node) is not None
            first = node.body[0]
            prose = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
            lengths[f"{shown(path)}:{node.lineno} {node.name}"] = (node.end_lineno or 0) - node.lineno + 1 - prose
    return lengths


def test_files_are_short() -> None:
    lengths = {shown(path): len(path.read_text("utf-8").splitlines()) for path in CODE}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE and name not in LONG_FILES} == {}
    assert [name for name in LONG_FILES if lengths.get(name, 0) <= MAX_FILE] == [], "shrink the list of long files"


def test_functions_are_short() -> None:
    lengths = {name: lines for path in CODE for name, lines in function_lengths(path).items()}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION} == {}


def test_most_functions_of_a_package_are_shorter() -> None:
    packages: dict[str, list[int]] = defaultdict(list)
    for path in SOURCES:
        packages[shown(path.parent)].extend(function_lengths(path).values())
    p90 = {name: sorted(lines)[int(len(lines) * 0.9)] for name, lines in packages.items() if lines}
    assert {name: lines for name, lines in p90.items() if lines > MAX_FUNCTION_P90} == {}


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_no_import_cycles() -> None:
    graph = grimp.build_graph("auditor", exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    graphlib.TopologicalSorter(imports).prepare()


def test_layers_and_homes_of_libraries() -> None:
    contracts = os.path.join(os.path.dirname(sys.executable), "lint-imports")
    run = subprocess.run([contracts, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
