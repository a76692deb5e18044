"""What `audit wrap` generates, run on a real engine: by docker-compose, and as a service of a swarm."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.sources.images import daemon
from tests.images.workshop import Workshop
from tests.realparts import DOCKER, LEGACY, DockerEngine, Failed, program, run

pytestmark = DOCKER
OLD, NEW = "Vq7xTz2" + "mKp9wLs4", "Hn3b %s'\"$R\\ d8"
#: Tells its process number, password and arguments, and ends with 7 when it is asked to stop.
SHOW = """\
#!/bin/sh
echo "process $$"
echo "password [$DB_PASSWORD]"
echo "token [${OP_SERVICE_ACCOUNT_TOKEN-none}]"
for word in "$@"; do printf '<%s>' "$word"; done
echo
trap 'echo stopped; exit 7' TERM
while :; do sleep 1 & wait $!; done
"""
#: What stands for the program of a secret store: it wants its credential, and knows every reference.
CLI = """\
#!/bin/sh
for reference in "$@"; do :; done
if [ "${OP_SERVICE_ACCOUNT_TOKEN-}" != good ] && [ "$(cat "${KSM_INI_DIR-}/keeper.ini" 2>/dev/null)" != good ]; then
  echo "no credential" >&2; exit 1
fi
printf 'value of %s' "$reference"
"""
WORDS = ["a b", "", "$HOME", "${X}", "it's", '"q"', "l1\nl2", "*", "\\"]
SAID = "".join(f"<{word}>" for word in ["first one", *WORDS])
DOCKERFILE = """\
FROM {{base}}
RUN ["/bin/busybox", "ln", "-s", "busybox", "/bin/sleep"]
RUN ["/bin/busybox", "ln", "-s", "busybox", "/bin/cp"]
COPY show cli /usr/local/bin/
ENV DB_PASSWORD={old}
ENTRYPOINT ["show", "first one"]
CMD {words}
"""


class Project:
    """A folder with a compose file for an image, and docker-compose in it."""

    def __init__(self, engine: DockerEngine, image: str, folder: Path) -> None:
        self.engine = engine
        self.image = image
        self.folder = folder
        self.files = ["compose.yml", "override.yml"]
        version = 'version: "3.8"\n'
        (folder / "compose.yml").write_text(f"{version}services:\n  app:\n    image: {image}\n    network_mode: none\n")
        (folder / "secrets").mkdir()

    def wrap(self, *words: str, code: int = 0) -> None:
        """Generate the override."""
        given = ["wrap", self.image, "--compose", "compose.yml", "--output", "override.yml", *words]
        assert main(given) == code

    def secret(self, name: str, value: str) -> None:
        (self.folder / "secrets" / name).write_text(value)

    def compose(self, *words: str) -> str:
        """Run docker-compose. Raises Failed."""
        files = [word for file in self.files for word in ("-f", file)]
        environment = {**self.engine.environment, "COMPOSE_PROJECT_NAME": f"audit-{os.getpid()}"}
        return run(program("docker-compose"), *files, *words, folder=self.folder, environment=environment)

    def container(self) -> str:
        return self.compose("ps", "-q", "app").strip()

    def said(self, wanted: str) -> str:
        """What the container has said, once it has said this."""
        return _until(wanted, lambda: self.engine("logs", self.container()))


def _until(wanted: str, ask) -> str:  # type: ignore[no-untyped-def]
    limit = time.monotonic() + 30
    while wanted not in (said := ask()) and time.monotonic() < limit:
        time.sleep(0.1)
    assert wanted in said, said
    return str(said)


def _image(workshop: Workshop, what: str = "wrapped", dockerfile: str = "") -> str:
    name = workshop.name(what)
    folder = workshop.folder / what
    folder.mkdir()
    text = dockerfile or DOCKERFILE.format(old=OLD, words=json.dumps(WORDS))
    (folder / "Dockerfile").write_text(text.replace("{base}", workshop.base).replace("{{", "{").replace("}}", "}"))
    for file, content in (("show", SHOW), ("cli", CLI)):
        (folder / file).write_text(content)
        (folder / file).chmod(0o755)
    workshop.engine.build(folder, "-q", "-t", name, builder=LEGACY)
    return name


@pytest.fixture(scope="module")
def wrapped_image(workshop: Workshop) -> str:
    return _image(workshop)


@pytest.fixture
def project(
    wrapped_image: str, docker: DockerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    program("docker-compose")
    monkeypatch.chdir(tmp_path)
    made = Project(docker, wrapped_image, tmp_path)
    yield made
    if (tmp_path / "override.yml").exists():
        made.compose("down", "--volumes", "--timeout", "1")


def _check(project: Project, value: str) -> None:
    """It runs as it did, with the value: process, arguments, signals, exit code."""
    project.compose("up", "-d")
    lines = project.said(">\n").splitlines()
    assert lines[:2] == ["process 1", f"password [{value}]"]
    assert "\n".join(lines[3:]) == SAID
    container = project.container()
    told = project.engine("inspect", container)
    assert OLD not in told and value not in told
    began = time.monotonic()
    project.compose("stop", "--timeout", "20")
    assert time.monotonic() - began < 15
    assert project.engine("inspect", "--format", "{{.State.ExitCode}}", container).strip() == "7"


def test_a_file_that_a_shell_reads(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.wrap("--with", "file")
    project.secret("db_password", NEW + "\n")
    _check(project, NEW)
    assert OLD not in "".join(capsys.readouterr())


def test_an_override_without_another_file(project: Project) -> None:
    project.files = ["override.yml"]
    assert main(["wrap", project.image, "--with", "file", "--service", "app", "--output", "override.yml"]) == 0
    text = (project.folder / "override.yml").read_text()
    (project.folder / "override.yml").write_text(
        text.replace("    entrypoint:", "    network_mode: none\n    entrypoint:")
    )
    project.secret("db_password", NEW)
    _check(project, NEW)


def test_without_the_file_it_does_not_start(project: Project) -> None:
    project.wrap("--with", "file")
    project.secret("db_password", "")
    project.compose("up", "-d")
    assert "DB_PASSWORD: /run/secrets/db_password is missing or empty" in _until(
        "DB_PASSWORD",
        lambda: run(program("sh"), "-c", f"docker -H {project.engine.host} logs {project.container()} 2>&1"),
    )


def test_a_wrapper_from_the_volume_of_another_image(project: Project, workshop: Workshop) -> None:
    """As Keeper's own image brings it: a volume, and a program for each C library."""
    text = 'FROM {base}\nCOPY cli /cli/glibc/ksm\nCOPY cli /cli/musl/ksm\nVOLUME /cli\nCMD ["/bin/sh", "-c", "true"]\n'
    name = _image(workshop, "keeper", text)
    # busybox alone is no C library: this image needs something that looks like one
    with_libc = _image(workshop, "withlibc", f"FROM {project.image}\nCOPY cli /lib/ld-musl-x86_64.so.1\n")
    project.image = with_libc
    text = f'version: "3.8"\nservices:\n  app:\n    image: {with_libc}\n    network_mode: none\n'
    (project.folder / "compose.yml").write_text(text)
    project.wrap("--with", "ksm", "--cli-image", name, "--map", "DB_PASSWORD=keeper://Ab/field/password")
    override = project.folder / "override.yml"
    override.write_text(override.read_text().replace(f'image: "{name}"', f'image: "{name}"\n    network_mode: none'))
    project.secret("keeper.ini", "good")
    _check(project, "value of keeper://Ab/field/password")


