"""Generated starts as real processes, by every shell that is here: one process, its arguments, signals, exit code."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from tests.run.wrapping.wrapimages import PATH, image, system, wrapped

Capture = pytest.CaptureFixture[str]
SHELLS = [shell for shell in ("dash", "bash --posix", "busybox sh") if shutil.which(shell.split()[0])]
#: Tells its process number, arguments and environment, and ends with the code it is told, or by what a signal says.
PROGRAM = """\
import json, os, signal, sys, time
def end(number, frame):
    os.write(1, f"got {signal.Signals(number).name}\\n".encode())
    os._exit(40 + number)
for name in ("TERM", "INT", "HUP", "USR1"):
    signal.signal(getattr(signal, "SIG" + name), end)
names = "DB_PASSWORD OP_SERVICE_ACCOUNT_TOKEN DB_HOST".split()
print(json.dumps([os.getpid(), sys.argv[1:], {name: os.environ.get(name) for name in names}]), flush=True)
if os.environ.get("CODE"):
    sys.exit(int(os.environ["CODE"]))
time.sleep(60)
"""
WORDS = ["", "a b", "$HOME", "${X}", "`id`", "it's", '"q"', "l1\nl2\n", "*", "\\", "-x", "--", "é", "\t"]
VALUE = "s3cr %s'\"$x\\ \n y"


class Started:
    """The program that a generated entrypoint starts."""

    def __init__(self, process: subprocess.Popen[bytes], said: list[object]) -> None:
        self.process = process
        self.number, self.words, self.environment = said


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """What is /run/secrets in a container."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "db_password").write_text(VALUE + "\n")
    return folder


def words_of(capsys: Capture, tmp_path: Path, secrets: Path, *options: str, health: bool = False) -> list[str]:
    """What a container is started (or checked) with: every word as compose makes it of the override."""
    start = [sys.executable, "-c", PROGRAM]
    check = {"Test": ["CMD", *start, "$DB_PASSWORD", *WORDS]}
    path = image(
        tmp_path / "image.tar",
        system(),
        Entrypoint=[*start, *WORDS],
        Cmd=["last one", ""],
        Env=[PATH],
        Healthcheck=check,
    )
    ran = wrapped(capsys, path, *options)
    assert ran.code == 0, ran.err
    app = yaml.safe_load(ran.out)["services"]["app"]
    words = app["healthcheck"]["test"][1:] if health else [*app["entrypoint"], *app["command"]]
    assert not any("$" in word.replace("$$", "") for word in words)
    return [word.replace("$$", "$").replace("/run/secrets", str(secrets)) for word in words]


def started(words: Sequence[str], shell: str, **environment: str) -> subprocess.Popen[bytes]:
    """A process with the shell in place of the image's."""
    assert words[0] == "/bin/sh"
    argv = [*shlex.split(shell), *words[1:]]
    given = {"PATH": os.environ["PATH"], **environment}
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=given)


def told(process: subprocess.Popen[bytes]) -> list[object]:
    assert process.stdout is not None
    said: list[object] = json.loads(process.stdout.readline())
    return said


FILE = ("--with", "file", "--map", "DB_PASSWORD")


@pytest.mark.parametrize("shell", SHELLS)
def test_one_process_with_its_arguments(shell: str, secrets: Path, tmp_path: Path, capsys: Capture) -> None:
    with started(words_of(capsys, tmp_path, secrets, *FILE), shell, CODE="0") as process:
        number, words, environment = told(process)
    assert number == process.pid
    assert words == [*WORDS, "last one", ""]
    assert isinstance(environment, dict) and environment["DB_PASSWORD"] == VALUE


