"""`audit fix --wrapper` on a real engine: the container starts with the value, and neither image nor history has it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.cli.main import main
from tests.fixes.wrapping.realwrappers import Keeper, dotenvx, encrypted, keeper
from tests.images.pythonroot import NODE, PACKAGES, PYTHON, node_root, python_root
from tests.images.workshop import Workshop
from tests.realparts import BUILDKIT, DOCKER, DockerEngine, program

pytestmark = DOCKER

LITERAL = "tk9" + "-zQ4xW8mNe5RuTi2LpBvA"
VALUE = "rt7" + "-Hs83jd 'LqPz\" $0V"
UID = "AuditExampleRecord0001"
REFERENCE = f"keeper://{UID}/field/password"
GIVEN = ("--wrapper", "ksm", "--map", f"DB_PASSWORD={REFERENCE}")
#: A wrapper that knows one value, with a credential in a file.
KSM = f"""#!/bin/sh
[ "$3" = {REFERENCE} ] || {{ echo "not found" >&2; exit 1; }}
exec cat "$KSM_INI_DIR/keeper.ini"
"""
APP = """#!/bin/sh
trap 'echo bye; exit 9' TERM
echo "pid=$$ value=$DB_PASSWORD"
for word in "$@"; do echo "<$word>"; done
case $1 in wait) while :; do busybox sleep 0.1; done;; fail) exit 7;; esac
"""
DOCKERFILE = """\
FROM {base}
COPY ksm app /bin/
ENV DB_PASSWORD={literal}
{start}
"""

Capture = pytest.CaptureFixture[str]


class Container:
    """Containers of one image, with a mounted folder."""

    def __init__(self, engine: DockerEngine, image: str, secrets: Path) -> None:
        self.engine = engine
        self.image = image
        self.options = ("--network=none", "-v", f"{secrets}:/run/secrets:ro")

    def run(self, *words: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """What a container says and returns."""
        argv = [program("docker"), "run", "--rm", *self.options, *options, self.image, *words]
        environment = {**os.environ, **self.engine.environment}
        return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120)


def fixed(folder: Path, text: str, capsys: Capture, *options: str) -> str:
    """The Dockerfile after the fix, which says nothing of the value."""
    file = folder / "Dockerfile"
    file.write_text(text)
    assert main(["fix", *GIVEN, *options, str(file)]) == 0
    told = "".join(capsys.readouterr())
    assert LITERAL not in told and LITERAL not in file.read_text(), told
    return file.read_text()


def absent(image: str, name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Asserts that a value is in no layer, history or configuration of an image."""
    monkeypatch.setenv("SEARCHED", value)
    code = main(["image", f"docker:{image}", "--assert-absent", f"{name}=env:SEARCHED", "--exit-zero"])
    out, err = capsys.readouterr()
    assert code == 0 and value not in out + err, out + err


