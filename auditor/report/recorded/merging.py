"""Several recorded reports as one: what two runs say of one place is said once."""

from __future__ import annotations

import hashlib

from auditor.core.errors import UsageError
from auditor.core.finding import Finding, Location, Report, Target
from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.report.recorded.reading import Recorded

if TYPE_CHECKING:
    from collections.abc import Sequence


def merged(runs: Sequence[Recorded], own_version: str) -> Recorded:
    """One report of all runs, of which there is at least one; a single one stays as it is.

    Targets of one name and kind are one, unless they are images of different digests: these are called `NAME@DIGEST`.
    Of findings with one target and id the strongest stays; it is suppressed only where every run suppressed it.
    `own_version` stands for versions that differ. Raises UsageError for proofs of absence: what one run proves of one
    image says nothing of another.
    """
    if len(runs) == 1:
        return runs[0]
    if any(run.report.sought for run in runs):
        raise UsageError("reports of audit image --assert-absent stand for themselves: render each alone")
    digests: dict[str, set[str]] = {}
    for run in runs:
        for target in run.report.targets:
            digests.setdefault(target.name, set()).update({target.digest} - {""})
    ambiguous = {name for name, found in digests.items() if len(found) > 1}
    targets: dict[tuple[str, str], Target] = {}
    findings: dict[tuple[str, str], Finding] = {}
    for run in runs:
        names = _names(run.report, ambiguous)
        for target in run.report.targets:
            _add_target(targets, target, names.get(target.name, target.name))
        for finding in run.report.findings:
            _add_finding(findings, finding, names)
    listed = sorted(findings.values(), key=lambda finding: finding.sort_key)
    report = Report(list(targets.values()), listed, sum(run.report.seconds for run in runs))
    versions = {run.version for run in runs}
    titles = {rule: title for run in reversed(runs) for rule, title in run.titles.items()}
    return Recorded(
        report,
        versions.pop() if len(versions) == 1 else own_version,
        _digest(sorted({run.rules_digest for run in runs})),
        titles,
        tuple(sorted({field for run in runs for field in run.skipped})),
    )


def _names(report: Report, ambiguous: set[str]) -> dict[str, str]:
    """What targets of a run are called where their own names mean several images."""
    return {t.name: f"{t.name}@{t.digest}" for t in report.targets if t.name in ambiguous and t.digest}


def _add_target(targets: dict[tuple[str, str], Target], target: Target, name: str) -> None:
    known = targets.get((target.kind, name))
    if known is None:
        target.name = name
        targets[target.kind, name] = target
        return
    known.errors += [error for error in target.errors if error not in known.errors]
    known.skipped += [item for item in target.skipped if item not in known.skipped]
    known.secrets += target.secrets
    known.size, known.files = max(known.size, target.size), max(known.files, target.files)
    known.digest, known.platform = known.digest or target.digest, known.platform or target.platform
    known.layers = known.layers or target.layers


def _add_finding(findings: dict[tuple[str, str], Finding], finding: Finding, names: dict[str, str]) -> None:
    name = finding.location.path
    if finding.image is not None and name in names:
        finding.location = Location.target(names[name])
    key = (finding.location.path, finding.id)
    known = findings.get(key)
    if known is None:
        findings[key] = finding
        return
    kept, other = (finding, known) if _strength(finding) > _strength(known) else (known, finding)
    kept.fixes = kept.fixes or other.fixes
    findings[key] = kept


def _strength(finding: Finding) -> tuple[bool, int, int]:
    return (finding.suppressed is None, finding.severity, finding.confidence)


def _digest(digests: list[str]) -> str:
    """The digest of the rules; of different ones the digest of their digests."""
    if len(digests) == 1:
        return digests[0]
    return f"sha256:{hashlib.sha256(encoded(' '.join(digests))).hexdigest()}"