@pytest.mark.parametrize("shell", SHELLS)
def test_exit_codes(shell: str, secrets: Path, tmp_path: Path, capsys: Capture) -> None:
    words = words_of(capsys, tmp_path, secrets, *FILE)
    for code in (0, 1, 2, 7, 126, 127, 128, 143, 255):
        with started(words, shell, CODE=str(code)) as process:
            process.communicate()
        assert process.returncode == code


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "USR1"])
@pytest.mark.parametrize("shell", SHELLS)
def test_signals(shell: str, name: str, secrets: Path, tmp_path: Path, capsys: Capture) -> None:
    """Sent to the process that was started, as an engine sends them to process 1."""
    number = getattr(signal, f"SIG{name}")
    with started(words_of(capsys, tmp_path, secrets, *FILE), shell) as process:
        told(process)
        process.send_signal(number)
        out, err = process.communicate()
        assert (out, err) == (f"got SIG{name}\n".encode(), b"")
    assert process.returncode == 40 + number


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("content", [None, b"", b"\n"], ids=["missing", "empty", "a line break"])
def test_without_a_value_nothing_starts(
    content: bytes | None, shell: str, secrets: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = words_of(capsys, tmp_path, secrets, *FILE)
    (secrets / "db_password").unlink()
    if content is not None:
        (secrets / "db_password").write_bytes(content)
    with started(words, shell) as process:
        out, err = process.communicate()
    assert (process.returncode, out) == (1, b"") and b"DB_PASSWORD" in err


@pytest.mark.parametrize("shell", SHELLS)
def test_a_health_check_gets_the_value(shell: str, secrets: Path, tmp_path: Path, capsys: Capture) -> None:
    with started(words_of(capsys, tmp_path, secrets, *FILE, health=True), shell, CODE="3") as process:
        _number, words, environment = told(process)
    assert words == ["$DB_PASSWORD", *WORDS] and process.returncode == 3
    assert isinstance(environment, dict) and environment["DB_PASSWORD"] == VALUE


#: Answers as the wrappers' own commands do: it knows one reference, and wants the credential.
WRAPPER = """\
#!/bin/sh
for last in "$@"; do :; done
case "$TOKEN" in good) ;; *) echo "no credential" >&2; exit 1 ;; esac
case "$last" in
  */password) printf 'value of %s\\n' "$last" ;;
  */echo) printf '%s' "$last" ;;
  */empty) ;;
  *) echo "not found" >&2; exit 3 ;;
esac
"""
OP = ("--with", "op", "--map", "DB_HOST=op://shop/a b/echo it's $HOME/password")


def by_wrapper(capsys: Capture, tmp_path: Path, secrets: Path, *options: str) -> list[str]:
    """The words of a start through a wrapper of ours that stands for the real one."""
    program = tmp_path / "cli"
    program.write_text(WRAPPER.replace("$TOKEN", "$OP_SERVICE_ACCOUNT_TOKEN"))
    program.chmod(0o755)
    words = words_of(capsys, tmp_path, secrets, *options)
    return [word.replace("/cli/op", str(program)) for word in words]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_wrapper_resolves_references(shell: str, secrets: Path, tmp_path: Path, capsys: Capture) -> None:
    """The program gets the value, and neither the token nor the name of its file."""
    (secrets / "op_service_account_token").write_text("good\n")
    words = by_wrapper(capsys, tmp_path, secrets, *OP)
    reference = OP[-1].partition("=")[2]
    with started(words, shell, CODE="5", DB_HOST=reference) as process:
        number, given, environment = told(process)
    assert (number, process.returncode) == (process.pid, 5)
    assert given == [*WORDS, "last one", ""]
    assert isinstance(environment, dict)
    assert environment["DB_HOST"] == f"value of {reference}"
    assert environment["OP_SERVICE_ACCOUNT_TOKEN"] is None


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("token", "reference"),
    [("bad", "op://a/b/password"), ("good", "op://a/b/none"), ("good", "op://a/b/echo"), ("good", "op://a/b/empty")],
)
def test_an_unresolved_reference_stops_the_start(
    token: str, reference: str, shell: str, secrets: Path, tmp_path: Path, capsys: Capture
) -> None:
    (secrets / "op_service_account_token").write_text(token)
    words = by_wrapper(capsys, tmp_path, secrets, "--with", "op", "--map", f"DB_HOST={reference}")
    with started(words, shell, DB_HOST=reference) as process:
        out, err = process.communicate()
    assert (process.returncode, out) == (1, b"") and b"DB_HOST: its reference" in err


@pytest.mark.parametrize("shell", SHELLS)
def test_values_by_name(shell: str, secrets: Path, tmp_path: Path, capsys: Capture) -> None:
    """The script itself says which value is asked for, whatever characters are in its name."""
    (secrets / "akeyless_access_key").write_text("good")
    name = 'it\'s "$HOME" `id` \\ */password'
    words = words_of(capsys, tmp_path, secrets, "--with", "akeyless", "--map", f"DB_PASSWORD={name}")
    program = tmp_path / "cli"
    program.write_text(WRAPPER.replace("$TOKEN", "$AKEYLESS_ACCESS_KEY"))
    program.chmod(0o755)
    words = [word.replace("/cli/akeyless", str(program)) for word in words]
    with started(words, shell, CODE="0") as process:
        _number, _words, environment = told(process)
    assert isinstance(environment, dict) and environment["DB_PASSWORD"] == f"value of {name}"
