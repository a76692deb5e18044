"""The image that `Dockerfile` builds: on a real engine, as its documentation has it run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor import __version__
from tests.ci.toolimage import build, import_base, write_context
from tests.realparts import DOCKER, DockerEngine, Failed, program

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
LEAKING = b"FROM debian:12\nARG NPM_TOKEN\nRUN make\n"


class Tool:
    """The image; `run` is `docker run --rm` without a network."""

    def __init__(self, engine: DockerEngine, image: str, base: str, context: Path) -> None:
        self.engine = engine
        self.image = image
        self.base = base
        self.context = context
        self.environment = {**os.environ, **engine.environment}

    def words(self, *words: str, options: tuple[str, ...] = ()) -> list[str]:
        return [program("docker"), "run", "--rm", "--network=none", *options, self.image, *words]

    def run(
        self, *words: str, data: bytes | None = None, options: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[bytes]:
        stdin = ("-i",) if data is not None else ()
        argv = self.words(*words, options=(*stdin, *options))
        return subprocess.run(argv, env=self.environment, input=data, capture_output=True, timeout=300, check=False)

    def search(self, image: str, *words: str, value: str = "") -> subprocess.CompletedProcess[str]:
        """Search an image of the engine with this one; `value` is the variable VALUE."""
        save = [program("docker"), "save", image]
        run = self.words("image", *words, "-", options=("-i", "--read-only", "-e", f"VALUE={value}"))
        with subprocess.Popen(save, env=self.environment, stdout=subprocess.PIPE) as process:
            return subprocess.run(
                run,
                env=self.environment,
                stdin=process.stdout,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )


@pytest.fixture(scope="module")
def tool(root: Path, docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    folder = tmp_path_factory.mktemp("image")
    context = folder / "context"
    write_context(root, context)
    (folder / "packages").mkdir()
    base = import_base(docker_engine, folder / "packages")
    image = build(docker_engine, base, context, "--build-arg", f"VERSION={__version__}")
    yield Tool(docker_engine, image, base, context)
    docker_engine("rmi", "--force", image, base)


def test_the_base_is_pinned() -> None:
    """A tag may be another image tomorrow."""
    (base,) = re.findall(r"^ARG BASE=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"python:3\.1\d-slim@sha256:[0-9a-f]{64}", base)
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE}"}


def test_the_context_is_a_list_of_what_goes_in() -> None:
    first, *others = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] != "#"]
    assert first == "*"
    taken = {line[1:] for line in others if line.startswith("!")}
    assert [name for name in taken - {"wheels"} if not (ROOT / name).exists()] == []


class TestRunning:
    """On an engine."""

    pytestmark = DOCKER

    def test_it_answers(self, tool: Tool) -> None:
        done = tool.run("--version")
        assert done.returncode == 0 and done.stdout.decode() == f"audit {__version__}\n"
        assert b"usage: audit COMMAND" in tool.run().stdout

    def test_its_configuration(self, tool: Tool) -> None:
        (found,) = json.loads(tool.engine("inspect", tool.image))
        config = found["Config"]
        assert config["User"] == "65532:65532" and config["WorkingDir"] == "/work"
        assert config["Entrypoint"] == ["audit"]
        labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
        assert labels["version"] == __version__ and labels["licenses"] == "Apache-2.0" and labels["source"]

    def test_it_holds_the_package_and_nothing_else(self, tool: Tool) -> None:
        """No pip, no compiler's leavings, no docker command, nothing of the context; 40 MB at most beside the base."""
        code = (
            "import os, shutil, sys; print(len(os.listdir('/work')));"
            "print(shutil.which('docker'), shutil.which('audit'), os.path.exists('/src'), os.getuid());"
            "print(*[name for name in ('pip', 'hatchling', 'pytest') if os.path.isdir(f'{sys.path[-1]}/{name}')])"
        )
        words = tool.words("-c", code, options=("--entrypoint", "/opt/audit/bin/python"))
        done = subprocess.run(words, env=tool.environment, capture_output=True, text=True, check=True)
        assert done.stdout == "0\nNone /opt/audit/bin/audit False 65532\n\n"
        sizes = [
            int(line) for line in tool.engine("history", "--human=false", "--format", "{{.Size}}", tool.image).split()
        ]
        assert sum(sizes[:-1]) < 40_000_000

    @pytest.mark.parametrize(
        "options",
        [(), ("--read-only",), ("--user", "12345"), ("--read-only", "--user", "0"), ("--read-only", "--cap-drop=ALL")],
        ids=str,
    )
    def test_a_dockerfile_on_standard_input(self, tool: Tool, options: tuple[str, ...]) -> None:
        done = tool.run("lint", "-", data=LEAKING, options=options)
        assert done.returncode == 1 and b"Dockerfile:2:5  high  arg-secret" in done.stdout, done.stderr

    @pytest.mark.parametrize(
        ("words", "data", "code"),
        [
            (("lint", "-"), b"FROM debian:12\n", 0),
            (("lint", "--fail-on", "never", "-"), LEAKING, 0),
            (("lint", "--no-such-option"), b"", 2),
            (("lint", "missing"), b"", 3),
            (("image", "-"), b"no archive", 3),
        ],
        ids=str,
    )
    def test_exit_codes_pass_through(self, tool: Tool, words: tuple[str, ...], data: bytes, code: int) -> None:
        done = tool.run(*words, data=data)
        assert done.returncode == code, done.stderr

    def test_a_mounted_folder(self, tool: Tool, repository: Path) -> None:
        done = tool.run("lint", options=("-v", f"{repository}:/work:ro"))
        assert done.returncode == 1 and b"db/Dockerfile:3:20  high  env-secret" in done.stdout

    @pytest.mark.parametrize("options", [(), ("--read-only", "--user", "12345")], ids=str)
    def test_an_image_on_standard_input(self, tool: Tool, repository: Path, options: tuple[str, ...]) -> None:
        done = tool.run("image", "-", data=(repository / "shop.tar").read_bytes(), options=options)
        assert done.returncode == 1 and b"npm_****" in done.stdout
        assert b"cache" not in done.stderr.lower()

    def test_it_finds_nothing_in_itself(self, tool: Tool) -> None:
        done = tool.search(tool.image, "--format", "gnu")
        assert (done.returncode, done.stdout) == (0, ""), done.stdout[:2000] + done.stderr

    def test_an_index_with_a_password(self, tool: Tool) -> None:
        """pip reads its settings from a build secret; the image keeps nothing of it."""
        password = "tk7" + "-QpZ4mVn81sR"
        settings = f"[global]\nno-index = true\nfind-links = /src/wheels\nextra-index-url = https://ci:{password}@pip.example\n"
        file = tool.context.parent / "pip.conf"
        file.write_text(settings)
        image = build(
            tool.engine,
            tool.base,
            tool.context,
            "--secret",
            f"id=pip.conf,src={file}",
            given=(),
        )
        try:
            assert tool.search(image, "--assert-absent", "PASSWORD=env:VALUE", value=password).returncode == 0
            known = tool.search(image, "--assert-absent", "TITLE=env:VALUE", value="image-leak-auditor")
            assert known.returncode == 1, known.stderr
        finally:
            tool.engine("rmi", "--force", image)

    def test_a_cache_in_a_volume(self, tool: Tool, repository: Path) -> None:
        volume = f"audit-test-cache-{os.getpid()}"
        options = ("-v", f"{volume}:/var/cache/audit")
        try:
            data = (repository / "shop.tar").read_bytes()
            first, second = (tool.run("image", "-", data=data, options=options) for _ in range(2))
            assert first.stdout == second.stdout
            code = "import os; print(len(os.listdir('/var/cache/audit')))"
            words = tool.words("-c", code, options=(*options, "--entrypoint", "/opt/audit/bin/python"))
            kept = subprocess.run(words, env=tool.environment, capture_output=True, text=True, check=True)
            assert int(kept.stdout) > 0
        finally:
            tool.engine("volume", "rm", "--force", volume)

    def test_as_pre_commit_runs_it(self, tool: Tool, repository: Path) -> None:
        """`language: docker`: the user's ids, the repository at /src, the first word of `entry` as ENTRYPOINT."""
        options = ("-u", "1000:1000", "-v", f"{repository}:/src:rw", "--workdir", "/src", "--entrypoint", "audit")
        done = tool.run("lint", "Dockerfile", "db/Dockerfile", options=options)
        assert done.returncode == 1 and b"db/Dockerfile:3:20" in done.stdout

    def test_commands_of_the_page(self, tool: Tool, repository: Path) -> None:
        page = (ROOT / "docs/ci.md").read_text()
        (block,) = re.findall(r"^```sh\n(docker run .*?)^```", page, re.MULTILINE | re.DOTALL)
        assert block.count("docker run") == 3
        for line in block.splitlines():
            command = line.replace("image-leak-auditor", tool.image)
            done = subprocess.run(["bash", "-c", command], cwd=repository, env=tool.environment, capture_output=True)
            assert done.returncode == 1 and b" high" in done.stdout, line

    @pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=str)
    def test_it_ends_when_it_is_told(self, tool: Tool, sent: signal.Signals, code: int) -> None:
        """As the first process of the container; it waits for standard input meanwhile."""
        name = f"audit-test-signal-{os.getpid()}-{sent}"
        words = tool.words("lint", "-", options=("-i", "--name", name))
        with subprocess.Popen(words, env=tool.environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                self.wait_for_reading(tool.engine, name)
                process.send_signal(sent)
                assert process.wait(30) == code
            finally:
                process.kill()

    @staticmethod
    def wait_for_reading(engine: DockerEngine, name: str) -> None:
        """Until the first process handles SIGTERM, and sleeps."""
        for _ in range(100):
            try:
                status = engine("exec", name, "cat", "/proc/1/status")
            except Failed:
                status = ""
            found = dict(re.findall(r"^(State|SigCgt):\s*(\w+)", status, re.MULTILINE))
            if found.get("State") == "S" and int(found["SigCgt"], 16) >> (signal.SIGTERM - 1) & 1:
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} does not start")
