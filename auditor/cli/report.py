"""`audit report`: renders JSON reports again, in any format, several as one."""

from __future__ import annotations

import sys

from auditor import __version__
from auditor.cli.arguments import parser
from auditor.cli.options import add_report_options
from auditor.cli.reporting import check_outputs, meta_of, say, silenced, write_all
from auditor.cli.settings import settings_of
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from auditor.core.finding import Target

_EPILOG = """\
Reads what audit lint, audit image and audit scan write with --format json; of
several files the findings of one target with one id are one. Run it where those
were run, so that paths lead to the same files. Source lines are not in a JSON
report, nor are values of secrets, so the text has no excerpts. Exit codes are
those of the commands: 3 also where a report cannot be read.
"""
_STDIN = "-"
_IMAGES = ("image", "cache")
_SCANNED = ("file", "files")


def run(argv: list[str]) -> int:
    """Run the command and return the exit code.

    Raises UsageError and SystemExit (wrong arguments, --help); RecordError for a report that cannot be read.
    """
    arguments = vars(build_parser().parse_args(argv))
    files: list[str] = arguments.pop("files")
    settings = settings_of(arguments, [])
    check_outputs(settings)
    _check(files)
    from auditor.report.recorded.merging import merged  # start-up: --help and wrong arguments need no reader
    from auditor.report.recorded.reading import read
    from auditor.report.terminal import escape, inert
    from auditor.run.result import exit_code

    whole = merged([read(_content(file), file) for file in files], __version__)
    command = _command(whole.report.targets)
    meta = meta_of(settings, command)._replace(
        version=whole.version, rules_digest=whole.rules_digest, titles=whole.titles, command=command or "report"
    )
    write_all(whole.report, settings, meta)
    if whole.skipped:
        say(inert(f"note: newer than this version of audit, and left out: {escape(', '.join(whole.skipped))}\n"))
    if not settings.quiet:
        say(silenced(whole.report, settings, command))
    return exit_code(whole.report, settings)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser("report", "Render JSON reports again in any format, several of them as one.", epilog=_EPILOG)
    p.add_argument("files", nargs="+", metavar="FILE.json", help="JSON reports, - for standard input")
    add_report_options(p)
    group = p.add_argument_group("input")
    group.add_argument("--config", metavar="FILE", help="use this configuration file")
    group.add_argument("--isolated", action="store_true", help="use no configuration file")
    return p


def _check(files: list[str]) -> None:
    if files.count(_STDIN) > 1:
        raise UsageError("-: standard input can be read once only")
    if _STDIN in files and (sys.stdin is None or sys.stdin.closed):
        raise UsageError("-: standard input is closed")


def _content(file: str) -> bytes:
    from auditor.core.smallfile import content_of
    from auditor.report.recorded.fields import RecordError
    from auditor.report.recorded.reading import MOST_BYTES

    if file != _STDIN:
        return content_of(file, MOST_BYTES, RecordError)
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise RecordError(f"-: larger than {MOST_BYTES} bytes")
    return content


def _command(targets: Iterable[Target]) -> str:
    """The command that reads such targets; "" for those of several commands."""
    kinds = {"image" if t.kind in _IMAGES else "scan" if t.kind in _SCANNED else "lint" for t in targets}
    return kinds.pop() if len(kinds) == 1 else ""
