"""The docker command: builds with BuildKit, runs a command in an image, removes what it made.

Values reach it by its environment and by private files, never by its arguments, which every user of the machine sees.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.proving.shapes import ProofError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

#: Versions of the command and of the engine, and the engine's system; those built from source may say `dev`.
_VERSIONS = re.compile(r"(?m)^(?P<command>\S+) (?P<engine>\S+) (?P<system>linux|windows|freebsd)$")
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\b")
_NEWEST = (9999, 0)
#: The first engine that mounts secrets without `# syntax`, and the first command that needs a plugin for BuildKit.
_OLDEST, _WITH_PLUGIN = (20, 10), 23
#: Seconds for an answer about the engine; for a command in a container; in which a stopped command has to end.
_PATIENCE, LONGEST_RUN, _END = 60, 600, 10
#: Bytes of a command's output that are compared.
_MOST_OUTPUT = 8 << 20
_BLOCK = 1 << 16
_TOLD = 300


class Output(NamedTuple):
    """How a command in a container ended: exit code (None: it took too long), what it wrote, whether that is all."""

    code: int | None
    data: bytes
    whole: bool


class Docker:
    """One docker command with BuildKit, and the engine it leads to."""

    def __init__(self, command: str, *, plugin: bool = False) -> None:
        self.command = command
        self._plugin = plugin

    def build(
        self,
        options: Sequence[str],
        tag: str,
        iidfile: str,
        context: str,
        variables: Mapping[str, str],
        feed: Callable[[bytes], None],
    ) -> str:
        """Build without a cache; the image's id, "" if the build failed. `feed` gets the log as it comes."""
        load = ["--load"] if self._plugin else []
        words = ["build", "--no-cache", "--progress", "plain", *load, "--iidfile", iidfile, "--tag", tag]
        environment = {**os.environ, **variables, "DOCKER_BUILDKIT": "1"}
        with _started([self.command, *words, *options, "--", context], environment) as process:
            for data in _blocks(process):
                feed(data)
            code = process.wait()
        if code:
            return ""
        try:
            with open(iidfile, encoding="ascii") as file:
                return file.read(200).strip()
        except (OSError, ValueError):
            return ""

    def run(self, image: str, name: str, words: Sequence[str]) -> Output:
        """Run a command in an image instead of its entry point, without a network; the container goes afterwards."""
        command = [self.command, "run", "--rm", "--network", "none", "--name", name, "--entrypoint", words[0], image]
        kept = b""
        size = 0
        try:
            with _started([*command, *words[1:]], dict(os.environ), LONGEST_RUN) as process:
                for data in _blocks(process):
                    kept += data[: _MOST_OUTPUT - len(kept)]
                    size += len(data)
                code = process.wait()
            return Output(None if process.late else code, kept, size == len(kept))
        finally:
            self._quietly("rm", "--force", name)

    def remove(self, tags: Sequence[str]) -> None:
        """Remove images by the names that this proof gave them, as far as they are there."""
        if tags:
            self._quietly("rmi", *tags)

    def target(self, image: str) -> str:
        """An image as a target of `audit image`."""
        return f"docker:{image}"

    def _quietly(self, *words: str) -> None:
        try:
            subprocess.run(
                [self.command, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return


def find_docker() -> Docker:
    """The docker command that DOCKER names, else the first on PATH that builds with BuildKit.

    Raises ProofError if there is none, or no engine that it leads to.
    """
    told = os.environ.get("DOCKER", "")
    named = shutil.which(told) if told else None
    if told and not named:
        raise ProofError(f"DOCKER names no command: {told}")
    folders = [folder for folder in os.get_exec_path() if folder]
    found = [named] if named else [path for path in (shutil.which("docker", path=folder) for folder in folders) if path]
    if not found:
        raise ProofError("the docker command is not installed: a proof builds with it")
    trouble = ""
    for command in dict.fromkeys(found):
        plugin = False
        trouble_here, major = _asked(command)
        if not trouble_here and major >= _WITH_PLUGIN:
            plugin = _answer(command, "buildx", "version")[0] == 0
            if not plugin:
                trouble_here = f"{command} cannot build with BuildKit: its buildx plugin is not installed"
        if not trouble_here:
            return Docker(command, plugin=plugin)
        trouble = trouble or trouble_here
    raise ProofError(trouble)


def _asked(command: str) -> tuple[str, int]:
    """Why this command and its engine do not do ("" if they do), and the major version of the command."""
    code, said = _answer(command, "version", "--format", "{{.Client.Version}} {{.Server.Version}} {{.Server.Os}}")
    match = _VERSIONS.search(said)
    if code or not match:
        lines = [line for line in said.splitlines() if line.strip()]
        return f"no container engine answers {command}: {lines[-1][:_TOLD] if lines else 'it said nothing'}", 0
    if match["system"] == "windows":
        return "the engine runs Windows containers, whose builds have no secret mounts", 0
    major, minor = _numbers(match["engine"])
    if (major, minor) < _OLDEST:
        return f"the engine is too old for secret mounts: version {major:02}.{minor:02}, needed is 20.10", 0
    return "", _numbers(match["command"])[0]


def _numbers(version: str) -> tuple[int, int]:
    """Major and minor version; a name without numbers stands for the newest."""
    match = _VERSION.match(version)
    return (int(match[1]), int(match[2])) if match else _NEWEST


def _answer(command: str, *words: str) -> tuple[int, str]:
    try:
        done = subprocess.run(
            [command, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, f"it gave no answer within {_PATIENCE} seconds"
    except OSError as error:
        return 1, error.strerror or "it cannot be started"
    return done.returncode, done.stdout.decode("utf-8", "replace")


class _Started(subprocess.Popen[bytes]):
    """A command with its output in one stream; `late`: it was stopped for taking too long."""

    late = False


def _started(words: Sequence[str], environment: Mapping[str, str], patience: int = 0) -> _Running:
    return _Running(words, environment, patience)


class _Running:
    """Starts a command, and sees to it that it has ended when the context is left, whatever happens."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], patience: int) -> None:
        self._words = list(words)
        self._environment = environment
        self._patience = patience

    def __enter__(self) -> _Started:
        from threading import Timer  # start-up: only with a proof

        try:
            self._process = _Started(
                self._words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environment,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its arguments are not possible"
            raise ProofError(f"{self._words[0]} cannot be started: {reason}") from None
        self._timer = Timer(self._patience, self._stop) if self._patience else None
        if self._timer:
            self._timer.daemon = True
            self._timer.start()
        return self._process

    def _stop(self) -> None:
        self._process.late = True
        self._process.kill()

    def __exit__(self, *_error: object) -> None:
        if self._timer:
            self._timer.cancel()
        process = self._process
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout:
            process.stdout.close()


def _blocks(process: _Started) -> Iterator[bytes]:
    """What a command writes, as it comes."""
    while process.stdout and (data := os.read(process.stdout.fileno(), _BLOCK)):
        yield data
