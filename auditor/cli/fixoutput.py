"""What `audit fix` prints: reports and diff to standard output, messages to standard error."""

from __future__ import annotations

import os
import stat
import sys

from auditor.cli.reporting import meta_of, say, silenced, terminal_width, wants_color, write_file
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.report.fix_shapes import UNCHANGED, FixReport, nothing_to_fix

if TYPE_CHECKING:
    from auditor.core.config import Output, Settings
    from auditor.report.meta import Meta
    from auditor.run.rewrite.options import FixOptions

FORMATS = ("text", "json", "runbook")
_WIDTH = 80


def outputs_of(settings: Settings, options: FixOptions, *, stdin: bool) -> list[Output]:
    """The reports that are wanted. Raises UsageError for formats that there are not, and where two outputs would mix.

    Formats that a configuration names are meant for `audit lint`, too: those that there are not here do not count.
    """
    chosen = [output for output in settings.format if output.format in FORMATS]
    if settings.origins.get("format", "") == "--format":
        for output in settings.format:
            if output.format not in FORMATS:
                raise UsageError(f"--format: audit fix writes {', '.join(FORMATS)}, not {output.format}")
    if not chosen:
        chosen = [settings.format[0]._replace(format="text", file="")]
    taken = "--diff" if options.diff else "-" if stdin and not options.check else ""
    for output in chosen:
        if taken and output.format != "text" and not output.file:
            raise UsageError(f"--format: {taken} takes the standard output; name a file: {output.format}:FILE")
    return chosen


def write_reports(report: FixReport, settings: Settings, options: FixOptions, outputs: list[Output]) -> None:
    """Print and write everything but the text that came from standard input. Raises UsageError (file of a report)."""
    if _has_nothing_to_show(report, outputs):
        say("" if settings.quiet else f"{nothing_to_fix(report)}\n")
        return
    from auditor.report import fix_text  # start-up: only where there is something to say

    meta = meta_of(settings, "lint")._replace(width=terminal_width())
    on_stderr = meta._replace(color=wants_color(settings.color, sys.stderr))
    if options.diff:
        _write_diff(report, settings)
    for output in outputs:
        _write_one(output, report, meta, settings, aside=options.diff or _is_stdin(report, options))
    sys.stdout.flush()
    say(fix_text.problems(report, on_stderr))
    if not settings.quiet:
        why = "" if options.writes else f"nothing was written ({'--diff' if options.diff else '--check'})"
        say(fix_text.summary(report, on_stderr, why_nothing_written=why) + _silenced(report, settings))


def _is_stdin(report: FixReport, options: FixOptions) -> bool:
    return report.from_stdin and not options.check


def _has_nothing_to_show(report: FixReport, outputs: list[Output]) -> bool:
    plain = all(output.format == "text" and not output.file for output in outputs)
    told = [fixed.left or fixed.rewrite.target.errors or fixed.rewrite.notes for fixed in report.files]
    quiet = not any(told) and all(fixed.state == UNCHANGED for fixed in report.files)
    return plain and quiet and not report.errors


def _silenced(report: FixReport, settings: Settings) -> str:
    from auditor.core.finding import Report

    targets = [fixed.rewrite.target for fixed in report.files]
    return silenced(Report(targets, [left.finding for fixed in report.files for left in fixed.left]), settings, "lint")


def _write_one(output: Output, report: FixReport, meta: Meta, settings: Settings, *, aside: bool) -> None:
    """One report; the text goes to the standard error where something else has the standard output."""
    if output.format == "json":
        from auditor.report import fix_json  # start-up: as asked for

        shown = fix_json.render(report, meta)
    elif output.format == "runbook":
        from auditor.report.runbook import fixed  # start-up: as asked for

        shown = fixed.render(report, meta)
    else:
        from auditor.report import fix_text  # start-up: only where there is something to say

        stream = sys.stderr if aside else sys.stdout
        color = settings.color == "always" if output.file else wants_color(settings.color, stream)
        shown = fix_text.render(report, meta._replace(color=color, width=_WIDTH if output.file else meta.width))
    if output.file:
        write_file(output.file, shown)
    elif not aside:
        sys.stdout.write(shown)
    elif not settings.quiet:
        say(shown)


def _write_diff(report: FixReport, settings: Settings) -> None:
    from auditor.report import fix_diff  # start-up: only where something changes
    from auditor.report.diff import for_terminal
    from auditor.report.terminal import Painter

    diffed = fix_diff.render(report, show_secrets=settings.show_secrets, name=_relative)
    color = wants_color(settings.color, sys.stdout)
    if not color and _is_taken_as_it_is():
        sys.stdout.flush()
        sys.stdout.buffer.write(diffed.text.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(for_terminal(diffed.text, Painter(color)))
        sys.stdout.flush()
    if diffed.masked:
        say("note: secrets are masked, so that this diff cannot be applied; --show-secrets prints them\n")


def _is_taken_as_it_is() -> bool:
    """Whether the diff goes into a file or another program, not to a terminal or the log of a build service."""
    if sys.stdout.isatty():
        return False
    if not (os.environ.get("GITHUB_ACTIONS") or os.environ.get("TF_BUILD")):
        return True
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _relative(path: str) -> str:
    """As seen from the current folder, with "/"."""
    try:
        return os.path.relpath(path).replace(os.sep, "/")
    except ValueError:  # another drive
        return path.replace(os.sep, "/")
