"""The entry point: help, commands, exit codes of errors, what a start imports."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from auditor import __version__
from auditor.cli import main as cli
from auditor.cli.main import COMMANDS, main
from auditor.core.errors import UsageError


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = main(argv)
    captured = capsys.readouterr()
    return int(code), captured.out, captured.err


@pytest.mark.parametrize("argv", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_is_readable_at_80_columns(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, err) == (0, "")
    assert out.startswith("usage: audit")
    assert [line for line in out.splitlines() if len(line) > 80] == []


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"audit {__version__}\n", "")


def test_every_command_listed_can_be_run() -> None:
    for name in COMMANDS:
        assert callable(import_module(f"auditor.cli.{name}").run)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["lnt"], "audit: error: 'lnt' is no command; did you mean 'lint'?\n"),
        (["xyzzy"], "audit: error: 'xyzzy' is no command\n"),
        (["."], "audit: error: '.' is no command; did you mean 'audit lint .'?\n"),
        (["l\x1b[1mint"], "audit: error: 'l\\x1b[1mint' is no command; did you mean 'lint'?\n"),
    ],
)
def test_unknown_commands(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, *argv) == (2, "", message)


def test_no_command_shows_help_and_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys)
    assert code == 2
    assert out.startswith("usage: audit")


def test_wrong_arguments_exit_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "lint", "--no-such-option")
    assert (code, out) == (2, "")
    assert "--no-such-option" in err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UsageError("this \x1b[1m is wrong"), 2, "audit: error: this \\x1b[1m is wrong\n"),
        (KeyboardInterrupt(), 130, ""),
        (ValueError("hunter22"), 4, "audit: internal error (ValueError at cli/main.py:"),
        (RecursionError("hunter22"), 4, "audit: internal error (RecursionError at cli/main.py:"),
        (SystemExit("text"), 2, ""),
    ],
)
def test_errors_become_exit_codes(
    error: BaseException, code: int, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: list[str]) -> int:
        raise error

    monkeypatch.setattr(cli, "_dispatch", fail)
    got, out, err = run(capsys, "lint")
    assert (got, out) == (code, "")
    assert err.startswith(message)
    assert "hunter22" not in err and len(err.splitlines()) <= 1


def test_a_traceback_on_request(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: list[str]) -> int:
        raise ValueError("details")

    monkeypatch.setattr(cli, "_dispatch", fail)
    monkeypatch.setenv("AUDIT_TRACEBACK", "1")
    code, _, err = run(capsys, "lint")
    assert code == 4
    assert "Traceback" in err and "details" in err


def test_a_closed_pipe_is_quiet() -> None:
    script = (
        "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1)\n"
        "from auditor.cli.main import main; sys.exit(main(['rules']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_more(option: str) -> None:
    script = f"import sys; from auditor.cli.main import main; main([{option!r}]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stderr.split())
    assert {name for name in loaded if name.startswith("auditor")} == {
        "auditor", "auditor.cli", "auditor.cli.main", "auditor.core", "auditor.core.errors"
    }  # fmt: skip
    assert loaded.isdisjoint({"argparse", "json", "subprocess", "tomllib"})


def test_the_module_runs_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "auditor", "--version"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"audit {__version__}\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize(("first", "code"), [("os.getpid = lambda: 1", 143), ("", -15)], ids=["first", "other"])
def test_the_first_process_of_a_container_ends_when_it_is_told(first: str, code: int) -> None:
    """The kernel keeps signals from it that it does not handle; any other process ends by the signal as usual."""
    program = "main.main = lambda argv: os.kill(process, signal.SIGTERM); main.entry()"
    start = f"import os, signal; process = os.getpid(); {first}\nfrom auditor.cli import main; {program}"
    assert subprocess.run([sys.executable, "-c", start], check=False).returncode == code
