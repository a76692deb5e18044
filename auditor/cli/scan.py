"""`audit scan`: options, configuration, run, reports."""

from __future__ import annotations

import os
import sys
import time

from auditor.cli.arguments import parser
from auditor.cli.options import (
    add_baseline_option,
    add_report_options,
    add_rule_options,
    add_search_options,
    add_setting,
)
from auditor.cli.reporting import check_outputs, write
from auditor.cli.settings import settings_of
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from auditor.core.config import Settings

_EPILOG = """\
A directory stands for every file below it, hidden ones and .git included; links
are not followed. What is packed in a file (zip, tar, gzip, SQLite, ...) is
searched as well. Settings may also stand in audit.toml, .audit.toml or
[tool.audit] of pyproject.toml, and in AUDIT_* variables (AUDIT_FAIL_ON).
To accept a finding, put a comment on its line or on the line above:
  # audit: ignore[rule-id] why this is fine
"""


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and SystemExit (wrong arguments, --help)."""
    started = time.perf_counter()
    arguments = vars(build_parser().parse_args(argv))
    paths: list[str] = arguments.pop("paths") or ["."]
    settings = settings_of(arguments, paths)
    check_outputs(settings)
    check_files(settings)
    if "-" in paths and sys.stdin is None:
        raise UsageError("-: standard input is closed")
    from auditor.run.result import exit_code  # start-up: --help and wrong arguments need no detector
    from auditor.run.scan import scan
    from auditor.run.selection import SCAN

    report = scan(settings, paths)
    report.seconds = time.perf_counter() - started
    write(report, settings, SCAN)
    return exit_code(report, settings)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser("scan", "Find secrets in files of any kind, archives opened.", epilog=_EPILOG)
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories, - for standard input (default: .)")
    add_report_options(p)
    rules = add_rule_options(p)
    add_detection_options(p.add_argument_group("detection"))
    add_baseline_option(rules)
    add_search_options(p.add_argument_group("input"), stdin_filename="-")
    return p


def add_detection_options(group: argparse._ArgumentGroup) -> None:
    """How secrets are looked for."""
    for key in ("engine", "plugins", "rules", "max-depth"):
        add_setting(group, key)


def check_files(settings: Settings) -> None:
    """Raise UsageError for a file that is named and missing, and for plugins that nobody would run."""
    named = [(key, path) for key in ("rules", "plugins") for path in getattr(settings, key)]
    for key, path in [*named, ("baseline", settings.baseline)]:
        if path and not os.path.isfile(path):
            raise UsageError(f"{settings.origins.get(key, key)}: {path}: no such file")
    if settings.plugins and settings.engine != "detect-secrets":
        raise UsageError("--plugin: needs --engine detect-secrets")
