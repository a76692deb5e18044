"""Runs a composite action as a runner of GitHub does: the steps of `action.yml`, with inputs and a fake environment."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")


class Result(NamedTuple):
    """How an action ended: code of the step that failed, or 0; its outputs; its summary; all that was printed."""

    code: int
    outputs: Mapping[str, str]
    summary: str
    log: str


def run_action(
    action: Path, workspace: Path, scratch: Path, inputs: Mapping[str, str], environment: Mapping[str, str]
) -> Result:
    """Run every step until one fails. `scratch`: the runner's temporary folder."""
    data = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
    given = {name: str(value.get("default", "")) for name, value in data["inputs"].items()}
    assert set(inputs) <= set(given)
    values = {f"inputs.{name}": value for name, value in {**given, **inputs}.items()}
    log, summary, code = "", "", 0
    for number, step in enumerate(data["runs"]["steps"]):
        assert step["shell"] == "bash" and "${{" not in step["run"], "an input would be part of the script"
        files = {name: scratch / f"{name.lower()}-{number}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.touch()
        script = scratch / f"step-{number}.sh"
        script.write_text(step["run"], encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=workspace,
            env={
                **environment,
                **{name: str(file) for name, file in files.items()},
                **{name: _filled(str(text), values) for name, text in step.get("env", {}).items()},
                "GITHUB_ACTION_PATH": str(action),
                "GITHUB_ACTIONS": "true",
                "RUNNER_TEMP": str(scratch),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        log += (done.stdout + done.stderr).decode(errors="replace")
        summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        values |= {f"steps.{step.get('id')}.outputs.{k}": v for k, v in _read(files["GITHUB_OUTPUT"]).items()}
        code = done.returncode
        if code:
            break
    outputs = {name: _filled(str(output["value"]), values) for name, output in data["outputs"].items()}
    return Result(code, outputs, summary, log)


def offline(packages: str) -> dict[str, str]:
    """Variables with which pip installs a checkout without a network: what it needs comes from `packages`."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME")},
        "PYTHONPATH": packages,
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # sic: pip reads a variable that says "no" to an option that says "no"
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda found: values.get(found[1], ""), text)


def _read(file: Path) -> dict[str, str]:
    """Outputs, as a runner reads them: a later line replaces an earlier one, a line that is no output is an error."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, mark, value = line.partition("=")
        assert mark and re.fullmatch(r"[\w-]+", name), line
        found[name] = value
    return found
