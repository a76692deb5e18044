"""`audit fix --prove` on a real engine: both Dockerfiles are built there, with BuildKit."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.core.secret import Secret
from auditor.fixes.plan import BuildSecret
from auditor.run.proving.docker import Docker, find_docker
from auditor.run.proving.logs import BuildLog
from auditor.run.proving.prove import prove
from auditor.run.proving.shapes import Given, Proof, ProofError, Wish, as_json
from tests.images.workshop import Workshop
from tests.realparts import DOCKER, DockerEngine, program

pytestmark = DOCKER
TOKEN = "tk4" + "BnV7xQm2ZrK9sLd6"
VARIABLE = BuildSecret("npm_token", "variable", "NPM_TOKEN", argument=True)
EXPORT = 'RUN --mount=type=secret,id=npm_token,required=true export NPM_TOKEN="$(cat /run/secrets/npm_token)"; '

Prove = Callable[..., tuple[Proof, dict[str, Any]]]


@pytest.fixture
def client(docker: DockerEngine, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """The docker command that `audit fix` takes here; skips where none builds with BuildKit."""
    monkeypatch.setenv("DOCKER_CONTEXT", "")
    program("docker")
    try:
        return find_docker()
    except ProofError as error:
        pytest.skip(str(error))


@pytest.fixture
def proven(client: Docker, docker: DockerEngine, workshop: Workshop, tmp_path: Path) -> Iterator[Prove]:
    """Proves one rewrite; `{base}` in a Dockerfile is the base image. No image stays."""
    images = _images(docker)
    context = tmp_path / "context"
    context.mkdir()

    def run(before: str, after: str, *files: tuple[str, str], **more: Any) -> tuple[Proof, dict[str, Any]]:
        for name, text in files:
            (context / name).write_text(text)
        texts = [text.format(base=workshop.base).encode() for text in (before, after)]
        wish = Wish(str(context / "Dockerfile"), str(context), texts[0], texts[1], network="none", **more)
        proof = prove(wish, client)
        assert TOKEN not in json.dumps(as_json(proof))
        return proof, {check.name: check for check in proof.checks}

    yield run
    assert _images(docker) == images


def _images(docker: DockerEngine) -> set[str]:
    """Names of images that proofs have made."""
    return set(docker("images", "--filter", "reference=audit-prove-*", "--format", "{{.Repository}}").split())


BEFORE = 'FROM {base}\nARG NPM_TOKEN\nCOPY app.js /app/\nRUN test -n "$NPM_TOKEN" && echo built > /app/out\n'
FILES = (("app.js", "1\n"),)
SECRETS = {"secrets": (VARIABLE,), "arguments": frozenset({"NPM_TOKEN"})}


def test_an_argument_becomes_a_secret(proven: Prove) -> None:
    after = "FROM {base}\nCOPY app.js /app/\n" + EXPORT + 'test -n "$NPM_TOKEN" && echo built > /app/out\n'
    proof, checks = proven(BEFORE, after, *FILES, **SECRETS, command=("cat", "/app/out"))
    assert proof.holds, checks
    assert "history /history/" in checks["leak before"].evidence[0]
    assert checks["command"].ok
    given = Given(arguments=(f"NPM_TOKEN={TOKEN}",))
    assert proven(BEFORE, after, *FILES, **SECRETS, given=given)[0].holds


def test_a_rewrite_that_still_leaks(proven: Prove) -> None:
    after = (
        "FROM {base}\nCOPY app.js /app/\n" + EXPORT + 'echo "$NPM_TOKEN" > /app/x; rm /app/x; echo built > /app/out\n'
    )
    before = BEFORE.replace("echo built", 'echo "$NPM_TOKEN" > /app/x; rm /app/x; echo built')
    assert proven(before, after, *FILES, **SECRETS)[0].holds
    after = after.replace("rm /app/x;", ":;") + "RUN rm /app/x\n"
    proof, checks = proven(before, after, *FILES, **SECRETS)
    assert not proof.holds
    assert not checks["absence"].ok and "app/x (deleted)" in checks["absence"].evidence[0]
    assert checks["files"].ok


def test_a_rewrite_that_shows_the_value_in_the_log(proven: Prove) -> None:
    after = "FROM {base}\nCOPY app.js /app/\n" + EXPORT + "echo $NPM_TOKEN; echo built > /app/out\n"
    proof, checks = proven(BEFORE, after, *FILES, **SECRETS)
    assert not proof.holds and not checks["log"].ok
    assert checks["absence"].ok and checks["files"].ok


def test_a_rewrite_that_changes_a_mode(proven: Prove) -> None:
    after = "FROM {base}\nCOPY app.js /app/\n" + EXPORT + "echo built > /app/out; chmod 600 /app/out\n"
    proof, checks = proven(BEFORE, after, *FILES, **SECRETS)
    assert not proof.holds and checks["absence"].ok
    assert checks["files"].evidence[0] == "/app/out: mode 0644 before, 0600 after"


def test_a_rewrite_that_loses_the_command(proven: Prove) -> None:
    after = "FROM {base}\nCOPY app.js /app/\n" + EXPORT + 'echo built > /app/out\nENTRYPOINT ["sh"]\n'
    proof, checks = proven(BEFORE + 'ENTRYPOINT ["sh"]\nCMD ["x"]\n', after, *FILES, **SECRETS)
    assert not proof.holds and checks["config"].evidence == ("Cmd: only in the image before",)


def test_a_build_that_fails(proven: Prove) -> None:
    proof, checks = proven(BEFORE, "FROM {base}\n" + EXPORT + "exit 3\n", *FILES, **SECRETS)
    assert not proof.holds and list(checks)[-1] == "build after"
    assert "exit code: 3" in "\n".join(checks["build after"].evidence)


def test_a_copied_file_becomes_a_mount(proven: Prove) -> None:
    before = "FROM {base}\nCOPY .npmrc /home/app/.npmrc\nCOPY app.js /app/\nRUN cat /home/app/.npmrc > /dev/null\n"
    after = (
        "FROM {base}\nCOPY app.js /app/\n"
        "RUN --mount=type=secret,id=npmrc,target=/home/app/.npmrc,required=true cat /home/app/.npmrc > /dev/null\n"
    )
    secrets = (BuildSecret("npmrc", "file", source=".npmrc"),)
    npmrc = (".npmrc", f"//npm.example/:_authToken={TOKEN}\n")
    proof, checks = proven(before, after, npmrc, *FILES, secrets=secrets)
    assert proof.holds, checks
    assert "layer 1: home/app/.npmrc (live)" in checks["leak before"].evidence[0]
    removing = before + "RUN rm /home/app/.npmrc\n"
    assert proven(removing, after, npmrc, *FILES, secrets=secrets)[0].holds


def test_everything_copied(proven: Prove) -> None:
    """What the ignore file of one side leaves out is there on the other."""
    both = "FROM {base}\nCOPY . /app/\n"
    files = ((".env", f"API_KEY={TOKEN}\n"), (".dockerignore", "app.js\n"), *FILES)
    values = (Secret(TOKEN, "key"),)
    proof, checks = proven(both, both, *files, values=values, ignore_before=None, ignore_after=".env\n")
    assert proof.holds, checks
    assert checks["files"].evidence == ("/app/.env: a file only in the image before (its content held a value)",)
    proof, checks = proven(both, both, *files, values=values, ignore_before=None, ignore_after=".env\napp.js\n")
    assert not proof.holds and "/app/app.js: a file only in the image before" in checks["files"].evidence


def test_what_every_build_changes(proven: Prove) -> None:
    made = 'cat /proc/uptime /proc/self/stat > /app/time; echo x > "/app/$$-0.log"; '
    before = BEFORE.replace("echo built", f"{made} echo built")
    after = "FROM {base}\nCOPY app.js /app/\n" + EXPORT + made + "echo built > /app/out\n"
    proof, checks = proven(before, after, *FILES, **SECRETS)
    assert proof.holds, checks
    assert "/app/time: another content (differs with every build)" in checks["files"].evidence


def test_an_entry_point_of_the_rewrite(proven: Prove) -> None:
    shim = '#!/bin/sh\nset -eu\nexec "$@"\n'
    before = f'FROM {{base}}\nENV API_KEY={TOKEN}\nENTRYPOINT ["sh", "-c"]\nCMD ["echo hello"]\n'
    after = (
        "FROM {base}\nCOPY secret-env.sh /bin/secret-env.sh\n"
        'ENTRYPOINT ["/bin/secret-env.sh", "sh", "-c"]\nCMD ["echo hello"]\n'
    )
    more = {"values": (Secret(TOKEN, "key"),), "secrets": (BuildSecret("api_key", "variable", "API_KEY"),)}
    proof, checks = proven(before, after, new_files={"secret-env.sh": shim}, command=("sh", "-c", "echo hello"), **more)
    assert proof.holds, checks


def test_an_interrupted_build(client: Docker, docker: DockerEngine, workshop: Workshop, tmp_path: Path) -> None:
    """Ctrl-C while a build runs: the command ends, and nothing of it stays."""
    context = tmp_path / "context"
    context.mkdir()
    text = f"FROM {workshop.base}\nARG NPM_TOKEN\nRUN echo begun && cat /proc/kmsg\n".encode()
    wish = Wish(str(context / "Dockerfile"), str(context), text, text, network="none", **SECRETS)
    seen: list[subprocess.Popen[bytes]] = []

    def interrupt(_log: BuildLog, _data: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auditor.run.proving.logs.BuildLog.feed", interrupt)
        patch.setattr("auditor.run.proving.docker._blocks", _watched(seen))
        patch.setattr("tempfile.tempdir", str(tmp_path))
        with pytest.raises(KeyboardInterrupt):
            prove(wish, client)
    assert [process.poll() is not None for process in seen] == [True]
    assert [path.name for path in tmp_path.iterdir()] == ["context"]
    assert not _images(docker)


def _watched(seen: list[subprocess.Popen[bytes]]) -> Callable[[Any], Iterator[bytes]]:
    def blocks(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
        seen.append(process)
        assert process.stdout
        yield process.stdout.read1(100)  # type: ignore[attr-defined]

    return blocks