@pytest.fixture
def project(docker: DockerEngine, workshop: Workshop, tmp_path: Path) -> Iterator[Path]:
    """A folder with a program, a wrapper and the wrapper's credential."""
    for name, text in (("ksm", KSM), ("app", APP)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "keeper.ini").write_text(VALUE)
    (tmp_path / ".dockerignore").write_text("secrets\n")
    yield tmp_path


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ('ENTRYPOINT ["/bin/app", "a b"]\nCMD ["serve"]', ["a b", "serve"]),
        ("ENTRYPOINT exec /bin/app 'a b' \"\" '$x'", ["a b", "", "$x"]),
        ('CMD ["/bin/app", "a\\"b", ""]', ['a"b', ""]),
        ("CMD exec /bin/app x", ["x"]),
    ],
    ids=["exec", "shell", "cmd", "cmd-shell"],
)
def test_the_program_is_the_first_process(
    start: str,
    words: list[str],
    project: Path,
    workshop: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    """By a Dockerfile of which only the base image's start had to be told."""
    inspected = project / "secrets" / "inspect.json"
    inspected.write_text(workshop.engine("image", "inspect", workshop.base))
    text = DOCKERFILE.format(base=workshop.base, literal=LITERAL, start=start)
    after = fixed(project, text, capsys, "--base-config", str(inspected))
    assert after.count("ENTRYPOINT") == 1
    name = workshop.name(f"wrapped-{len(workshop.names)}")  # one name for all would leave nameless images behind
    workshop.engine.build(project, "-q", "-t", name, builder=BUILDKIT)
    done = Container(workshop.engine, name, project / "secrets").run()
    assert done.stdout == f"pid=1 value={VALUE}\n" + "".join(f"<{word}>\n" for word in words), done.stderr
    for what, value in (("literal", LITERAL), ("value", VALUE)):
        absent(name, what, value, monkeypatch, capsys)


def test_signals_exit_codes_and_arguments(project: Path, workshop: Workshop, capsys: Capture) -> None:
    text = DOCKERFILE.format(base=workshop.base, literal=LITERAL, start='ENTRYPOINT ["/bin/app"]')
    fixed(project, text, capsys)
    name = workshop.name("signals")
    workshop.engine.build(project, "-q", "-t", name, builder=BUILDKIT)
    container = Container(workshop.engine, name, project / "secrets")
    assert container.run("fail").returncode == 7
    words = ["", "a b", "'", '"', "$HOME", "*", "--", "-x", "a\nb"]
    done = container.run(*words)
    assert done.stdout.partition("\n")[2] == "".join(f"<{word}>\n" for word in words)
    wrong = container.run(options=("-e", "DB_PASSWORD=keeper://other/field/password"))
    assert (wrong.returncode, wrong.stdout) == (1, "") and "DB_PASSWORD: ksm gives no value" in wrong.stderr
    assert _stopped(workshop.engine, container) == (9, True)


def _stopped(engine: DockerEngine, container: Container) -> tuple[int, bool]:
    """The exit code of a container that was stopped while it waited, and whether it said goodbye."""
    running = engine("run", "-d", *container.options, container.image, "wait").strip()
    try:
        end = time.monotonic() + 30
        while "<wait>" not in engine("logs", running):
            assert time.monotonic() < end, engine("logs", running)
            time.sleep(0.05)
        engine("stop", "-t", "20", running)
        [state] = json.loads(engine("inspect", running))
        return state["State"]["ExitCode"], "bye" in engine("logs", running)
    finally:
        engine("rm", "-f", running)


@pytest.fixture(scope="module")
def ksm(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    return keeper(tmp_path_factory.mktemp("ksm"))


def test_keepers_own_client(
    ksm: Keeper,
    docker: DockerEngine,
    workshop: Workshop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    """Unmodified, without a server: its configuration and the answer that it keeps for that are mounted."""
    base = workshop.name("python")
    workshop.engine("import", "-", base, data=python_root(ksm.packages))
    (tmp_path / "context").mkdir()
    (tmp_path / "vault").mkdir()
    ksm.vault(tmp_path / "vault", UID, VALUE)
    start = tmp_path / "context" / "ksm"
    start.write_text(f'#!/bin/sh\nexec {PYTHON} {PACKAGES}/bin/ksm "$@"\n')
    start.chmod(0o755)
    text = (
        f"FROM {base}\nENV PYTHONPATH={PACKAGES}\nCOPY ksm /bin/ksm\nENV DB_PASSWORD={LITERAL}\n"
        'ENTRYPOINT ["/bin/sh", "-c", "echo \\"$$ $DB_PASSWORD\\"; exit 7"]\n'
    )
    fixed(tmp_path / "context", text, capsys)
    name = workshop.name("keeper")
    workshop.engine.build(tmp_path / "context", "-q", "-t", name, builder=BUILDKIT)
    container = Container(workshop.engine, name, tmp_path / "vault")
    done = container.run(options=("-e", "KSM_CACHE_DIR=/run/secrets"))
    assert (done.returncode, done.stdout) == (7, f"1 {VALUE}\n"), done.stderr
    without = Container(workshop.engine, name, tmp_path / "context").run()
    assert without.returncode == 1 and "DB_PASSWORD: ksm gives no value" in without.stderr
    for what, value in (("literal", LITERAL), ("value", VALUE)):
        absent(name, what, value, monkeypatch, capsys)


def test_dotenvx_itself(
    docker: DockerEngine,
    workshop: Workshop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    """Unmodified: the image has the encrypted values, the container is given the key as a file."""
    folder = dotenvx(tmp_path / "npm")
    kept = VALUE.replace('"', "").replace("$", "")  # quotes and dollar signs mean something in .env
    base = workshop.name("node")
    workshop.engine("import", "-", base, data=node_root(folder.parent))
    context, secrets = tmp_path / "context", tmp_path / "secrets"
    context.mkdir()
    secrets.mkdir()
    (secrets / "dotenv_private_key").write_text(encrypted(folder, context, "DB_PASSWORD", kept))
    program_file = os.path.relpath(os.path.realpath(folder / "dotenvx"), os.path.realpath(folder.parent.parent))
    (context / "dotenvx").write_text(f'#!/bin/sh\nexec {NODE} {PACKAGES}/{program_file} "$@"\n')
    (context / "dotenvx").chmod(0o755)
    (context / "Dockerfile").write_text(
        f"FROM {base}\nCOPY dotenvx /bin/dotenvx\nWORKDIR /app\nCOPY .env ./\nENV DB_PASSWORD={LITERAL}\n"
        'ENTRYPOINT ["/bin/sh", "-c", "echo \\"$$ $DB_PASSWORD\\"; exit 7"]\n'
    )
    main(["fix", "--wrapper", "dotenvx", "--unsafe-fixes", str(context / "Dockerfile")])
    told = "".join(capsys.readouterr())
    assert LITERAL not in (context / "Dockerfile").read_text(), told
    name = workshop.name("dotenvx")
    workshop.engine.build(context, "-q", "-t", name, builder=BUILDKIT)
    done = Container(workshop.engine, name, secrets).run()
    assert (done.returncode, done.stdout) == (7, f"1 {kept}\n"), done.stderr
    without = Container(workshop.engine, name, context).run()
    assert without.returncode == 1 and kept not in without.stdout
    for what, value in (("literal", LITERAL), ("value", kept)):
        absent(name, what, value, monkeypatch, capsys)
