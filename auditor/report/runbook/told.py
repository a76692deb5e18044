"""What a JSON report tells of a finding for those who render it again, so that a runbook is that of the run itself."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.report.plain import clean
from auditor.report.runbook.credentials import named_by
from auditor.report.runbook.judging import is_weak, owner_of, valued

if TYPE_CHECKING:
    from auditor.core.finding import Finding
    from auditor.report.runbook.masks import Mask


def told(finding: Finding, kind: str, mask: Mask) -> dict[str, object]:
    """The object `facts` of a finding; `kind` is the sort of its target.

    `subject` names what leaks. `judged`: its value was looked at; then `owner` is what it says of its owner, and `weak`
    whether everybody knows it. `steps` are the messages of its story, where some of them have no place of their own.
    """
    recorded = finding.facts
    facts: dict[str, object] = {
        "subject": clean(mask.name(finding.subject)),
        "judged": recorded.judged if recorded is not None else valued([finding]) is not None,
        "owner": [{"what": what, "value": clean(value)} for what, value in owner_of([finding])],
        "weak": is_weak([finding], [mask.name(name) for name in named_by(finding, kind)]),
    }
    if any(step.location is None for step in finding.flow):
        facts["steps"] = [{"message": clean(mask.text(step.message))} for step in finding.flow]
    return facts
