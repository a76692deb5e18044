"""Real engines, registries and tools for tests: what runs already is used, the rest is started here and stopped again.

Whatever is neither there nor can be started skips the test and says why; `.ci/run` installs all of it.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from auditor.sources.images.contexts import SYSTEM_SOCKET

#: Marks of tests that need one: everything that uses one engine runs in one worker, one after the other.
DOCKER = [pytest.mark.real, pytest.mark.xdist_group("docker")]
PODMAN = [pytest.mark.real, pytest.mark.xdist_group("podman")]
REGISTRY = [pytest.mark.real, pytest.mark.xdist_group("registry")]
SKOPEO = [pytest.mark.real, pytest.mark.xdist_group("skopeo")]

LEGACY, BUILDKIT = "0", "1"
_BUILDERS = {LEGACY: "the legacy builder", BUILDKIT: "BuildKit"}
#: Seconds in which an engine or a registry has to answer, and in which it has to end.
_START, _END = 30.0, 20.0
#: What people read of a long complaint, in characters.
_TOLD = 300


class Failed(Exception):
    """A command failed; the message is the end of what it said."""


def run(
    *words: str, folder: Path | None = None, data: bytes = b"", environment: Mapping[str, str] | None = None
) -> str:
    """What a command says; `data` is its standard input. Raises Failed."""
    # podman would be a mere client with these.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONTAINER_")}
    done = subprocess.run(
        words, cwd=folder, env={**kept, **(environment or {})}, input=data, capture_output=True, timeout=120
    )
    if done.returncode:
        raise Failed(f"{' '.join(words)[:_TOLD]}: {done.stderr.decode(errors='replace').strip()[-_TOLD:]}")
    return done.stdout.decode(errors="replace")


def program(name: str) -> str:
    """The path of a program; skips where it is not installed."""
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


@functools.cache
def busybox() -> str:
    """The path of a busybox that runs without libraries; skips where there is none."""
    path = program("busybox")
    with open(path, "rb") as file:
        if b"/ld-" in file.read(4096):
            pytest.skip("busybox is linked dynamically (Debian has another in busybox-static)")
    return path


class DockerEngine:
    """A Docker engine. `host` is as in DOCKER_HOST; `own`: it was started for these tests, and keeps nothing else."""

    def __init__(self, host: str, *, own: bool) -> None:
        self.host = host
        self.own = own

    def __call__(self, *words: str, folder: Path | None = None, data: bytes = b"") -> str:
        """Run the docker command. Raises Failed."""
        return run(program("docker"), *words, folder=folder, data=data, environment=self.environment)

    @property
    def environment(self) -> Mapping[str, str]:
        """What leads the docker command, and every other, to this engine."""
        return {"DOCKER_HOST": self.host, "DOCKER_CONTEXT": ""}

    @functools.cached_property
    def driver(self) -> str:
        """What keeps its layers: `overlay2`."""
        return self("info", "--format", "{{.Driver}}").strip()

    @property
    def folder(self) -> str:
        """Where it keeps everything, on its own machine."""
        return self("info", "--format", "{{.DockerRootDir}}").strip()

    def build(self, folder: Path, *options: str, builder: str) -> str:
        """Build the folder's Dockerfile without a network; gives what the command said, with -q the id.

        Skips where no docker command here has this builder. Raises Failed.
        """
        client = self.client(builder)
        environment = {**self.environment, "DOCKER_BUILDKIT": builder}
        # Others may take steps that they share with us away at any moment.
        words = (client, "build", "--network=none", "--no-cache", *options, ".")
        return run(*words, folder=folder, environment=environment)

    def client(self, builder: str) -> str:
        """A docker command with this builder: newer ones need a plugin for BuildKit, an older one beside may not."""
        if builder not in self._clients:
            self._clients[builder] = self._found(builder)
        return self._clients[builder] or pytest.skip(f"no docker command here builds with {_BUILDERS[builder]}")

    @functools.cached_property
    def _clients(self) -> dict[str, str]:
        return {}

    def _found(self, builder: str) -> str:
        environment = {**self.environment, "DOCKER_BUILDKIT": builder}
        smallest = f"FROM scratch\nLABEL audit-test=builder-{os.getpid()}\n".encode()
        for path in os.get_exec_path():
            client = os.path.join(path, "docker")
            if not os.access(client, os.X_OK):
                continue
            try:
                image = run(client, "build", "-q", "-", data=smallest, environment=environment).strip()
                run(client, "rmi", image, environment=environment)
            except Failed:
                continue
            return client
        return ""


@contextmanager
def docker_engine() -> Iterator[DockerEngine]:
    """The engine that answers at DOCKER_HOST, or where the system has its own; else one that is started."""
    program("docker")
    engine = DockerEngine(os.environ.get("DOCKER_HOST") or f"unix://{SYSTEM_SOCKET}", own=False)
    try:
        engine("version")
    except Failed as error:
        with own_docker_engine(f"no Docker engine answers ({error}), and none can be started: ") as own:
            yield own
    else:
        yield engine


def need_disk(engine: DockerEngine) -> None:
    """Skip where an engine's disk cannot be read here."""
    if os.geteuid():
        pytest.skip("only the superuser may read an engine's disk")
    if engine.driver != "overlay2":
        pytest.skip(f"the engine keeps its layers with {engine.driver}, not with overlay2")
    if not engine.host.startswith("unix://") or not os.path.isdir(engine.folder):
        pytest.skip("the engine's disk is not this machine's")


