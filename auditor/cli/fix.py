"""`audit fix`: options, the run, files written, reports."""

from __future__ import annotations

import os
import sys
import time

from auditor.cli.fixoptions import arguments_of, take_options
from auditor.cli.fixoptions import build_parser as build_parser
from auditor.cli.fixoutput import outputs_of, write_reports
from auditor.cli.reporting import check_outputs, say
from auditor.cli.settings import common_folder, settings_of
from auditor.cli.standardinput import kept
from auditor.core.errors import ExitCode
from auditor.core.finding import number_findings
from auditor.core.record import TYPE_CHECKING
from auditor.report.fix_shapes import (
    DOCKERFILE,
    FIXED,
    PLANNED,
    REFUSED,
    UNCHANGED,
    Fixed,
    FixReport,
    is_main,
    is_refused,
)
from auditor.sources.files import repository_root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.config import Settings
    from auditor.core.finding import Finding
    from auditor.run.rewrite.options import FixOptions
    from auditor.run.rewrite.outcome import FixRun, Rewrite

STDIN = "-"
_NOT_PROVEN = "--prove does not apply to {} files: it compares images, and those stay as they are."


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and SystemExit (wrong arguments, --help)."""
    started = time.perf_counter()
    given = arguments_of(argv)
    paths: list[str] = given.pop("paths") or ["."]
    options = take_options(given, paths)
    settings = settings_of(given, paths)
    check_outputs(settings)
    stdin = STDIN in paths
    outputs = outputs_of(settings, options, stdin=stdin)
    original = kept() if stdin else b""
    done = _engine(settings, paths, options)
    if stdin:
        files = [_for_stdout(rewrite, options) for rewrite in done.rewrites]
        if options.writes:
            _print_text(files, original)
    else:
        files = _carried_out(done.rewrites, paths, settings, options)
    for number, fixed in enumerate(files):
        _settle(done.rewrites[number], files[:number], is_written=fixed.state == FIXED)
    report = FixReport(files, _more_errors(done), time.perf_counter() - started, from_stdin=stdin)
    write_reports(report, settings, options, outputs)
    if options.wrapping is not None and not settings.quiet:
        from auditor.cli.fixwrapper import unknown_names  # start-up: only with --wrapper

        for name in unknown_names(options.wrapping, [rewrite.target.text for rewrite in done.rewrites]):
            say(f"note: --map {name}: no file here has a variable of that name\n")
    return exit_code(report, settings, options)


def exit_code(report: FixReport, settings: Settings, options: FixOptions) -> ExitCode:
    """What the process returns. A fix that was refused outweighs a file that was not read whole, that one findings."""
    left = [left for fixed in report.files for left in fixed.left]
    states = {fixed.state for fixed in report.files}
    if REFUSED in states or any(map(is_refused, left)):
        return ExitCode.INTERNAL
    errors = [error for fixed in report.files for error in fixed.rewrite.target.errors]
    if report.errors or any(not error.internal for error in errors):
        return ExitCode.INCOMPLETE
    if errors:
        return ExitCode.INTERNAL
    if (options.check and PLANNED in states) or (options.exit_non_zero_on_fix and FIXED in states):
        return ExitCode.FINDINGS
    limit = settings.fail_on
    if limit is None or settings.exit_zero or all(one.finding.severity < limit for one in left):
        return ExitCode.CLEAN
    return ExitCode.FINDINGS


def _engine(settings: Settings, paths: Sequence[str], options: FixOptions) -> FixRun:
    from auditor.run.rewrite.engine import fix  # start-up: --help and wrong arguments need no detector

    return fix(settings, paths, options)


def _more_errors(done: FixRun) -> list[str]:
    """The errors of the run that are not those of one of its files."""
    told = {f"{error.path}: {error.message}" for rewrite in done.rewrites for error in rewrite.target.errors}
    return [error for error in done.errors if error not in told]


def _carried_out(
    rewrites: Sequence[Rewrite], paths: Sequence[str], settings: Settings, options: FixOptions
) -> list[Fixed]:
    """Every rewrite with what became of it, written if it is to be."""
    roots = [repository_root(common_folder(paths)), *([settings.context] if settings.context else [])]
    done: list[Fixed] = []
    for rewrite in rewrites:
        done.append(_carry_out(rewrite, roots, settings, options, done))
    return done


def _carry_out(
    rewrite: Rewrite, roots: Sequence[str], settings: Settings, options: FixOptions, earlier: Sequence[Fixed]
) -> Fixed:
    rewrite.changes = [change._replace(path=_shown(change.path, rewrite.path)) for change in rewrite.changes]
    if all(change.before == change.after for change in rewrite.changes):
        return Fixed(rewrite, UNCHANGED)
    if reason := _shares_a_refusal(rewrite, earlier):
        return Fixed(rewrite, REFUSED, reason)
    proof, doubt = None, ""
    if options.prove is not None and rewrite.target.kind != DOCKERFILE:
        rewrite.notes.append(_NOT_PROVEN.format(rewrite.target.kind))
    elif options.prove is not None:
        from auditor.cli.fixproof import proven  # start-up: only with --prove

        proof, doubt = proven(rewrite, settings, options.prove)
    if doubt:
        return Fixed(rewrite, REFUSED, doubt, proof)
    if not options.writes:
        return Fixed(rewrite, PLANNED, proof=proof)
    from auditor.run.rewrite.writing import WriteError, write  # start-up: only where something changes

    try:
        write(rewrite.changes, roots)
    except WriteError as error:
        return Fixed(rewrite, REFUSED, str(error), proof)
    return Fixed(rewrite, FIXED, proof=proof)


def _settle(rewrite: Rewrite, earlier: Sequence[Fixed], *, is_written: bool) -> None:
    """Give findings their ids, and those that stay the places that they have in the file as it is now."""
    findings = [left.finding for left in rewrite.left]
    if not is_written and rewrite.changes and rewrite.origin is not None:
        for finding in findings:
            rewrite.origin.move(finding)
    findings += [finding for applied in rewrite.applied for finding in applied.findings]
    if rewrite.earlier and not is_written:
        _take_back(rewrite, findings, earlier)
    if findings:
        number_findings(sorted(findings, key=lambda finding: finding.sort_key))


def _take_back(rewrite: Rewrite, findings: Sequence[Finding], earlier: Sequence[Fixed]) -> None:
    """Let a rewrite tell of the file on disk, where what an earlier one would have changed in it was not written."""
    from auditor.run.rewrite.origin import Origin  # start-up: only where a file changes twice

    there = {
        (os.path.abspath(change.path), change.after)
        for fixed in earlier
        if fixed.state == FIXED
        for change in fixed.rewrite.changes
    }
    lacking = [change for change in rewrite.earlier if (os.path.abspath(change.path), change.after) not in there]
    if not lacking:
        return
    origin = Origin.behind(lacking)
    for finding in findings:
        origin.move(finding)
    rewrite.burnt = [burnt._replace(span=origin.span(burnt.span)) for burnt in rewrite.burnt]
    rewrite.disk = lacking[0].before


def _shares_a_refusal(rewrite: Rewrite, earlier: Sequence[Fixed]) -> str:
    """Why a rewrite cannot be carried out any more: a file of it builds on a change that was refused."""
    for fixed in earlier:
        if fixed.state == REFUSED:
            shared = {change.path for change in fixed.rewrite.changes} & {change.path for change in rewrite.changes}
            if shared:
                return f"{min(shared)} changes with {fixed.rewrite.path} first, whose fix was refused"
    return ""


def _shown(path: str, beside: str) -> str:
    """A path as the user calls the Dockerfile that it changes with: relative to the current folder, or absolute."""
    if os.path.isabs(beside):
        return os.path.abspath(path)
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return path


def _for_stdout(rewrite: Rewrite, options: FixOptions) -> Fixed:
    """A Dockerfile of standard input: what changes other files as well cannot be carried out."""
    changes = [change for change in rewrite.changes if change.before != change.after]
    rewrite.changes = [c._replace(path=rewrite.path) if is_main(c, rewrite) else c for c in changes]
    if not changes:
        return Fixed(rewrite, UNCHANGED)
    others = [change.path for change in changes if not is_main(change, rewrite)]
    if others:
        return Fixed(rewrite, REFUSED, f"{', '.join(others)} must change along, which needs files instead of -")
    return Fixed(rewrite, FIXED if options.writes else PLANNED)


def _print_text(files: Sequence[Fixed], original: bytes) -> None:
    """The fixed text to standard output; the original one where it stays."""
    texts = [
        change.after
        for fixed in files
        if fixed.state == FIXED
        for change in fixed.rewrite.changes
        if is_main(change, fixed.rewrite)
    ]
    sys.stdout.flush()
    sys.stdout.buffer.write(texts[0].encode("utf-8", "surrogateescape") if texts else original)
    sys.stdout.buffer.flush()
