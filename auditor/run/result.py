"""What a finished run means for the process: its exit code."""

from __future__ import annotations

from auditor.core.errors import ExitCode
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.core.config import Settings
    from auditor.core.finding import Report


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
