"""The `audit` command: finds the command's module, runs it, turns errors into exit codes. Imports no command itself."""

from __future__ import annotations

import os
import sys

from auditor import __version__
from auditor.core.errors import EXIT_CODES, AuditError, ExitCode, UsageError

TYPE_CHECKING = False  # start-up: `typing` would be a fifth of what --version costs
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

#: Name -> what it does, as `audit --help` says it. The module of the same name in this package has `run(argv) -> int`.
COMMANDS = {
    "lint": "find secrets that Dockerfiles leak into images, history and logs",
    "fix": "rewrite Dockerfiles so that these secrets stay out, and prove it",
    "scan": "find secrets in files of any kind, archives opened",
    "image": "find what a built image keeps, by layer and instruction",
    "history": "show the Dockerfile that an image tells of, with its findings",
    "wrap": "give secrets to a container of an image that is not yours to rebuild",
    "baseline": "keep a file of accepted findings, so that runs tell of new ones",
    "report": "render JSON reports again in any format, several as one",
    "context": "list what COPY . would take into an image, sensitive files marked",
    "config": "show every setting with its value, and where that came from",
    "explain": "say what a rule finds, why it matters and what to do",
    "rules": "list the rules, or check rule files of your own",
    "generate": "print shell completions, the manual page, the schema of settings",
}
_HELP_TAIL = """
audit COMMAND --help says more. audit lint without a path reads every
Dockerfile below the current directory.

exit codes:
{codes}
"""


def entry() -> NoReturn:
    """The console script."""
    import gc

    gc.set_threshold(100_000)  # start-up: collecting while modules load finds nothing and costs two milliseconds
    if os.getpid() == 1:
        _end_when_told()
    code = main(sys.argv[1:])
    gc.freeze()  # else Python would look through all that a large report has left, and give it back piece by piece
    sys.exit(code)


def _end_when_told() -> None:
    """The first process of a container gets no signal that it does not handle: `docker stop` would wait, then kill."""
    import signal  # start-up: in a container only

    def end(_number: int, _frame: object) -> NoReturn:
        # At once: threads that are searching would be waited for, and nothing is half written (files are replaced).
        os._exit(ExitCode.TERMINATED)

    signal.signal(signal.SIGTERM, end)


def main(argv: Sequence[str]) -> int:
    """Run one command line and return the exit code. Prints, never raises."""
    _open_closed()
    try:
        code = _dispatch(list(argv))
        sys.stdout.flush()
        return code
    except AuditError as error:
        _complain(f"audit: error: {_printable(str(error))}")
        return error.exit_code
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else ExitCode.USAGE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _silence_stdout()
        return ExitCode.CLEAN
    except OSError as error:
        _silence_stdout()
        _complain(f"audit: error: {error.strerror or type(error).__name__}")
        return ExitCode.INTERNAL
    except Exception as error:
        return _internal_error(error)


def _open_closed() -> None:
    """Python has no stream where the shell closed one (`>&-`): what is printed there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - lives as long as the process


def _dispatch(argv: list[str]) -> int:
    name = argv[0] if argv else "--help"
    if name in ("-h", "--help", "help"):
        print(help_text())
        return ExitCode.CLEAN if argv else ExitCode.USAGE
    if name in ("-V", "--version"):
        print(f"audit {__version__}")
        return ExitCode.CLEAN
    if name not in COMMANDS:
        raise UsageError(_unknown(name))
    _make_printable()
    from importlib import import_module  # start-up: only the chosen command is loaded

    run: Callable[[list[str]], int] = import_module(f"auditor.cli.{name}").run
    return run(argv[1:])


def help_text() -> str:
    """What `audit --help` prints."""
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name.ljust(width)}  {text}" for name, text in COMMANDS.items())
    codes = "\n".join(f"  {int(code):<3}  {meaning}" for code, meaning in EXIT_CODES.items())
    return (
        "usage: audit COMMAND [OPTIONS]\n\nFinds secrets that a container build leaks.\n\n"
        f"commands:\n{listed}\n\noptions:\n  -h, --help     show this help\n"
        f"  -V, --version  show the version\n{_HELP_TAIL.format(codes=codes)}"
    ).rstrip()


def _unknown(name: str) -> str:
    from auditor.core.config import suggestion  # start-up: on the way to an error only

    if os.path.exists(name):
        return f"{name!r} is no command; did you mean 'audit lint {name}'?"
    return f"{name!r} is no command{suggestion(name, COMMANDS)}"


def _make_printable() -> None:
    """Whatever a file contains can be printed: what the terminal's encoding lacks is written as an escape."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (lives as long as the process)
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _internal_error(error: Exception) -> int:
    from auditor.run.crash import describe, wants_traceback  # start-up: after a crash only

    if wants_traceback():
        import traceback

        traceback.print_exception(error)
    _complain(f"audit: internal error ({describe(error)}); please report it. AUDIT_TRACEBACK=1 shows more.")
    return ExitCode.INTERNAL


def _complain(line: str) -> None:
    try:
        print(line, file=sys.stderr)
    except OSError:
        return


def _printable(text: str) -> str:
    if text.isprintable() and "##" not in text:
        return text
    from auditor.report.terminal import escape, inert  # start-up: on the way to an error only

    return inert(escape(text))


def _silence_stdout() -> None:
    # The interpreter flushes once more at exit; without this it would complain about the same closed pipe.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
