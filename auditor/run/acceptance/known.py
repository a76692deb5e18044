"""The baseline of a run, ours or that of detect-secrets: silences the findings that it accepts."""

from __future__ import annotations

import os

from auditor.core import acceptance, secretsbaseline
from auditor.core.errors import UsageError
from auditor.core.finding import Step, Suppression
from auditor.core.places import near
from auditor.core.record import TYPE_CHECKING
from auditor.core.smallfile import content_of
from auditor.detect.detection import SECOND_OPINION
from auditor.run.acceptance.marks import Marker, masker_of
from auditor.run.acceptance.matching import is_among, is_gone, matches_of
from auditor.run.selection import rule_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.core.acceptance import Acceptances, Entry, Mark
    from auditor.core.config import Settings
    from auditor.core.finding import Finding, Report, Target
    from auditor.run.selection import Named

_MOST_NAMED = 3


def known_of(settings: Settings) -> OwnBaseline | DetectSecretsBaseline | None:
    """The baseline that the settings name. Raises UsageError where it cannot be read."""
    path = settings.baseline
    if not path:
        return None
    if not os.path.lexists(path):
        raise UsageError(f"{near(path)}: no such file; audit baseline create makes one")
    content = content_of(path, max(acceptance.MAX_BYTES, secretsbaseline.MAX_BYTES))
    if acceptance.is_ours(path, content):
        return OwnBaseline(acceptance.parse(path, content))
    return DetectSecretsBaseline(path)


def today() -> str:
    """The day, UTC, as YYYY-MM-DD."""
    from datetime import UTC, datetime

    return datetime.now(UTC).date().isoformat()


class DetectSecretsBaseline:
    """A `.secrets.baseline`: accepts values in files, unless a person has confirmed there that one is a secret.

    `key`: any fingerprints will do.
    """

    def __init__(self, path: str) -> None:
        self.key = b""
        self._baseline = secretsbaseline.read(path)

    def accept(self, report: Report, read: Iterable[str] = (), more: Sequence[Named] = ()) -> None:
        """Silence the findings that the baseline lists."""
        for finding in report.findings:
            if finding.image is None and finding.secret is not None and finding.suppressed is None:
                place = finding.location
                entry = self._baseline.holds(place.path, place.start_line, finding.secret.reveal())
                if entry is not None and entry.suppresses:
                    finding.suppressed = Suppression("baseline", entry.reason)


class OwnBaseline:
    """A baseline of our own; `key` is its salt, and `day` the day (YYYY-MM-DD) by which entries expire, today if ""."""

    def __init__(self, acceptances: Acceptances, day: str = "") -> None:
        self.key = acceptances.salt
        self.marker = Marker(acceptances.path, acceptances.salt)
        self._path = near(acceptances.path)
        self._today = day or today()
        self._read = acceptances.entries
        self._placed: tuple[Entry, ...] | None = None

    def accept(self, report: Report, read: Iterable[str] = (), more: Sequence[Named] = ()) -> None:
        """Silence what is accepted, say of what has expired that it has, and give the report the key and notes.

        `read`: the files that were read whole, with every rule that found something; `more`: rules beside ours.
        """
        report.key = self.key
        vacated = Vacated(self.marker, read)
        marked = self.marker.all(report)
        if self._placed is None and marked:
            self._placed = placed(self._read, self.marker)
        matches = matches_of(self._placed or (), marked, vacated.holds)
        entries = {**matches.committed, **matches.by_mark}
        masker = masker_of([report])
        reasons = {entry.reason: masker.mask(entry.reason) for entry in entries.values()}
        expired = 0
        for one in marked:
            entry = entries.get(one.mark)
            if entry is not None and one.finding.suppressed is None:
                expired += self._judge(one.finding, entry._replace(reason=reasons[entry.reason]))
        report.notes += self._notes(expired, {rule.id for rule in more})

    def _judge(self, finding: Finding, entry: Entry) -> bool:
        """Silence a finding unless its entry says otherwise; whether the acceptance has expired."""
        if entry.secret:
            said = ("a review has confirmed it as a secret", None)
        elif entry.is_expired(self._today):
            said = (f"it was accepted until {entry.expires}", None)
        else:
            finding.suppressed = Suppression("baseline", entry.reason)
            return False
        finding.flow = (*finding.flow, Step(*said))
        return not entry.secret

    def _notes(self, expired: int, more: set[str]) -> list[str]:
        notes = []
        if expired:
            what = "1 finding" if expired == 1 else f"{expired:,} findings"
            notes.append(f"{self._path}: the acceptance of {what} has expired")
        known = rule_ids() | more | {SECOND_OPINION}
        unknown = sorted({entry.mark.rule for entry in self._read} - known)
        if unknown:
            rest = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
            named = ", ".join(rule[:60] for rule in unknown[:_MOST_NAMED])
            notes.append(f"{self._path}: has entries of rules that are not known here: {named}{rest}")
        return notes


def placed(entries: Iterable[Entry], marker: Marker) -> tuple[Entry, ...]:
    """The entries with every path as the runs call it: two spellings of one are one place."""
    return acceptance.unified(
        one if one.mark.image else one._replace(mark=one.mark._replace(path=marker.entry(one.mark.path)))
        for one in entries
    )


class Vacated:
    """Tells which files do not hold any more what a baseline says of them: gone, or read whole without it."""

    def __init__(self, marker: Marker, read: Iterable[str]) -> None:
        self._folder = marker.folder
        self.read = {marker.key(path) for path in read}

    def holds(self, entry: Entry) -> bool:
        """Whether that is so for the file of this entry, of which the run has no finding."""
        path = entry.mark.path
        return is_among(path, self.read) or is_gone(os.path.join(self._folder, path))


class Accepted:
    """What a finished run has accepted, for those who look at the files once more (`audit fix`)."""

    def __init__(self, marker: Marker, marks: dict[Mark, str]) -> None:
        self._marker = marker
        self._marks = marks

    def silence(self, findings: list[Finding], target: Target) -> None:
        """Silence what was accepted."""
        for one in self._marker.of(findings, {target.name: target}):
            if one.finding.suppressed is None and one.mark in self._marks:
                one.finding.suppressed = Suppression("baseline", self._marks[one.mark])
