"""The pre-commit manifest: which files the hook gets, and how it is called."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from auditor.cli.main import main
from auditor.flow.calling.kinds import kind_of
from auditor.sources.files import is_compose_name

HOOKS = {
    hook["id"]: hook
    for hook in yaml.safe_load((Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml").read_text())
}
TAKEN = [
    "Dockerfile",
    "dockerfile",
    "Containerfile",
    "Dockerfile.dev",
    "Dockerfile-dev",
    "Dockerfile_dev",
    "deploy/DOCKERFILE.prod",
    "deploy/run.dockerfile",
    "api.Containerfile",
    "a b/Dockerfile.x86_64",
    "Dockerfile.sha256",
]
LEFT = [
    "Dockerfile.dockerignore",
    "Dockerfile.md",
    "dockerfile.py",
    "Dockerfile.j2",
    "Dockerfile.template",
    "Dockerfile.tmpl",
    "Dockerfile.tpl",
    "Dockerfile.in",
    "Dockerfile.yml",
    "Dockerfile/readme",
    "Dockerfiles",
    "mydockerfile",
    "docker-compose.yml.j2",
    "composer.yml",
    ".dockerignore",
    "Dockerfile.sh",
]
COMPOSE = ["docker-compose.yml", "compose.yaml", "deploy/compose.prod.yml", "docker-compose-dev.yaml"]
CALLERS = [
    "build.sh",
    "ci/build.bash",
    "Makefile",
    "rules/image.mk",
    "docker-compose.yml",
    "compose.prod.yaml",
    "docker-bake.hcl",
    "docker-bake.override.json",
    ".github/workflows/image.yml",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "ci/image.gitlab-ci.yml",
    "azure-pipelines.yml",
    "ci/azure-pipelines-image.yml",
    "Jenkinsfile",
]


def takes(hook: dict[str, str], path: str) -> bool:
    """As pre-commit decides: both patterns are searched in the path."""
    return bool(re.search(hook["files"], path)) and not re.search(hook["exclude"], path)


@pytest.mark.parametrize("hook", ["audit", "audit-fix", "audit-docker"])
@pytest.mark.parametrize("path", TAKEN)
def test_the_hook_takes(path: str, hook: str) -> None:
    assert takes(HOOKS[hook], path)


@pytest.mark.parametrize("hook", ["audit", "audit-fix", "audit-docker"])
@pytest.mark.parametrize("path", COMPOSE)
def test_the_hooks_take_compose_files(path: str, hook: str) -> None:
    assert takes(HOOKS[hook], path)
    assert is_compose_name(path)


@pytest.mark.parametrize("path", LEFT)
def test_the_hook_leaves(path: str) -> None:
    assert not takes(HOOKS["audit"], path)
    assert not takes(HOOKS["audit-fix"], path)


@pytest.mark.parametrize("path", CALLERS)
def test_what_calls_a_build_is_taken(path: str) -> None:
    """Nothing is handed over that would be taken for a Dockerfile without being one."""
    assert takes(HOOKS["audit"], path) and takes(HOOKS["audit-fix"], path)
    assert kind_of(path) is not None


@pytest.mark.parametrize("path", ["app.py", "values.yaml", "main.hcl", "docs/makefile.md", "jenkinsfile.txt"])
def test_other_files_are_left_alone(path: str) -> None:
    assert not takes(HOOKS["audit"], path) and not takes(HOOKS["audit-fix"], path)


def called(hook: dict[str, Any], path: str) -> list[str]:
    """The command as pre-commit makes it: `entry`, `args`, names of files."""
    return [*shlex.split(hook["entry"]), *hook.get("args", []), path]


@pytest.mark.parametrize("hook", [name for name, hook in HOOKS.items() if hook.get("pass_filenames", True)])
def test_the_name_of_a_file_is_no_option(hook: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("--exit-zero", "--version", "--diff"):
        Path(name).write_text("FROM scratch\nARG NPM_TOKEN\nRUN npm ci\nENV DB_PASSWORD=Tundra-42-kite\n")
        program, *words = called(HOOKS[hook], name)
        assert program == "audit" and main(words) == 1


def test_the_hook_that_fixes_fails_if_it_did() -> None:
    hook = HOOKS["audit-fix"]
    assert hook["entry"].split() == ["audit", "fix", "--exit-non-zero-on-fix", "--callers"]
    assert hook["require_serial"] is True  # a Dockerfile and its callers have to meet in one call


def test_the_hook_that_looks_gets_every_file_in_one_call() -> None:
    assert HOOKS["audit"]["require_serial"] is True


def test_the_hook_of_the_scan_gets_every_file_in_one_call() -> None:
    hook = HOOKS["audit-scan"]
    assert hook["entry"] == "audit scan"
    assert hook["require_serial"] is True
    assert not {"files", "types", "types_or", "exclude"} & hook.keys()


def test_the_hook_of_images_runs_when_it_is_asked_for() -> None:
    hook = HOOKS["audit-image"]
    assert hook["entry"] == "audit image"
    assert hook["stages"] == ["manual", "pre-push"]
    assert hook["always_run"] is True and hook["pass_filenames"] is False
    assert not {"files", "types", "types_or", "exclude"} & hook.keys()


def test_the_hook_in_a_container_is_that_without(root: Path) -> None:
    """pre-commit builds the Dockerfile at the root, and runs the first word of `entry` in place of its ENTRYPOINT."""
    hook = HOOKS["audit-docker"]
    assert hook["language"] == "docker" and (root / "Dockerfile").is_file()
    own = ("id", "name", "description", "language")
    assert {k: v for k, v in hook.items() if k not in own} == {k: v for k, v in HOOKS["audit"].items() if k not in own}


def test_the_manifest_is_one_that_pre_commit_reads() -> None:
    schema = json.loads((Path(__file__).resolve().parents[1] / "schemas/pre-commit-hooks.schema.json").read_text())
    jsonschema.validate(list(HOOKS.values()), schema)


def test_every_hook_calls_an_installed_command(root: Path) -> None:
    scripts = tomllib.loads((root / "pyproject.toml").read_text())["project"]["scripts"]
    for hook in HOOKS.values():
        assert hook["language"] == ("docker" if hook["id"] == "audit-docker" else "python")
        assert hook["entry"].split()[0] in scripts
        assert hook["minimum_pre_commit_version"] == "3.2.0"
