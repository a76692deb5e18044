"""One run of `audit lint`: collect, analyse every file by itself, silence, select, sort, number."""

from __future__ import annotations

from auditor.core.errors import ExitCode
from auditor.core.finding import Report, Skipped, Target, TargetError, number_findings
from auditor.core.record import TYPE_CHECKING
from auditor.run.analysis import Analysis, analyse
from auditor.run.selection import all_rules, chosen, rule_ids
from auditor.sources.files import collect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.core.config import Settings
    from auditor.core.finding import Finding
    from auditor.run.analysis import Contexts
    from auditor.sources.files import Skipped as SkippedFile

_CONTEXT_FAMILY = "context"
_KEY_FRAME = "-----BEGIN"
#: Reasons for leaving something out that are the user's own choice; any other one makes the run incomplete.
_BY_CHOICE = (
    "directory of dependencies or tool data",
    "excluded",
    "link out of the searched directory",
    "link to a directory",
    "link to a file that is read by its own name",
)


def lint(settings: Settings, paths: Sequence[str]) -> Report:
    """Audit the Dockerfiles among and below these paths ("-" is the standard input).

    Raises UsageError for names of rules that do not exist; never for what a file contains.
    """
    wanted, rules = chosen(settings), rule_ids()
    report = Report([], [])
    skipped: list[SkippedFile] = []
    stdin_filename = settings.stdin_filename or "Dockerfile"
    contexts: Contexts = {}
    for source in collect(paths, exclude=settings.exclude, stdin_filename=stdin_filename, skipped=skipped):
        target = Target(source.display, "dockerfile", size=len(source.data or b""))
        report.targets.append(target)
        analysis = analyse(source, target, settings, rules, contexts)
        _remember_secrets(target, analysis.findings)
        findings = _silenced(analysis, target, settings)
        report.findings += [finding for finding in findings if finding.rule in wanted]
    if skipped:
        report.targets.append(_search_target(paths, skipped))
    for finding in report.findings:
        finding.severity = settings.severities.get(finding.rule, finding.severity)
    report.findings.sort(key=lambda finding: finding.sort_key)
    if report.findings:
        number_findings(report.findings)
    return report


def exit_code(report: Report, settings: Settings) -> ExitCode:
    """What the process returns. An incomplete run is told apart from findings, so that CI can see it."""
    errors = [error for target in report.targets for error in target.errors]
    if any(not error.internal for error in errors):
        return ExitCode.INCOMPLETE
    if errors:
        return ExitCode.INTERNAL
    limit = settings.fail_on
    if limit is None or settings.exit_zero or all(finding.severity < limit for finding in report.active):
        return ExitCode.CLEAN
    return ExitCode.FINDINGS


def _remember_secrets(target: Target, findings: Iterable[Finding]) -> None:
    """Note everything that must be masked in quotes from this file, whether or not its rule was chosen."""
    known = set(target.secrets)
    text = target.text
    for finding in findings:
        secret = finding.secret
        if secret is None:
            continue
        if secret not in known:
            known.add(secret)
            target.secrets.append(secret)
        span = finding.secret_span or finding.location.span
        written = text[span.start : span.end]
        # A value that stands nowhere as it is (escaped, encoded, on two lines) is hidden where its finding points.
        if secret.reveal() not in written and secret.reveal() not in text and not _is_public(written, finding):
            target.secret_spans.append((span, secret.redacted))


def _is_public(written: str, finding: Finding) -> bool:
    return written == finding.subject or written.startswith(_KEY_FRAME)


def _silenced(analysis: Analysis, target: Target, settings: Settings) -> list[Finding]:
    """The findings with those marked that a comment silences, and findings about comments that silence nothing."""
    findings, document = analysis.findings, analysis.document
    if document is None or not (findings or "audit:" in document.text):
        return findings
    from auditor.run.suppress import Silencer  # start-up: only files with findings or with comments for us

    rules = rule_ids()
    idle: frozenset[str] = rules if not target.complete else frozenset()
    if not analysis.had_context and not idle and "audit:" in document.text:
        idle = frozenset(rule.id for rule in all_rules().values() if rule.family == _CONTEXT_FAMILY)
    silencer = Silencer(document, rules, idle, require_reason=settings.require_ignore_reason)
    silencer.apply(findings)
    return [*findings, *silencer.unused(target.name)]


def _search_target(paths: Sequence[str], skipped: Sequence[SkippedFile]) -> Target:
    """What a search through directories left out; a part that could not be searched makes the run incomplete."""
    target = Target(" ".join(paths), "directory", files=0)
    target.skipped = [Skipped(item.path, item.reason) for item in skipped]
    target.errors = [
        TargetError(f"not searched: {item.reason}", item.path) for item in skipped if item.reason not in _BY_CHOICE
    ]
    return target
