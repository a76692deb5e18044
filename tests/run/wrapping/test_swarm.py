"""`audit wrap --with swarm`: a script of docker commands, and what it hands to docker."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.run.wrapping.test_files import READING
from tests.run.wrapping.wrapimages import FILE_ENV, GLIBC, PATH, VALUE, file, image, system, wrapped

Capture = pytest.CaptureFixture[str]
#: Notes how it was called, and answers as docker would.
DOCKER = """\
#!/bin/sh
{ for word in "$@"; do printf '%s\\0' "$word"; done; printf '\\001\\0'; } >> "$LOG"
case "$2" in create) [ "$1" = service ] || cat >> "$LOG.in" ;; inspect) echo "db_password db_password_v1" ;; esac
"""


class Script:
    """A generated script, and a docker that notes what it is asked."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self.folder = folder
        self.log = folder / "log"
        (folder / "docker").write_text(DOCKER)
        (folder / "docker").chmod(0o755)

    def run(self, *words: str, data: bytes = b"", shell: str = "sh") -> tuple[int, list[list[str]], str]:
        """Exit code, the calls of docker, and what was said; the log starts anew."""
        self.log.unlink(missing_ok=True)
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", "LOG": str(self.log)}
        words = (*shlex.split(shell), str(self.path), *words)
        done = subprocess.run(words, input=data, capture_output=True, env=environment, timeout=60)
        said = self.log.read_text() if self.log.exists() else ""
        calls = [call.split("\0")[:-1] for call in said.split("\1\0")[:-1]]
        return done.returncode, calls, (done.stdout + done.stderr).decode()


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "image.tar"


def script(capsys: Capture, folder: Path, path: str, *options: str) -> Script:
    out = folder / "service.sh"
    ran = wrapped(capsys, path, "--with", "swarm", "--output", str(out), *options)
    assert ran.code == 0, ran.err
    return Script(out, folder)


def test_an_image_that_reads_files(at: Path, tmp_path: Path, capsys: Capture) -> None:
    path = image(at, READING, Entrypoint=["reads"], User="mysql")
    made = script(capsys, tmp_path, path, "--map", "DB_PASSWORD", "--service", "db")
    assert made.run("create", "--replicas", "2")[1] == [[
        "service", "create", "--name", "db",
        "--secret", "source=db_password_v1,target=db_password,uid=999,gid=998,mode=0400",
        "--env", "DB_PASSWORD_FILE=/run/secrets/db_password",
        "--replicas", "2", "shop/app:1",
    ]]  # fmt: skip
    assert made.run("update")[1] == [[
        "service", "update",
        "--secret-add", "source=db_password_v1,target=db_password,uid=999,gid=998,mode=0400",
        "--env-rm", "DB_PASSWORD", "--env-add", "DB_PASSWORD_FILE=/run/secrets/db_password", "db",
    ]]  # fmt: skip
    code, calls, _ = made.run("rotate", "DB_PASSWORD", "2", "--detach", data=b"new")
    assert code == 0 and [call[:2] for call in calls] == [
        ["service", "inspect"],
        ["secret", "create"],
        ["service", "update"],
    ]
    assert calls[1] == ["secret", "create", "db_password_v2", "-"]
    assert calls[2] == [
        "service", "update", "--secret-rm", "db_password_v1",
        "--secret-add", "source=db_password_v2,target=db_password,uid=999,gid=998,mode=0400", "--detach", "db",
    ]  # fmt: skip


def test_values_come_from_standard_input_as_they_are(at: Path, tmp_path: Path, capsys: Capture) -> None:
    made = script(capsys, tmp_path, image(at), "--map", "DB_PASSWORD")
    value = b"a b'\"$x\\\n\nlast"
    code, calls, said = made.run("secrets", data=value)
    assert (code, calls) == (0, [["secret", "create", "db_password_v1", "-"]])
    assert (tmp_path / "log.in").read_bytes() == value and "last" not in said


