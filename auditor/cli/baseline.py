"""`audit baseline`: scan, and write what was found into a baseline that later scans accept."""

from __future__ import annotations

import os
import sys

from auditor.cli.arguments import parser
from auditor.cli.options import add_rule_options, add_search_options
from auditor.cli.scan import add_detection_options, check_files
from auditor.cli.settings import settings_of
from auditor.core.baseline import NAME, read
from auditor.core.errors import ExitCode, UsageError
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_EPILOG = """\
The file is one of detect-secrets, whose commands (audit, scan --baseline) work
on it, too. It keeps the SHA-1 of every value, so whoever reads it can test
guesses. Entries that a person has labelled stay; what is gone from the files
is taken out. Accept it in scans with --baseline or in audit.toml:
  baseline = ".secrets.baseline"
"""


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and SystemExit (wrong arguments, --help)."""
    arguments = vars(_parser().parse_args(argv))
    paths: list[str] = arguments.pop("paths") or ["."]
    target = arguments.pop("baseline", None)
    if "-" in paths:
        raise UsageError("-: a baseline lists files, not standard input")
    settings = settings_of(arguments, paths)
    target = target or settings.baseline or NAME
    settings.baseline = ""
    check_files(settings)
    from auditor.run.baseline import write  # start-up: --help and wrong arguments need no detector
    from auditor.run.result import exit_code
    from auditor.run.scan import scan

    settings.exclude = (*settings.exclude, os.path.basename(target))
    report = scan(settings, paths)
    written = write(target, report.findings, _scanned(target, paths))
    print(f"{target}: {written.added} added, {written.kept} kept, {written.removed} removed", file=sys.stderr)
    for error in (error for one in report.targets for error in one.errors):
        print(f"{error.path}: {error.message}", file=sys.stderr)
    return exit_code(report, settings) if not report.complete else ExitCode.CLEAN


def _parser() -> argparse.ArgumentParser:
    p = parser("baseline", "Scan, and write what was found into a baseline.", epilog=_EPILOG)
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories (default: .)")
    add_rule_options(p)
    add_detection_options(p.add_argument_group("detection"))
    add_search_options(p.add_argument_group("input"), stdin_filename="-")
    return p


def _scanned(target: str, paths: Sequence[str]) -> list[str]:
    """The files of the old baseline that this run has read: those below one of the paths."""
    if not os.path.lexists(target):
        return []
    folder = os.path.dirname(os.path.abspath(target))
    roots = [os.path.realpath(path) for path in paths]
    listed = {os.path.realpath(os.path.join(folder, entry.path)) for entry in read(target).entries}
    return [path for path in listed if any(path == root or path.startswith(root + os.sep) for root in roots)]
