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
is taken out, unless the run left out rules or could not read a file whole.
Accept it in scans with --baseline or in audit.toml:
  baseline = ".secrets.baseline"
"""


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and SystemExit (wrong arguments, --help)."""
    arguments = vars(build_parser().parse_args(argv))
    paths: list[str] = arguments.pop("paths") or ["."]
    target = arguments.pop("baseline", None)
    if "-" in paths:
        raise UsageError("-: a baseline lists files, not standard input")
    settings = settings_of(arguments, paths)
    target = target or settings.baseline or NAME
    settings.baseline = ""
    check_files(settings)
    from auditor.report.terminal import (
        escape,
        escape_path,
        inert,
    )  # start-up: --help and wrong arguments need no detector
    from auditor.run.baseline import write
    from auditor.run.result import exit_code
    from auditor.run.scan import scan
    from auditor.run.selection import SCAN, chosen, more_rules, rule_ids

    whole: list[str] = []
    report = scan(settings, paths, leave_out=target, whole=whole)
    more = more_rules(settings)
    names = [rule.id for rule in more]
    everything = chosen(settings, SCAN, more) >= rule_ids(SCAN).union(names)
    judged = [*whole, *_gone(target, paths)] if everything else []
    written = write(target, report.findings, judged, names)
    kept = f"{written.kept} kept"
    if written.unjudged:
        kept += f" ({written.unjudged} of them not looked for in this run)"
    print(f"{escape_path(target)}: {written.added} added, {kept}, {written.removed} removed", file=sys.stderr)
    for error in (error for one in report.targets for error in one.errors):
        print(inert(f"{escape_path(error.path)}: {escape(error.message)}"), file=sys.stderr)
    return exit_code(report, settings) if not report.complete else ExitCode.CLEAN


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser("baseline", f"Scan, and write what was found into {NAME} or --baseline FILE.", epilog=_EPILOG)
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories (default: .)")
    add_rule_options(p)
    add_detection_options(p.add_argument_group("detection"), baseline=f"the file to write (default: {NAME})")
    add_search_options(p.add_argument_group("input"), stdin_filename="-")
    return p


def _gone(target: str, paths: Sequence[str]) -> list[str]:
    """The files of the old baseline below one of the paths that are not there any more."""
    if not os.path.lexists(target):
        return []
    folder = os.path.dirname(os.path.realpath(target))
    roots = [os.path.realpath(path) for path in paths]
    entries = [entry.path for entry in read(target).entries if _is_path(entry.path)]
    listed = {os.path.realpath(os.path.join(folder, path)) for path in entries}
    below = (
        path for path in listed if any(path == root or path.startswith(root.rstrip(os.sep) + os.sep) for root in roots)
    )
    return [path for path in below if _is_gone(path)]


def _is_path(text: str) -> bool:
    """Whether the system takes a text for a path: no null character, and nothing that has no bytes."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _is_gone(path: str) -> bool:
    """Whether nothing is there; a folder that may not be entered hides what it holds."""
    at = path.find("!")
    while at > 0:
        if os.path.lexists(path[:at]):
            return False
        at = path.find("!", at + 1)
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False