def test_a_wrapper_that_is_copied_to_a_volume(project: Project) -> None:
    """The program gets the value, and not the token that it was got with."""
    given = ("--cli-image", project.image, "--cli", "/usr/local/bin/cli")
    project.wrap("--with", "op", *given, "--map", "DB_PASSWORD=op://shop/db/password")
    project.secret("op_service_account_token", "good")
    _check(project, "value of op://shop/db/password")
    assert "token [none]" in project.said("token")


@pytest.fixture
def swarm(own_docker: Workshop) -> Iterator[Workshop]:
    """A swarm of one node; skips where there can be none."""
    engine = own_docker.engine
    try:
        engine("swarm", "init", "--advertise-addr", "127.0.0.1")
    except Failed as error:
        pytest.skip(f"no swarm can be made here: {error}")
    yield own_docker
    engine("swarm", "leave", "--force")


def test_a_service_of_a_swarm(swarm: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Created, rotated, and one that was started with its password in the open changed: always the same program."""
    engine = swarm.engine
    image = _image(swarm, "swarm")
    monkeypatch.chdir(tmp_path)
    assert main(["wrap", image, "--with", "swarm", "--service", "app", "--output", "app.sh"]) == 0

    def script(*words: str, data: str = "") -> str:
        return run(program("sh"), "app.sh", *words, data=data.encode(), environment=engine.environment)

    def said(wanted: str) -> list[str]:
        text = _until(wanted, lambda: engine("service", "logs", "--raw", "app"))
        return text.splitlines()

    script("secrets", "DB_PASSWORD", data=NEW)
    script("create", "--network", "host", "--detach")
    lines = said(">\n")
    assert lines[:2] == ["process 1", f"password [{NEW}]"] and "\n".join(lines[3:]) == SAID
    assert NEW not in engine("service", "inspect", "app")
    script("rotate", "DB_PASSWORD", "2", "--detach", "--update-monitor", "1s", data="second")
    assert "stopped" in said("password [second]")
    engine("service", "rm", "app")
    open_one = ["--name", "app", "--network", "host", "--detach", "--env", "DB_PASSWORD=open", image]
    engine("service", "create", *open_one)
    said("password [open]")
    script("update", "--detach", "--update-monitor", "1s")
    lines = said(f"password [{NEW}]")
    assert "\n".join(lines).count(SAID) >= 1
    environment = engine("service", "inspect", "--format", "{{.Spec.TaskTemplate.ContainerSpec.Env}}", "app")
    assert environment.strip() == "[DB_PASSWORD=]"
    engine("service", "rm", "app")


def test_an_engine_whose_disk_cannot_be_read(
    wrapped_image: str, docker: DockerEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its export passes by as often as files are needed, and tells the same as the disk."""
    words = ["wrap", wrapped_image, "--with", "file", "--format", "json"]
    assert main(words) == 0
    by_disk = json.loads(capsys.readouterr().out)
    monkeypatch.setattr(daemon, "kept_image", lambda record: None)
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == by_disk
    assert by_disk["image"]["program"]["path"] == "/usr/local/bin/show"
