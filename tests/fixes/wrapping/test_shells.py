"""The shim as real shells run it, as a plain process: who it becomes, what that is given, what signals and codes do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.core.wrappers import Wrapping, wrapper_named
from auditor.fixes.wrapping.scripts import shim_of

SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}
VALUE = "p$w'\"` \\n*\n two  blanks"
REFERENCE = "keeper://AAAA/field/password"
#: A wrapper that knows one reference, tells whether it has its credential, and may take its time.
WRAPPER = f"""#!/bin/sh
[ "$KSM_CONFIG" = credential ] || {{ echo "no credential" >&2; exit 7; }}
[ -z "$SLOW" ] || {{ echo asked; exec sleep 30; }}
case "$1 $2 $3" in
  "secret notation {REFERENCE}") printf %s "$RIGHT";;
  "secret notation keeper://BACK"*) printf %s "$3";;
  "secret notation keeper://NONE"*) ;;
  *) echo "not found" >&2; exit 1;;
esac
"""
TELL = "import json, os, sys; print(json.dumps([os.getpid(), sys.argv[1:], dict(os.environ)]))"
#: What shells set for themselves.
OWN = {"PWD", "OLDPWD", "SHLVL", "_"}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    """The words of a shell; skips where it is not installed."""
    words = SHELLS[str(request.param)]
    return words if shutil.which(words[0]) else pytest.skip(f"{words[0]} is not installed")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """One with the wrapper in the search path, its credential, and a value that it knows."""
    (tmp_path / "ksm").write_text(WRAPPER)
    (tmp_path / "ksm").chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    return {"PATH": path, "KSM_CONFIG": "credential", "KSM_TOKEN": "once", "RIGHT": VALUE, "OTHER": "a b"}


def words(shell: list[str], *names: str) -> list[str]:
    """The start of a program behind the shim."""
    wrapper = wrapper_named("ksm")
    assert wrapper is not None
    argv = shim_of(Wrapping(wrapper, {}), list(names)).argv
    assert argv[:2] == ("/bin/sh", "-c")
    return [*shell, *argv[1:]]


def told(argv: list[str], environment: dict[str, str]) -> tuple[bool, list[str], dict[str, str]]:
    """Whether the process became the program, its arguments and its environment."""
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        number, given, found = json.loads(process.stdout.read())
    assert process.returncode == 0
    return number == process.pid, given, {name: value for name, value in found.items() if name not in OWN}


def test_the_program_gets_the_value_and_nothing_of_the_wrapper(shell: list[str], environment: dict[str, str]) -> None:
    given = {**environment, "A": REFERENCE, "B": "plain", "C": REFERENCE}
    program = [sys.executable, "-c", TELL]
    became, arguments, found = told([*words(shell, "A", "B", "C", "ABSENT"), *program], given)
    _became, _arguments, expected = told(program, given)
    assert became and arguments == []
    del expected["KSM_CONFIG"], expected["KSM_TOKEN"]
    assert found == {**expected, "A": VALUE, "B": "plain", "C": VALUE}


def test_arguments_pass_unchanged(shell: list[str], environment: dict[str, str]) -> None:
    arguments = ["", "a b", "'", '"', "$HOME", "$(id)", "`id`", "*", "-x", "--", "a\nb", "\\", "é", "  ", "\t"]
    program = [sys.executable, "-c", TELL]
    assert told([*words(shell, "A"), *program, *arguments], {**environment, "A": REFERENCE})[1] == arguments


@pytest.mark.parametrize("reference", ["keeper://WRONG/x", "keeper://NONE/x", "keeper://BACK/x"])
def test_a_reference_without_a_value_ends_the_start(
    reference: str, shell: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    made = tmp_path / "started"
    done = subprocess.run(
        [*words(shell, "A"), "touch", str(made)], env={**environment, "A": reference}, capture_output=True, text=True
    )
    assert done.returncode == 1 and not made.exists()
    assert done.stderr.endswith("A: ksm gives no value\n")


def test_every_exit_code_is_kept(shell: list[str], environment: dict[str, str]) -> None:
    argv = words(shell, "A")
    codes = [
        subprocess.run([*argv, "/bin/sh", "-c", f"exit {code}"], env={**environment, "A": "x"}).returncode
        for code in range(256)
    ]
    assert codes == list(range(256))


@pytest.mark.parametrize("name", ["no-such-program", "/no/such/program"])
def test_a_program_that_is_not_there(name: str, shell: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run([*words(shell, "A"), name], env={**environment, "A": "x"}, capture_output=True)
    assert done.returncode == 127


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_reach_the_program(number: signal.Signals, shell: list[str], environment: dict[str, str]) -> None:
    """With a trap of its own, and with none: what the shim does on a signal ends with the shim."""
    trapping = f"trap 'echo got; exit 9' {number.name.removeprefix('SIG')}; echo ready; while :; do sleep 0.01; done"
    assert _signalled([*words(shell, "A"), "/bin/sh", "-c", trapping], environment, number) == (9, "got\n")
    waiting = [
        sys.executable,
        "-c",
        "import signal; signal.signal(2, signal.SIG_DFL); print('ready', flush=True); signal.pause()",
    ]
    assert _signalled([*words(shell, "A"), *waiting], environment, number) == (-number, "")


def test_a_signal_while_the_wrapper_is_asked(shell: list[str], environment: dict[str, str]) -> None:
    """As a container's first process a shell without a trap would not hear it."""
    given = {**environment, "A": REFERENCE, "SLOW": "1"}
    argv = [*words(shell, "A"), "/bin/sh", "-c", "echo started"]
    with subprocess.Popen(
        argv, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as done:
        _wait_for_child(done.pid)
        os.killpg(done.pid, signal.SIGTERM)
        out, _err = done.communicate(timeout=20)
    assert done.returncode == 143 and out == b""


def _signalled(argv: list[str], environment: dict[str, str], number: signal.Signals) -> tuple[int, str]:
    """The exit code of a program, and what it said, after a signal that it gets once it says that it is ready."""
    with subprocess.Popen(argv, env={**environment, "A": REFERENCE}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, _err = process.communicate(timeout=20)
    return process.returncode, out


def _wait_for_child(pid: int) -> None:
    """Until the wrapper sleeps."""
    while True:
        found = subprocess.run(["ps", "-e", "-o", "pgid=,args="], capture_output=True, text=True).stdout
        if any(line.split()[0] == str(pid) and "sleep 30" in line for line in found.splitlines() if line.split()):
            return
