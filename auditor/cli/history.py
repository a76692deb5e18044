"""`audit history TARGET`: the Dockerfile that an image tells of, with layer sizes and findings beside each line."""

from __future__ import annotations

import sys
import time

from auditor.cli.arguments import parser
from auditor.cli.image import Shown, check_targets
from auditor.cli.options import add_setting
from auditor.cli.reporting import silenced, wants_color
from auditor.cli.settings import settings_of
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_EPILOG = """\
What a builder does not record is not made up: the name of the base image, flags
of COPY and ADD, and the files of a build context are not in an image.
Targets are those of audit image.
"""


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and SystemExit (wrong arguments, --help)."""
    started = time.perf_counter()
    arguments = vars(build_parser().parse_args(argv))
    targets: list[str] = arguments.pop("targets")
    only_text: bool = arguments.pop("plain")
    settings = settings_of(arguments, [])
    check_targets(targets)
    from auditor.report.image_history import plain, render  # start-up: --help and wrong arguments need none of these
    from auditor.report.meta import Meta
    from auditor.report.text import problems
    from auditor.run.images.outline import outlines
    from auditor.run.result import exit_code
    from auditor.run.selection import IMAGE, all_rules

    stdin = sys.stdin.buffer if "-" in targets and sys.stdin is not None else None
    listener = Shown(quiet=settings.quiet)
    found, report, key = outlines(settings, targets, stdin=stdin, listener=listener)
    listener.close()
    report.seconds = time.perf_counter() - started
    meta = Meta("", all_rules(IMAGE), min_severity=settings.min_severity, key=key, command=IMAGE)
    shown = meta._replace(color=wants_color(settings.color, sys.stdout))
    sys.stdout.write(plain(found) if only_text else render(found, shown))
    sys.stdout.flush()
    sys.stderr.write(silenced(report, settings, IMAGE))
    sys.stderr.write(problems(report, meta._replace(color=wants_color(settings.color, sys.stderr))))
    return exit_code(report, settings)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser("history", "Show the Dockerfile that an image tells of, with its findings.", epilog=_EPILOG)
    p.add_argument("targets", nargs="+", metavar="TARGET", help="images, archives, layouts")
    p.add_argument("--plain", action="store_true", help="print the Dockerfile only, for other programs")
    add_setting(p, "platform")
    add_setting(p, "base", "the base image, whose lines are marked")
    add_setting(p, "no-cache")
    add_setting(p, "min-severity", "least severity that is shown (medium)")
    for key in ("fail-on", "exit-zero"):
        add_setting(p, key)
    add_setting(p, "baseline", "findings to accept, which are not shown")
    add_setting(p, "color")
    p.add_argument("--config", metavar="FILE", help="use this configuration file")
    p.add_argument("--isolated", action="store_true", help="use no configuration file")
    return p