def test_a_terminal_is_asked_without_an_echo(at: Path, tmp_path: Path, capsys: Capture) -> None:
    """What is typed reaches docker's standard input, and neither the screen nor any argument."""
    if shutil.which("script") is None:
        pytest.skip("the program script, which gives a terminal, is not installed")
    made = script(capsys, tmp_path, image(at), "--map", "DB_PASSWORD", "--map", "API_TOKEN")
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(made.log)}
    words = ["script", "-qec", f"sh {made.path} secrets", "/dev/null"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None and process.stdout is not None
        said = b""
        for name, value in ((b"db_password_v1: ", b"fir st\\x\n"), (b"api_token_v1: ", b"second\n")):
            while not said.endswith(name):
                more = process.stdout.read1(1)
                assert more, said
                said += more
            process.stdin.write(value)
            process.stdin.flush()
        said += process.stdout.read()
    assert process.returncode == 0
    assert (tmp_path / "log.in").read_bytes() == b"fir st\\xsecond"
    assert b"second" not in said and "second" not in made.log.read_text()


def test_several_secrets_and_one_standard_input(at: Path, tmp_path: Path, capsys: Capture) -> None:
    made = script(capsys, tmp_path, image(at), "--map", "DB_PASSWORD", "--map", "API_TOKEN=shop.api-token")
    assert made.run("secrets", data=b"x")[:2] == (1, [])
    assert made.run("secrets", "API_TOKEN", data=b"x")[:2] == (0, [["secret", "create", "shop.api-token_v1", "-"]])
    code, calls, said = made.run("secrets", "API_TOKN", data=b"x")
    assert (code, calls) == (1, []) and "API_TOKN is no variable" in said


@pytest.mark.parametrize("config", [{"Cmd": ["a\x1b]0;b"]}, {"Healthcheck": {"Test": ["CMD", "\u202e$DB_PASSWORD"]}}])
def test_characters_that_a_script_cannot_show(config: dict[str, list[str]], at: Path, capsys: Capture) -> None:
    ran = wrapped(capsys, image(at, **config), "--with", "swarm", "--map", "DB_PASSWORD")
    assert (ran.code, ran.out) == (4, "") and ("U+001B" in ran.err or "U+202E" in ran.err)


def test_an_image_that_reads_none(at: Path, tmp_path: Path, capsys: Capture) -> None:
    """The words that docker gets are the shell's, the script and the image's own, through two levels of quotes."""
    words = ["a b", "", "$HOME", "it's", '"q"', "l1\nl2", "\\x", "#c", "{{.Node}}"]
    path = image(at, Entrypoint=["start", *words], Cmd=words, Env=[PATH, f"DB_PASSWORD={VALUE}"])
    made = script(capsys, tmp_path, path)
    [created] = made.run("create")[1]
    assert created[created.index("--entrypoint") + 1] == "/bin/sh"
    assert "--env" in created and "DB_PASSWORD=" in created
    rest = created[created.index("shop/app:1") + 1 :]
    assert rest[0] == "-c" and rest[2:] == ["sh", "start", *words, *words]
    assert "cat /run/secrets/db_password" in rest[1]
    [updated] = made.run("update")[1]
    assert shlex.split(updated[updated.index("--args") + 1]) == rest
    assert "--env-rm" not in updated and updated[updated.index("--env-add") + 1] == "DB_PASSWORD="


def test_a_health_check(at: Path, tmp_path: Path, capsys: Capture) -> None:
    path = image(at, Healthcheck={"Test": ["CMD-SHELL", "test \"$DB_PASSWORD\" = 'a b' && echo $$"]})
    made = script(capsys, tmp_path, path, "--map", "DB_PASSWORD")
    [created] = made.run("create")[1]
    check = shlex.split(created[created.index("--health-cmd") + 1])
    assert check[:2] == ["/bin/sh", "-c"] and check[3:] == [
        "sh",
        "/bin/sh",
        "-c",
        "test \"$DB_PASSWORD\" = 'a b' && echo $$",
    ]


def test_a_health_check_that_names_no_variable(at: Path, capsys: Capture) -> None:
    path = image(at, Healthcheck={"Test": ["CMD", "ping"]})
    ran = wrapped(capsys, path, "--with", "swarm", "--map", "DB_PASSWORD")
    assert "--health-cmd" not in ran.out and "the health check names none of these variables" in ran.err


def test_a_health_check_without_cat(at: Path, capsys: Capture) -> None:
    """The image reads the file itself; its health check would need a shell that does."""
    members = [one for one in READING if one[0].name != "bin/cat"]
    path = image(at, members, Entrypoint=["reads"], Healthcheck={"Test": ["CMD", "ping", "$DB_PASSWORD"]})
    ran = wrapped(capsys, path, "--with", "swarm", "--map", "DB_PASSWORD")
    assert (ran.code, ran.out) == (4, "") and "the program cat" in ran.err


def test_whose_file_it_is(at: Path, tmp_path: Path, capsys: Capture) -> None:
    members = system(GLIBC, file("usr/local/bin/drops", f'#!/bin/sh\n{FILE_ENV}file_env A\nexec gosu mysql "$@"\n'))
    made = script(capsys, tmp_path, image(at, members, Entrypoint=["drops"]), "--map", "A")
    assert "source=a_v1,target=a,uid=999,gid=998,mode=0400" in made.run("create")[1][0]
    made = script(capsys, tmp_path, image(at, User="ghost"), "--map", "A")
    assert "source=a_v1,target=a" in made.run("create")[1][0]


@pytest.mark.parametrize(
    "words", [[], ["nothing"], ["rotate"], ["rotate", "A"], ["rotate", "A", "x"], ["rotate", "B", "2"]]
)
def test_wrong_usage(words: list[str], at: Path, tmp_path: Path, capsys: Capture) -> None:
    code, calls, said = script(capsys, tmp_path, image(at), "--map", "A").run(*words)
    assert (code, calls) == (1, []) and said


@pytest.mark.parametrize("name", ["a/b", "_a", "a_", "a" * 55, "é", "a b", "-a"])
def test_names_that_swarm_refuses(name: str, at: Path, capsys: Capture) -> None:
    ran = wrapped(capsys, image(at), "--with", "swarm", "--map", f"A={name}")
    assert (ran.code, ran.out) == (2, "") and "--map A: no name for a secret" in ran.err


def test_long_names_are_cut(at: Path, capsys: Capture) -> None:
    ran = wrapped(capsys, image(at), "--with", "swarm", "--map", "A" * 90, "--map", "A" * 91, "--format", "json")
    names = [one["secret"] for one in ran.report["variables"]]
    assert len(set(names)) == 2 and all(len(name) <= 58 for name in names)


def test_two_variables_for_one_secret(at: Path, capsys: Capture) -> None:
    assert wrapped(capsys, image(at), "--with", "swarm", "--map", "A=x", "--map", "B=x").code == 2


SHELLS = [shell for shell in ("dash", "bash --posix", "busybox sh") if shutil.which(shell.split()[0])]


@pytest.mark.parametrize("shell", SHELLS)
def test_shells(shell: str, at: Path, tmp_path: Path, capsys: Capture) -> None:
    path = image(at, Entrypoint=["start", "it's"], Env=[PATH, f"DB_PASSWORD={VALUE}"])
    made = script(capsys, tmp_path, path, "--map", "OTHER")
    assert subprocess.run([*shlex.split(shell), "-n", str(made.path)], capture_output=True).returncode == 0
    assert made.run("create", shell=shell)[0] == 0
    assert made.run("rotate", "DB_PASSWORD", "3", data=b"x", shell=shell)[0] == 0


def test_shellcheck(at: Path, tmp_path: Path, capsys: Capture) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    odd = 'it\'s $HOME `x` "q" \\'
    for number, options in enumerate((("--map", "A"), ("--map", "A", "--map", "B"))):
        for user in ("mysql", "ghost"):
            path = image(at, Entrypoint=["start", odd], Healthcheck={"Test": ["CMD-SHELL", "x $A"]}, User=user)
            made = script(capsys, tmp_path, path, *options)
            done = subprocess.run(["shellcheck", "-s", "sh", str(made.path)], capture_output=True, text=True)
            assert done.returncode == 0, (number, done.stdout)


def test_report(at: Path, capsys: Capture, root: Path) -> None:
    import jsonschema

    ran = wrapped(capsys, image(at), "--with", "swarm", "--map", "A", "--format", "json")
    jsonschema.validate(ran.report, json.loads((root / "docs/schemas/wrap-1.schema.json").read_text()))
    assert ran.report["generated"]["kind"] == "script" and ran.report["form"] == "shim"
