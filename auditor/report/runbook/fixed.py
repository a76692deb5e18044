"""The runbook of `audit fix`: what was taken out of files has leaked as much as what stays in them."""

from __future__ import annotations

from auditor.core.finding import Report
from auditor.core.record import TYPE_CHECKING
from auditor.report.fix_shapes import FIXED, PLANNED
from auditor.report.masking import masker
from auditor.report.rotation import rotations
from auditor.report.runbook import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.finding import Finding
    from auditor.report.fix_shapes import Fixed, FixReport
    from auditor.report.meta import Meta

_DONE = {
    FIXED: "Taken out of the file by this run; what was built or pushed before has it",
    PLANNED: "Still in the file, and can be taken out of it (audit fix); what was built or pushed before has it",
}
_REFUSED = "Still in the file, since its fix was refused"


def render(report: FixReport, meta: Meta) -> str:
    """The credentials of all findings, fixed and left, and of what the fixes met besides."""
    notes: dict[int, str] = {}
    findings: list[Finding] = []
    for fixed in report.files:
        mask = masker(fixed.rewrite.target).mask
        for applied in fixed.rewrite.applied:
            findings += applied.findings
            notes.update((id(finding), _DONE.get(fixed.state, _REFUSED)) for finding in applied.findings)
        for left in fixed.left:
            findings.append(left.finding)
            notes[id(left.finding)] = f"Still in the file: {mask(left.reason.removesuffix('.'))}"
    whole = Report([fixed.rewrite.target for fixed in report.files], findings, report.seconds)
    more = [line for fixed in report.files for line in _met(fixed, findings, meta)]
    return written(whole, meta, lambda finding: notes.get(id(finding), ""), list(dict.fromkeys(more)))


def _met(fixed: Fixed, findings: list[Finding], meta: Meta) -> Iterator[str]:
    """Credentials that no finding is about: files that moved along, values that a caller had."""
    mask = masker(fixed.rewrite.target).mask
    named = {finding.subject for finding in findings}
    lines = {(finding.location.path, finding.location.start_line) for finding in findings}
    for one in rotations(fixed, meta.rules):
        if (one.path, one.line) not in lines and not named & set(one.what.split()):
            yield mask(f"{one.what} ({one.path}, line {one.line}: {one.where})")
