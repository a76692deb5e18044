"""`audit lint`: options, configuration, run, reports."""

from __future__ import annotations

import os
import sys
import time

from auditor.cli.reporting import check_outputs, write
from auditor.core.config import Settings, resolve
from auditor.core.configfile import find, read
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.run.pipeline import exit_code, lint
from auditor.sources.files import repository_root

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

_EPILOG = """\
A directory stands for every Dockerfile in it; a file is read as a Dockerfile
whatever its name. Settings may also stand in audit.toml, .audit.toml or
[tool.audit] of pyproject.toml, and in AUDIT_* variables (AUDIT_FAIL_ON).
To accept a finding, put a comment on the line above the instruction:
  # audit: ignore[rule-id] why this is fine
"""


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and SystemExit (wrong arguments, --help)."""
    started = time.perf_counter()
    arguments = _read(argv)
    paths: list[str] = arguments.pop("paths") or ["."]
    settings = _settings(arguments, paths)
    check_outputs(settings)
    if "-" in paths and sys.stdin is None:
        raise UsageError("-: standard input is closed")
    report = lint(settings, paths)
    report.seconds = time.perf_counter() - started
    write(report, settings)
    return exit_code(report, settings)


def _read(argv: list[str]) -> dict[str, Any]:
    """The arguments by name; only those given where there are none but paths."""
    if not any(argument.startswith("-") and argument != "-" for argument in argv):
        return {"paths": argv}  # start-up: the hook passes file names alone, and argparse takes a tenth of the budget
    return vars(_parser().parse_args(argv))


def _parser() -> argparse.ArgumentParser:
    from auditor.cli.arguments import parser  # start-up: options only

    p = parser("lint", "Find secrets that Dockerfiles leak into images, history and logs.", epilog=_EPILOG)
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories, - for standard input (default: .)")
    _add_report_options(p)
    _add_rule_options(p)
    _add_input_options(p)
    return p


def _add_report_options(p: argparse.ArgumentParser) -> None:
    group = p.add_argument_group("report")
    group.add_argument(
        "--format",
        action="append",
        metavar="FORMAT[:FILE]",
        help="text (default), json, sarif, github or gnu, to FILE or standard output; repeatable",
    )
    group.add_argument("--min-severity", metavar="SEVERITY", help="least severity that is printed (medium)")
    group.add_argument("--fail-on", metavar="SEVERITY", help="least severity for exit code 1, or never (medium)")
    group.add_argument("--exit-zero", action="store_true", default=None, help="exit with 0 even if there are findings")
    group.add_argument("--color", metavar="WHEN", help="auto (default), always or never")
    group.add_argument("--show-secrets", action="store_true", default=None, help="print secrets unmasked (text, json)")
    group.add_argument("-q", "--quiet", action="store_true", default=None, help="no summary")
    group.add_argument("-v", "--verbose", action="store_true", default=None, help="whole advice, skipped files")


def _add_rule_options(p: argparse.ArgumentParser) -> None:
    group = p.add_argument_group("rules", "NAMES are rule ids, families or prefixes, separated by commas")
    group.add_argument("--select", action="append", metavar="NAMES", help="use these rules only")
    group.add_argument("--extend-select", action="append", metavar="NAMES", help="use these rules as well")
    group.add_argument("--ignore", action="append", metavar="NAMES", help="leave these rules out")
    group.add_argument(
        "--require-ignore-reason", action="store_true", default=None, help="ignore comments need a reason to count"
    )


def _add_input_options(p: argparse.ArgumentParser) -> None:
    group = p.add_argument_group("input")
    group.add_argument("--context", metavar="DIR", help="build context (default: guessed for every file)")
    group.add_argument("--no-context", action="store_true", default=None, help="read nothing but the Dockerfiles")
    group.add_argument("--target", metavar="STAGE", help="the stage that is built (default: the last)")
    group.add_argument("--exclude", action="append", metavar="GLOB", help="leave out of a search; repeatable")
    group.add_argument("--stdin-filename", metavar="NAME", help="what to call standard input (default: Dockerfile)")
    group.add_argument("--config", metavar="FILE", help="use this configuration file")
    group.add_argument("--isolated", action="store_true", help="use no configuration file")


def _settings(given: dict[str, Any], paths: Sequence[str]) -> Settings:
    config, isolated, context = given.pop("config", None), given.pop("isolated", False), given.get("context")
    if config and isolated:
        raise UsageError("--config and --isolated cannot be used together")
    if context and given.get("no_context"):
        raise UsageError("--context and --no-context cannot be used together")
    if context and not os.path.isdir(context):
        raise UsageError(f"--context: {context!r} is no directory")
    path = config or os.environ.get("AUDIT_CONFIG", "")
    if isolated:
        file = None
    elif path:
        file = read(path)
    else:
        folder = _common_folder(paths)
        file = find(folder, repository_root(folder))
    return resolve(given, os.environ, file)


def _common_folder(paths: Sequence[str]) -> str:
    """The deepest folder that holds every path; the current one for standard input."""
    absolute = [os.path.abspath(path) for path in paths if path != "-"]
    if not absolute:
        return os.getcwd()
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in absolute]
    try:
        return os.path.commonpath(folders)
    except ValueError:
        return os.getcwd()
