"""A team's Monday, as `docs/team-path.md` tells it: clone, hook, refused commit, `audit fix --prove`, image gate.

All of it is real: pre-commit makes the environment of the hook and installs this checkout into it; an engine builds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import copy_checkout
from tests.quality.transcripts import Shell, Transcript, programs
from tests.realparts import BUILDKIT, DOCKER, DockerEngine, Failed, busybox, program, run

pytestmark = DOCKER
IMAGE, BASE = "team/shop:1", "registry.corp.example/base:1"
VALUE = "PK42-" + "9fTq" + "Lw7Zc3Rv8Xn1"


@pytest.fixture
def need_packages(tmp_path: Path) -> None:
    """Skip where pre-commit cannot install what a hook needs."""
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(tmp_path), "hatchling"]
    done = subprocess.run([*words, "--retries=0"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"pip reaches no package index: {done.stderr.strip()[-200:]}")
    if not (Path(sys.executable).parent / "pre-commit").exists():
        pytest.skip("pre-commit is not installed")


@pytest.fixture
def engine(docker: DockerEngine, tmp_path: Path) -> Iterator[DockerEngine]:
    """The engine, with a base image that has a shell."""
    folder = tmp_path / "base"
    folder.mkdir()
    shutil.copy(busybox(), folder / "busybox")
    lines = (
        "FROM scratch",
        "COPY busybox /bin/busybox",
        'RUN ["/bin/busybox", "--install", "-s", "/bin"]',
        "RUN mkdir /root /tmp",
    )
    (folder / "Dockerfile").write_text("".join(f"{line}\n" for line in (*lines, "ENV PATH=/bin HOME=/root")))
    docker.build(folder, "--quiet", "--tag", BASE, builder=BUILDKIT)
    yield docker
    for image in (IMAGE, BASE):
        try:
            docker("rmi", "--force", image)
        except Failed:
            continue


def repository(folder: Path, *tags: str) -> None:
    """Make a git repository of a folder, with one commit."""
    for words in (
        ["init", "--quiet"],
        ["add", "."],
        ["commit", "--quiet", "-m", "As it is"],
        *(["tag", t] for t in tags),
    ):
        run("git", *words, folder=folder)


@pytest.fixture
def shell(engine: DockerEngine, need_packages: None, root: Path, tmp_path: Path) -> Shell:
    """What the team has: git, pre-commit, docker and audit; the address of the page leads to repositories made here."""
    program("git")
    remotes = tmp_path / "remotes"
    settings = "[user]\nname = Ada\nemail = ada@corp.example\n[init]\ndefaultBranch = main\n"
    instead = f'[url "file://{remotes}/"]\ninsteadOf = https://git.example/\n'
    Path(os.environ["HOME"], ".gitconfig").write_text(settings + instead)
    ours = remotes / "image-leak-auditor"
    copy_checkout(root, ours, ".pre-commit-hooks.yaml")
    repository(ours, "v0.1.0")
    shutil.copytree(root / "tests/fixtures/repos/team", remotes / "shop")
    repository(remotes / "shop")
    environment = programs(tmp_path, root)
    (tmp_path / "bin/docker").symlink_to(engine.client(BUILDKIT))
    (tmp_path / "bin/pre-commit").symlink_to(Path(sys.executable).parent / "pre-commit")
    (tmp_path / "desk").mkdir()
    made = {"DOCKER_BUILDKIT": BUILDKIT, "PDFKIT_LICENSE_KEY": VALUE}
    return Shell(tmp_path / "desk", {**environment, **engine.environment, **made})


def test_the_page(shell: Shell, engine: DockerEngine, root: Path, update_golden: bool) -> None:
    # Newer builders write more into the history, and lay files out otherwise: the page is that of Debian's engine.
    old = engine("version", "--format", "{{.Server.Version}}").startswith("20.10.")
    page = Transcript(root / "docs/team-path.md", shell, kept=() if old else ("audit image", "audit fix"))
    said = page.said
    assert VALUE not in page.text
    assert "Tundra" + "-42" not in "".join(output for command, output in said if not command.startswith("cat "))
    gates = [output.splitlines()[-1] for command, output in said if command.startswith("audit image")]
    assert gates == ["exit code 1", "exit code 0", "exit code 0"]
    commits = [output for command, output in said if command.startswith("git commit")]
    assert ["hook id: audit\n" in output for output in commits] == [False, True, False]
    subjects = run("git", "log", "--format=%s", folder=shell.folder).splitlines()
    assert subjects == ["Secrets stay out of the image", "Check for secrets before each commit", "As it is"]
    # Last, so that --update writes no page of a day that went wrong.
    page.compare(update_golden)
