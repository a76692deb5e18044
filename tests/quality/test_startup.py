"""What a pre-commit hook pays before the first line is read: the modules it imports, and the CPU time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from auditor.core import rulefiles
from bench.startup import CLEAN, ratios

DEAR = [
    "asyncio", "concurrent.futures", "dataclasses", "detect_secrets", "docker", "dockerfile_parse", "hyperscan",
    "importlib.metadata", "importlib.resources", "inspect", "jinja2", "logging", "multiprocessing", "pathlib",
    "requests", "rich", "ssl", "subprocess", "tomllib", "urllib3", "yaml",
]  # fmt: skip
BUDGET = {"audit --version": 2.5, "audit --help": 2.5, "audit lint Dockerfile": 5.0, "audit fix --diff Dockerfile": 7.0}
LINTS = [["lint", "Dockerfile"], ["lint", "-"], ["lint", "."]]
FIXES = [["fix", "Dockerfile"], ["fix", "--diff", "Dockerfile"], ["fix", "--diff", "."], ["fix", "-"]]
LIGHT = {
    "auditor.fixes", "auditor.fixes.callers", "auditor.flow.calling.kinds", "auditor.report",
    "auditor.report.fix_shapes", "auditor.run.rewrite", "auditor.run.rewrite.engine", "auditor.run.rewrite.options",
    "auditor.run.rewrite.outcome", "auditor.run.rewrite.runfiles", "auditor.core.edit",
}  # fmt: skip
SPY = """\
import sys
before = set(sys.modules)
from auditor.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code or 0
print("\\n".join(sorted(set(sys.modules) - before)), file=open("modules", "w"))
sys.exit(code)
"""


@pytest.fixture(scope="module", autouse=True)
def compiled_rules() -> None:
    """As in an installed package: a checkout with edited rules reads TOML and starts later."""
    assert rulefiles.main() == 0


def imported(folder: Path, *arguments: str) -> set[str]:
    """Modules that one run of the command loads on top of those of a bare Python."""
    command = [sys.executable, "-c", SPY, *arguments]
    run = subprocess.run(command, cwd=folder, input=CLEAN, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return set((folder / "modules").read_text().split())


@pytest.mark.parametrize("arguments", LINTS + FIXES, ids=" ".join)
def test_a_clean_file_loads_nothing_dear(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "Dockerfile").write_text(CLEAN)
    assert imported(tmp_path, *arguments) & set(DEAR) == set()


@pytest.mark.parametrize("arguments", LINTS + FIXES, ids=" ".join)
def test_a_clean_file_loads_no_rewrite(tmp_path: Path, arguments: list[str]) -> None:
    """Planners, and what writes files, are for files with findings; the list of kinds of callers is small."""
    (tmp_path / "Dockerfile").write_text(CLEAN)
    rewriting = ("auditor.fixes", "auditor.run.rewrite", "auditor.run.proving", "auditor.report", "auditor.core.edit")
    loaded = {name for name in imported(tmp_path, *arguments) if name.startswith(rewriting)}
    assert loaded <= (LIGHT if "fix" in arguments else set())


@pytest.mark.parametrize("arguments", [["lint", "."], ["fix", "--diff", "."], ["lint", "compose.yml"]], ids=" ".join)
def test_a_compose_file_without_an_environment_loads_nothing_dear(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "compose.yml").write_text("services:\n  app:\n    build: .\n")
    assert imported(tmp_path, *arguments) & set(DEAR) == set()


def test_a_run_without_compose_files_loads_none_of_their_readers(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(CLEAN)
    ours = ("auditor.lang.compose", "auditor.run.composing", "auditor.flow.services", "auditor.checks.compose")
    assert {name for name in imported(tmp_path, "lint", ".") if name.startswith(ours)} == set()


def test_a_run_without_scripts_loads_none_of_their_readers(tmp_path: Path) -> None:
    """The names of such files are needed for a folder, nothing else."""
    (tmp_path / "Dockerfile").write_text(CLEAN)
    ours = ("auditor.flow.calling", "auditor.run.calling", "auditor.checks.calls", "auditor.lang.compose")
    for argument, known in (("Dockerfile", set()), ("-", set()), (".", {"", ".kinds"})):
        loaded = {name for name in imported(tmp_path, "lint", argument) if name.startswith(ours)}
        assert loaded == {f"auditor.flow.calling{name}" for name in known}


def test_a_script_without_a_container_tool_loads_nothing_dear(tmp_path: Path) -> None:
    (tmp_path / "build.sh").write_text("#!/bin/sh\nmake all\n")
    loaded = imported(tmp_path, "lint", ".")
    readers = ("auditor.flow.calling.files", "auditor.flow.calling.look", "auditor.checks.calls")
    assert loaded & set(DEAR) == set() and not any(name.startswith(readers) for name in loaded)


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_help_loads_no_command(tmp_path: Path, option: str) -> None:
    loaded = imported(tmp_path, option)
    assert loaded & set(DEAR) == set()
    assert [name for name in loaded if name.startswith(("auditor.lang", "auditor.run", "auditor.checks"))] == []


@pytest.mark.alone
@pytest.mark.parametrize("command", BUDGET)
def test_start_up_budget(command: str, measured: dict[str, float]) -> None:
    """What else the machine does can only add to a figure: one above the budget is looked at again."""
    least = measured[command]
    for _again in range(2):
        if least > BUDGET[command]:
            least = min(least, ratios()[command])
    assert least <= BUDGET[command]


@pytest.fixture(scope="module")
def measured() -> dict[str, float]:
    return ratios()
