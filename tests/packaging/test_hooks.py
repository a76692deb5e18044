"""The pre-commit manifest: which files the hook gets, and how it is called."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

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
    "docker-compose.yml",
    ".dockerignore",
    "Dockerfile.sh",
]


def takes(hook: dict[str, str], path: str) -> bool:
    """As pre-commit decides: both patterns are searched in the path."""
    return bool(re.search(hook["files"], path)) and not re.search(hook["exclude"], path)


@pytest.mark.parametrize("path", TAKEN)
def test_the_hook_takes(path: str) -> None:
    assert takes(HOOKS["audit"], path)


@pytest.mark.parametrize("path", LEFT)
def test_the_hook_leaves(path: str) -> None:
    assert not takes(HOOKS["audit"], path)


def test_the_hook_of_the_scan_gets_every_file_in_one_call() -> None:
    hook = HOOKS["audit-scan"]
    assert hook["entry"] == "audit scan"
    assert hook["require_serial"] is True
    assert not {"files", "types", "types_or", "exclude"} & hook.keys()


def test_every_hook_calls_an_installed_command(root: Path) -> None:
    scripts = tomllib.loads((root / "pyproject.toml").read_text())["project"]["scripts"]
    for hook in HOOKS.values():
        assert hook["language"] == "python"
        assert hook["entry"].split()[0] in scripts
        assert hook["minimum_pre_commit_version"] == "3.2.0"
