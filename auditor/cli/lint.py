"""`audit lint`: options, configuration, run, reports."""

from __future__ import annotations

import os
import sys
import time

from auditor.cli.reporting import RENDERERS, check_outputs, write
from auditor.cli.settings import settings_of
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.run.pipeline import exit_code, lint

if TYPE_CHECKING:
    import argparse
    from typing import Any

_EPILOG = """\
A directory stands for every Dockerfile, compose file, script (*.sh, *.bash),
Makefile, CI file (of GitHub, GitLab, Jenkins, ...) and bake file in it. A file
that is named is read as what its name or its first line (#!/bin/sh) says, and
as a Dockerfile if they say nothing. Settings may also stand in audit.toml,
.audit.toml or [tool.audit] of pyproject.toml, and in AUDIT_* variables
(AUDIT_FAIL_ON).
To accept a finding, put a comment on the line above it:
  # audit: ignore[rule-id] why this is fine
"""


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and SystemExit (wrong arguments, --help)."""
    started = time.perf_counter()
    arguments = _read(argv)
    paths: list[str] = arguments.pop("paths") or ["."]
    _check_context(arguments)
    settings = settings_of(arguments, paths)
    check_outputs(settings)
    if "-" in paths and sys.stdin is None:
        raise UsageError("-: standard input is closed")
    shows_fixes = any(RENDERERS[output.format].shows_fixes for output in settings.format)
    stdin = _kept() if shows_fixes and "-" in paths else b""
    report = lint(settings, paths)
    if shows_fixes and report.active:
        from auditor.cli.proposing import propose  # start-up: only where there is something to fix

        propose(report, settings, paths, stdin)
    report.seconds = time.perf_counter() - started
    write(report, settings)
    return exit_code(report, settings)


def _kept() -> bytes:
    from auditor.cli.standardinput import kept  # start-up: only where it is read twice

    return kept()


def _read(argv: list[str]) -> dict[str, Any]:
    """The arguments by name; only those given where there are none but paths."""
    if not any(argument.startswith("-") and argument != "-" for argument in argv):
        return {"paths": argv}  # start-up: the hook passes file names alone, and argparse takes a tenth of the budget
    return vars(build_parser().parse_args(argv))


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    from auditor.cli.arguments import parser  # start-up: options only
    from auditor.cli.options import add_baseline_option, add_report_options, add_rule_options

    p = parser(
        "lint",
        "Find secrets in Dockerfiles, compose files, scripts and CI files.",
        epilog=_EPILOG,
    )
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories, - for standard input (default: .)")
    add_report_options(p)
    add_baseline_option(add_rule_options(p))
    _add_input_options(p)
    return p


def _add_input_options(p: argparse.ArgumentParser) -> None:
    from auditor.cli.options import add_search_options, add_setting  # start-up: options only

    group = p.add_argument_group("input")
    for key in ("context", "no-context", "target"):
        add_setting(group, key)
    add_search_options(group, stdin_filename="Dockerfile")


def _check_context(given: dict[str, Any]) -> None:
    context = given.get("context")
    if context and given.get("no_context"):
        raise UsageError("--context and --no-context cannot be used together")
    if context and not os.path.isdir(context):
        raise UsageError(f"--context: {context!r} is no directory")