@contextmanager
def own_docker_engine(why: str = "") -> Iterator[DockerEngine]:
    """An engine with nothing in it, started for these tests. `why` stands before the reason of a skip."""
    if os.geteuid():
        pytest.skip(f"{why}only the superuser may start one")
    daemon = shutil.which("dockerd") or pytest.skip(f"{why}dockerd is not installed")
    program("docker")
    with short_folder() as folder:
        host = f"unix://{folder}/docker.sock"
        # Squashing is an experiment.
        words = [
            daemon,
            "--experimental",
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
            "--data-root",
            f"{folder}/data",
        ]
        words += ["--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid", "-H", host]
        engine = DockerEngine(host, own=True)
        with running(words, folder / "log", lambda: engine("version"), why):
            yield engine
        unmount(folder)


@contextmanager
def registry(folder: Path, guard: str = "") -> Iterator[str]:
    """`docker-registry` on a free port, its store in the folder; gives its host and port.

    `guard`: a line of an htpasswd file, whose user alone is let in.
    """
    command = program("docker-registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    domain = f"{address[0]}:{address[1]}"
    config: dict[str, object] = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "store")}},
        "http": {"addr": domain},
    }
    if guard:
        (folder / "htpasswd").write_text(f"{guard}\n")
        config["auth"] = {"htpasswd": {"realm": "images", "path": str(folder / "htpasswd")}}
    # JSON is YAML.
    (folder / "config.yml").write_text(json.dumps(config))

    def answers() -> None:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError as error:
            raise Failed(str(error)) from None

    with running([command, "serve", str(folder / "config.yml")], folder / "log", answers):
        yield domain


def skopeo_copy(source: str, destination: str, *options: str) -> None:
    """Copy an image from one place to another, plain http allowed. Skips without skopeo. Raises Failed."""
    words = [program("skopeo"), "--insecure-policy", "copy", "--quiet", *options]
    run(*words, "--src-tls-verify=false", "--dest-tls-verify=false", source, destination)


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path is short: sockets take no more than 100 characters or so."""
    parent = tempfile.gettempdir()
    with tempfile.TemporaryDirectory(
        prefix="audit-", dir=parent if len(parent) < 40 else "/tmp", ignore_cleanup_errors=True
    ) as made:
        yield Path(made)


@contextmanager
def running(words: Sequence[str], log: Path, ask: Callable[[], object], why: str = "") -> Iterator[None]:
    """A server, from when it answers (`ask` raises Failed no more); skips with its last words if it does not."""
    with log.open("wb") as out:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    try:
        limit = time.monotonic() + _START
        while True:
            try:
                ask()
                break
            except Failed as error:
                if process.poll() is not None or time.monotonic() > limit:
                    told = log.read_text(errors="replace").strip()[-_TOLD:] or str(error)
                    pytest.skip(f"{why}{os.path.basename(words[0])} does not start: {told}")
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def unmount(folder: Path) -> None:
    """Take away what an engine has mounted below its folder."""
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return
    points = [line.split(" ")[1] for line in lines]
    for point in reversed([point for point in points if point.startswith(f"{folder}/")]):
        subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)
