"""What `audit fix` leaves alone because the baseline accepts it: what `audit lint` says of the same files."""

from __future__ import annotations

from auditor.core.finding import Report
from auditor.core.record import TYPE_CHECKING
from auditor.run.acceptance.known import Accepted, DetectSecretsBaseline, OwnBaseline, known_of
from auditor.run.acceptance.marks import Marker
from auditor.run.pipeline import lint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.config import Settings
    from auditor.core.finding import Finding, Target

_STDIN = "-"


def accepted_in(settings: Settings, paths: Sequence[str]) -> Accepted | OneByOne | None:
    """What is accepted in these files; None without a baseline. Raises UsageError where that cannot be read.

    The files are looked at as a whole, since a finding that has moved from one to another is accepted in one place.
    """
    known = known_of(settings)
    if known is None:
        return None
    if isinstance(known, DetectSecretsBaseline) or _STDIN in paths:
        return OneByOne(known)
    report = lint(settings, paths)
    marker = Marker(settings.baseline, known.key)
    accepted = {
        one.mark: one.finding.suppressed.reason
        for one in marker.all(report)
        if one.finding.suppressed is not None and one.finding.suppressed.by == "baseline"
    }
    return Accepted(marker, accepted)


class OneByOne:
    """Asks a baseline about the findings of one target at a time."""

    def __init__(self, known: DetectSecretsBaseline | OwnBaseline) -> None:
        self._known = known

    def silence(self, findings: list[Finding], target: Target) -> None:
        """Silence what is accepted."""
        self._known.accept(Report([target], findings))
