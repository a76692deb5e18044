"""One run of `audit lint`: collect, audit every file by itself, sort, number."""

from __future__ import annotations

from itertools import islice

from auditor.core.finding import Report, Skipped, Target, TargetError, number_findings
from auditor.core.record import TYPE_CHECKING
from auditor.run.inputs import InputAuditor, is_script, is_wanted
from auditor.run.result import exit_code as exit_code
from auditor.run.selection import chosen
from auditor.sources.files import collect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.core.config import Settings
    from auditor.run.inputs import Outcome
    from auditor.sources.files import Input
    from auditor.sources.files import Skipped as SkippedFile

#: Inputs from which on starting processes pays, and how many are held in memory at once.
_MANY = 128
_BATCH = 2_048
#: Reasons for leaving something out that are the user's own choice; any other one makes the run incomplete.
_BY_CHOICE = (
    "directory of dependencies or tool data",
    "excluded",
    "link to a directory",
    "link to a file that is read by its own name",
)


def lint(settings: Settings, paths: Sequence[str]) -> Report:
    """Audit the Dockerfiles, compose files, scripts and CI files among and below these paths ("-": standard input).

    Raises UsageError for names of rules that do not exist; never for what a file contains.
    """
    auditing = InputAuditor(settings, chosen(settings))
    known = None
    if settings.baseline:
        from auditor.run.acceptance.known import known_of  # start-up: only with a baseline

        known = known_of(settings)
    report = Report([], [])
    skipped: list[SkippedFile] = []
    stdin_filename = settings.stdin_filename or "Dockerfile"
    inputs = collect(
        paths,
        exclude=settings.exclude,
        is_wanted=is_wanted,
        stdin_filename=stdin_filename,
        skipped=skipped,
        is_program=is_script,
    )
    for target, findings in _outcomes(auditing, inputs):
        report.targets.append(target)
        report.findings += findings
    if skipped:
        report.targets.append(_search_target(paths, skipped))
    for finding in report.findings:
        finding.severity = settings.severities.get(finding.rule, finding.severity)
    report.findings.sort(key=lambda finding: finding.sort_key)
    if report.findings:
        number_findings(report.findings)
    if known is not None:
        from auditor.run.selection import more_rules  # start-up: as above

        known.accept(report, read_whole(report, settings), more_rules(settings))
    return report


def read_whole(report: Report, settings: Settings) -> list[str]:
    """The files of which this run tells all that its rules find."""
    if settings.target:
        return []
    return [target.name for target in report.targets if target.complete and target.files]


def _outcomes(auditing: InputAuditor, inputs: Iterator[Input]) -> Iterator[Outcome]:
    while batch := list(islice(inputs, _BATCH)):
        if len(batch) < _MANY:
            yield from map(auditing.audit, batch)
        else:
            from auditor.run.parallel import outcomes  # start-up: large runs only

            yield from outcomes(auditing, batch)


def _search_target(paths: Sequence[str], skipped: Sequence[SkippedFile]) -> Target:
    """What a search through directories left out; a part that could not be searched makes the run incomplete."""
    target = Target(" ".join(paths), "directory", files=0)
    target.skipped = [Skipped(item.path, item.reason) for item in skipped]
    target.errors = [
        TargetError(f"not searched: {item.reason}", item.path) for item in skipped if item.reason not in _BY_CHOICE
    ]
    return target
