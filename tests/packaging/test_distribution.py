"""What users install: the wheel, built from the source distribution, in a virtual environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
import zlib
from pathlib import Path

import pytest

from auditor import __version__
from auditor.core.rulefiles import compile_rules

SHARED = {
    "share/man/man1/audit.1": ("man",),
    "share/bash-completion/completions/audit": ("completion", "bash"),
    "share/zsh/site-functions/_audit": ("completion", "zsh"),
    "share/fish/vendor_completions.d/audit.fish": ("completion", "fish"),
}
#: Generates everything without any package but our own.
ALONE = """\
import sys
sys.path.insert(0, sys.argv[1])
from auditor.cli import generate
assert all(map(generate.completion, generate.SHELLS)) and generate.manual() and generate.schema()
print(*(name for name in sys.modules if "site-packages" in str(getattr(sys.modules[name], "__file__", ""))))
"""

pytestmark = pytest.mark.xdist_group("packaging")


def run(*command: str | Path, folder: Path | None = None) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--skip-dependency-check", "--outdir", folder, root)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the scripts of a virtual environment with the wheel; its dependencies are those of the running one."""
    venv = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", "--without-pip", venv)
    python = venv / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps", wheel)
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # A path in a .pth file is searched, but .pth files in it are not run: the editable install stays out.
    Path(packages, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return venv / "bin"


def test_the_wheel_is_pure_and_named_right(wheel: Path) -> None:
    assert wheel.name == f"image_leak_auditor-{__version__}-py3-none-any.whl"


def test_the_wheel_holds_package_rules_and_templates_only(wheel: Path, root: Path) -> None:
    expected = {path.relative_to(root).as_posix() for path in (root / "auditor").rglob("*.py")}
    data = ("rules.json", "rules-docs.deflate", "providers.json", "rotation.json", "wrappers.json")
    expected |= {"auditor/py.typed", *(f"auditor/_data/{name}" for name in data)}
    expected |= {f"auditor/_data/{path.relative_to(root)}" for path in (root / "reports").rglob("*") if path.is_file()}
    shared = f"image_leak_auditor-{__version__}.data/data"
    expected |= {f"{shared}/{path}" for path in SHARED}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == expected


def test_the_wheel_has_the_rules_of_the_checkout(wheel: Path, root: Path) -> None:
    compiled = compile_rules(str(root / "rules"))
    with zipfile.ZipFile(wheel) as archive:
        assert json.loads(archive.read("auditor/_data/rules.json")) == compiled["running"]
        docs = zlib.decompress(archive.read("auditor/_data/rules-docs.deflate"), wbits=-zlib.MAX_WBITS)
        assert json.loads(docs) == compiled["docs"]
        assert json.loads(archive.read("auditor/_data/providers.json")) == compiled["providers"]
        assert json.loads(archive.read("auditor/_data/wrappers.json")) == compiled["wrappers"]


def test_the_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = archive.read(name).decode()
        assert name.replace("METADATA", "licenses/LICENSE") in archive.namelist()
    lines = metadata.splitlines()
    assert "Name: image-leak-auditor" in lines
    assert "License-Expression: Apache-2.0" in lines
    assert "Requires-Python: >=3.11" in lines
    wanted = [line for line in lines if line.startswith("Requires-Dist: ") and "extra ==" not in line]
    assert len(wanted) == len([line for line in wanted if ">=" in line]) == 12


def test_the_source_distribution_builds_and_tests_by_itself(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"Makefile", "mkdocs.yml", "LICENSE", "CHANGELOG.md", "hatch_build.py", "tests/conftest.py", ".ci/run"}
    wanted |= {"Dockerfile", ".dockerignore", "action.yml", "ci/github/run.sh", "ci/jenkins/Jenkinsfile"}
    assert wanted <= names
    assert any(name.startswith("rules/") and name.endswith(".toml") for name in names)
    assert [name for name in names if name.startswith((".venv", "auditor/_data", "dist"))] == []


@pytest.mark.parametrize("script", ["audit", "image-leak-auditor"])
def test_an_installed_command_runs(installed: Path, script: str, tmp_path: Path) -> None:
    assert __version__ in run(installed / script, "--version", folder=tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nUSER 1000\n")
    run(installed / script, "lint", "Dockerfile", folder=tmp_path)


@pytest.mark.parametrize("path", SHARED)
def test_manual_and_completions_are_installed_where_programs_look(installed: Path, path: str) -> None:
    text = (installed.parent / path).read_text(encoding="utf-8")
    assert text == run(installed / "audit", "generate", *SHARED[path])


def test_manual_and_completions_need_no_dependency(root: Path, tmp_path: Path) -> None:
    """A wheel is built where there is nothing but hatchling."""
    assert run(sys.executable, "-I", "-S", "-c", ALONE, root, folder=tmp_path).strip() == ""


def test_an_installed_command_knows_its_rules(installed: Path, root: Path, tmp_path: Path) -> None:
    code = "from auditor.core import resources as r; print(r.__file__, r.rules_digest(), *r.load_rule_docs()['rules'])"
    file, digest, *rules = run(installed / "python", "-c", code, folder=tmp_path).split()
    compiled = compile_rules(str(root / "rules"))["running"]
    assert file.startswith(str(installed.parent))
    assert digest == compiled["digest"]
    assert sorted(rules) == sorted(compiled["rules"])


def test_the_readme_is_the_long_description_once_there_is_one(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project.get("readme") == ("README.md" if (root / "README.md").exists() else None)


def test_the_ci_script_is_executable(root: Path) -> None:
    assert os.access(root / ".ci" / "run", os.X_OK)
