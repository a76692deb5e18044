"""`docs/ci.md`: its shell lines are run, its console blocks print what they show, its workflow gives what is taken."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.ci.toolimage import OFFLINE
from tests.quality.consoles import blocks, check

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
SHELL = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(WORKFLOW,) = re.findall(r"^```yaml\n(name: .*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(HOOKS,) = re.findall(r"^```yaml\n(repos:.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def run(script: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def shop(repository: Path) -> Path:
    """The repository, with images as the page has them: a second one, and one that is cut off."""
    whole = (repository / "shop.tar").read_bytes()
    (repository / "api.tar").write_bytes(whole)
    (repository / "cut.tar").write_bytes(whole[:30_000])
    return repository


def test_console_blocks(shop: Path) -> None:
    commands = [each for block in blocks(PAGE) for each in block]
    assert commands
    for command, shown in commands:
        check(command, shown, shop, codes=(3,))


@pytest.mark.parametrize("script", [block for block in SHELL if "docker run" not in block])
def test_shell_blocks(script: str, shop: Path, environment: Mapping[str, str]) -> None:
    """Each command passes: those that report only, those of a gate that is open."""
    (shop / "Dockerfile").write_text("FROM debian:12\nUSER 1000\n")
    (shop / "cut.tar").unlink()
    done = run(f"set -e\n{script}", shop, environment)
    assert done.returncode == 0, done.stderr
    written = [name for name in re.findall(r"\w+:([\w/.-]+\.\w+)", script) if "{" not in name]
    assert [name for name in written if not (shop / name).is_file()] == []


def test_reports_of_several_runs_become_one(shop: Path, environment: Mapping[str, str]) -> None:
    (script,) = [block for block in SHELL if "xargs" in block]
    assert run(script, shop, environment).returncode == 0
    lines = [json.loads(line) for line in (shop / "fleet.jsonl").read_text().splitlines()]
    assert {line["name"] for line in lines if line["type"] == "target"} == {"shop.tar", "api.tar"}
    assert len({line["target"] for line in lines if line["type"] == "finding"}) == 2


def test_one_image_that_cannot_be_read_is_told(shop: Path, environment: Mapping[str, str]) -> None:
    (script,) = [block for block in SHELL if "xargs" in block]
    first, *_, last = script.replace("api.tar", "cut.tar").partition("audit report")
    done = run(f"{first}\necho code $?\naudit report{last}\necho code $?", shop, environment)
    assert re.findall(r"code (\d+)", done.stdout) == ["123", "3"], done.stderr


def test_the_workflow_uses_what_the_action_has() -> None:
    workflow, action = yaml.safe_load(WORKFLOW), yaml.safe_load((ROOT / "action.yml").read_text())
    steps = workflow["jobs"]["audit"]["steps"]
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in steps)
    (own,) = [step for step in steps if "image-leak-auditor" in step["uses"]]
    assert set(own["with"]) <= set(action["inputs"])
    assert set(re.findall(r"steps\.audit\.outputs\.([\w-]+)", WORKFLOW)) <= set(action["outputs"])


def test_every_input_and_output_is_listed() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    section = PAGE.split("## GitHub")[1].split("## GitLab")[0]
    assert [name for name in (*action["inputs"], *action["outputs"]) if f"`{name}`" not in section] == []


def test_files_and_variables_that_the_page_names_exist() -> None:
    names = re.findall(r"`(ci/[\w./-]+|action\.yml|Dockerfile)`", PAGE)
    assert len(set(names)) == 6
    assert [name for name in names if not (ROOT / name).is_file()] == []
    assert "LEAK_AUDITOR_TARGET" in (ROOT / "ci/gitlab/audit.gitlab-ci.yml").read_text()


def test_the_build_without_a_network_is_the_one_that_is_tested() -> None:
    assert "docker build " + " ".join(f"--build-arg {each}" for each in OFFLINE) in PAGE
    assert "pip wheel --wheel-dir wheels . hatchling\n" in PAGE


def test_the_hooks_are_those_of_the_manifest() -> None:
    known = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    assert re.findall(r"^\| `(audit[\w-]*)` \|", PAGE, re.MULTILINE) == sorted(known)
    for hook in yaml.safe_load(HOOKS)["repos"][0]["hooks"]:
        takes_files = known[hook["id"]].get("pass_filenames", True)
        assert (hook["args"][-1] == "--") == takes_files
