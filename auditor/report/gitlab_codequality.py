"""GitLab's Code Quality report, a subset of the Code Climate format (GitLab: "Code Quality report format")."""

from __future__ import annotations

import hashlib
import json

from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.report.anchors import anchor, sentence
from auditor.report.masking import FileMasker, maskers
from auditor.report.plain import clean
from auditor.report.terminal import inert_json

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Report
    from auditor.report.meta import Meta

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def render(report: Report, meta: Meta) -> str:
    """The findings that are shown, in the order of the files. What could not be read has no place in this format."""
    masks = maskers(report)
    issues = [_issue(finding, masks, meta) for finding in meta.shown(report)]
    return inert_json(json.dumps(issues, indent=1)) + "\n"


def _issue(finding: Finding, masks: dict[str, FileMasker], meta: Meta) -> dict[str, object]:
    place = anchor(finding, meta)
    # GitLab shows one of those with equal fingerprints: an id is unique within its target only.
    print_ = hashlib.sha256(encoded(f"{finding.location.path}\0{finding.id}")).hexdigest()
    return {
        "description": clean(f"{meta.title(finding.rule)}: {sentence(finding, masks)}"),
        "check_name": finding.rule,
        "fingerprint": print_,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": clean(place.path), "lines": {"begin": place.line, "end": place.end_line}},
    }
