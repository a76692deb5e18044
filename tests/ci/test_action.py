"""`action.yml`: its shape, and its steps run as a runner of GitHub runs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.checkout import copy_checkout
from tests.ci.actionrunner import Result, offline, run_action
from tests.realparts import program

Run = Callable[..., Result]


@pytest.fixture
def run(root: Path, repository: Path, command: Path, environment: Mapping[str, str], tmp_path: Path) -> Run:
    """Runs the action in the repository, with what is installed already."""
    scratch = tmp_path / "runner temp"
    (scratch / "audit/venv/bin").mkdir(parents=True)
    (scratch / "audit/venv/ready").write_text(f"{root}\n")
    (scratch / "audit/venv/bin/audit").symlink_to(command)

    def run(inputs: Mapping[str, str], folder: Path = repository) -> Result:
        return run_action(root, folder, scratch, inputs, environment)

    return run


def test_the_shape(root: Path) -> None:
    action = yaml.safe_load((root / "action.yml").read_text())
    schema = json.loads((root / "tests/schemas/github-action.schema.json").read_text())
    jsonschema.validate(action, schema)
    used = {name for step in action["runs"]["steps"] for name in re.findall(r"inputs\.([\w-]+)", str(step["env"]))}
    assert used == set(action["inputs"])


def test_no_step_is_somebody_elses(root: Path) -> None:
    """Nothing to pin: each step is a script of this repository."""
    for step in yaml.safe_load((root / "action.yml").read_text())["runs"]["steps"]:
        assert "uses" not in step
        (script,) = re.findall(r"\$GITHUB_ACTION_PATH/([\w./]+)", step["run"])
        assert os.access(root / script, os.X_OK)


def test_findings_fail_the_step_and_are_shown(run: Run) -> None:
    result = run({})
    assert result.code == 1 and result.outputs["exit-code"] == "1"
    report = json.loads(Path(result.outputs["sarif"]).read_text())
    # The SARIF report has those below --min-severity as well.
    shown = [one for one in report["runs"][0]["results"] if one["level"] != "note"]
    assert int(result.outputs["findings"]) == len(shown) > 3
    assert "::error file=Dockerfile,line=4," in result.log
    assert "Dockerfile:4" in result.summary


def test_a_clean_repository(run: Run, clean: Path) -> None:
    result = run({}, clean)
    assert result.code == 0, result.log
    assert result.outputs["exit-code"] == "0" and result.outputs["findings"] == "0"
    assert json.loads(Path(result.outputs["sarif"]).read_text())["runs"][0]["results"] == []


def test_an_image(run: Run) -> None:
    result = run({"command": "image", "paths": "shop.tar\n", "sarif-file": "image report.sarif"})
    assert result.code == 1 and result.outputs["sarif"] == "image report.sarif"
    assert int(result.outputs["findings"]) == 2, result.log


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"fail-on": "never"}, 0),
        ({"fail-on": "critical"}, 0),
        ({"args": "--fail-on\nnever"}, 0),
        ({"args": "--exclude=**/Dockerfile\n--exclude=*.sh"}, 0),
        ({"fail-on": "sometimes"}, 2),
        ({"command": "image"}, 2),
        ({"command": "fix"}, 2),
        ({"command": ""}, 2),
        ({"paths": "missing"}, 3),
    ],
    ids=str,
)
def test_inputs_reach_the_command(run: Run, inputs: dict[str, str], code: int) -> None:
    result = run(inputs)
    assert result.code == code, result.log
    assert result.outputs["exit-code"] == str(code)
    assert (result.outputs["sarif"] == "") == (code == 2)


def test_an_input_that_cannot_be_read_is_told_from_a_clean_one(run: Run, clean: Path) -> None:
    (clean / "Dockerfile").write_text("FROM debian:12\nRUM make\n")
    result = run({"args": "--ignore=unreadable-dockerfile"}, clean)
    assert result.code == 3 and result.outputs["exit-code"] == "3"
    assert "::error title=audit::an input could not be read whole" in result.log


def test_what_is_accepted_does_not_fail_the_step(run: Run, repository: Path, command: Path) -> None:
    words = [str(command), "baseline", "create", "."]
    subprocess.run(words, cwd=repository, capture_output=True, check=True)
    result = run({"baseline": "audit-baseline.jsonl"})
    assert result.code == 0 and result.outputs["findings"] == "0", result.log


def test_without_annotations_and_summary(run: Run) -> None:
    result = run({"annotations": "false", "summary": "false"})
    assert result.code == 1 and result.summary == ""
    assert "::error file" not in result.log and "Dockerfile:4:5  high  arg-secret" in result.log


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_a_run_that_searches_nothing_is_not_clean(run: Run, word: str) -> None:
    result = run({"args": word})
    assert result.code == 2 and result.outputs["exit-code"] == "2"
    assert "::error title=audit::nothing was searched" in result.log


@pytest.mark.parametrize("path", ["", "missing/folder/file"])
@pytest.mark.parametrize("code", [0, 1, 2])
def test_files_of_the_runner_that_are_missing(
    root: Path, run: Run, repository: Path, clean: Path, tmp_path: Path, path: str, code: int
) -> None:
    given = {"COMMAND": "fix" if code == 2 else "lint", "SUMMARY": "true", "ANNOTATIONS": "true"}
    names = ("PATHS", "FAIL_ON", "BASELINE", "SARIF_FILE", "ARGS")
    environment = {
        **os.environ,
        **{f"INPUT_{name}": given.get(name, "") for name in (*given, *names)},
        **dict.fromkeys(("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"), path),
        "RUNNER_TEMP": str(tmp_path / "runner temp"),
    }
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY") if not path else ():
        del environment[name]
    words = ["bash", str(root / "ci/github/run.sh")]
    folder = repository if code == 1 else clean
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, check=False)
    assert done.returncode == code, done.stderr


def test_nothing_of_the_repository_is_imported(root: Path, clean: Path, tmp_path: Path) -> None:
    """pip and venv are modules, and the current folder is that of a stranger."""
    for name in ("pip", "venv", "ensurepip", "sitecustomize", "encodings"):
        (clean / f"{name}.py").write_text("open('pwned', 'w').close()\n")
    scratch, action = tmp_path / "temp", tmp_path / "no package"
    scratch.mkdir()
    shutil.copytree(root / "ci", action / "ci")
    shutil.copy2(root / "action.yml", action)
    result = run_action(action, clean, scratch, {}, dict(os.environ))
    assert result.code == 2 and "the package could not be installed" in result.log
    assert not (clean / "pwned").exists()


HOSTILE = [
    "a; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "' ; touch pwned ; '",
    '" ; touch pwned ; "',
    "--help",
    "-x",
    "a && touch pwned",
    "*",
    "$HOME",
    "sarif=x",
    "::set-output name=x::y",
    "\\",
    "x\ntouch pwned",
    "x\nexit-code=0",
    "x\r\nexit-code=0",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["command", "paths", "fail-on", "baseline", "sarif-file"])
def test_inputs_are_data(run: Run, repository: Path, name: str, value: str) -> None:
    before = sorted(path.name for path in repository.iterdir())
    result = run({name: value})
    made = {path.name for path in repository.iterdir()} - set(before)
    assert made <= ({value} if name == "sarif-file" else set())
    assert result.code in {"paths": (3,), "sarif-file": (1, 2)}.get(name, (2,)), result.log
    assert result.outputs["exit-code"] == str(result.code)
    assert "::set-output" not in re.findall(r"^::[\w-]+", result.log, re.MULTILINE)


@pytest.mark.parametrize("name", ["-x.sh", "a b.sh", "$(x).sh", "quo'te\".sh"])
def test_odd_names_of_files_are_read(run: Run, clean: Path, name: str) -> None:
    (clean / name).write_text("docker build --build-arg NPM_TOKEN=" + "npm_" + "x" * 36 + " .\n")
    result = run({"paths": f"Dockerfile\n\n{name}\n"}, clean)
    assert result.code == 1 and int(result.outputs["findings"]) > 0, result.log


@pytest.mark.parametrize("python", ["-x", "missing python", "/", "true; touch pwned", "$(touch pwned)"])
def test_a_python_that_is_none(root: Path, clean: Path, tmp_path: Path, python: str) -> None:
    scratch = tmp_path / "temp"
    scratch.mkdir()
    result = run_action(root, clean, scratch, {"python": python}, dict(os.environ))
    assert result.code == 2 and "is no Python from 3.11 on" in result.log
    assert [path.name for path in clean.iterdir()] == ["Dockerfile"]


@pytest.mark.xdist_group("packaging")
def test_from_a_checkout(root: Path, repository: Path, tmp_path: Path) -> None:
    """Both steps for real: the package is built and installed, here without a network; a second use finds it there."""
    action, scratch = tmp_path / "action", tmp_path / "temp"
    scratch.mkdir()
    copy_checkout(root, action)
    (scratch / "audit/venv").mkdir(parents=True)
    (scratch / "audit/venv/ready").write_text("/another/version\n")
    installed = []
    for _ in range(2):
        result = run_action(action, repository, scratch, {"fail-on": "never"}, offline(sysconfig.get_path("purelib")))
        assert result.code == 0, result.log
        assert int(result.outputs["findings"]) > 3
        installed.append((scratch / "audit/venv/bin/audit").stat().st_mtime_ns)
    assert installed[0] == installed[1]


def test_the_scripts_are_what_shellcheck_wants(root: Path) -> None:
    scripts = sorted(map(str, (root / "ci").rglob("*.sh")))
    assert scripts
    done = subprocess.run([program("shellcheck"), *scripts], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def workflow(root: Path) -> str:
    """The workflow of the page about CI."""
    found = re.search(r"```yaml\n(name: audit\n.*?)```", (root / "docs/ci.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_zizmor_has_nothing_to_say(root: Path, tmp_path: Path) -> None:
    (tmp_path / ".github/workflows").mkdir(parents=True)
    shown = tmp_path / ".github/workflows/audit.yml"
    shown.write_text(workflow(root))
    words = [program("zizmor"), "--offline", str(root / "action.yml"), str(shown)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_takes_a_workflow_that_uses_it(root: Path, tmp_path: Path) -> None:
    """actionlint reads an action where a workflow uses it: names of inputs and outputs are checked."""
    actionlint = program("actionlint")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github/workflows").mkdir(parents=True)
    shutil.copy(root / "action.yml", tmp_path / "action.yml")
    local = re.sub(r"uses: platform/image-leak-auditor@\S+", "uses: ./", workflow(root))
    (tmp_path / ".github/workflows/audit.yml").write_text(local)
    done = subprocess.run([actionlint], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
