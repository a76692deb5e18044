"""What a finding of the scan says: message, severity, and the words that give it its stable id."""

from __future__ import annotations

from auditor.core.finding import Confidence, Severity
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.detect.detection import Detection

#: As the text report says it beside a finding.
_VERDICTS = {
    "valid": "verified offline",
    "expired": "expired",
    "malformed": "checksum or form does not fit",
    "placeholder": "looks like a placeholder",
}
_LONGEST_NAME = 80
_MOST_FACTS = 8


def message(detection: Detection) -> str:
    """One sentence: what it is, what announces it, what was learnt about it without asking anybody."""
    facts = [f"{what} {value}" for what, value in detection.facts[:_MOST_FACTS]]
    verdict = _VERDICTS.get(detection.verdict, "")
    notes = ", ".join([verdict, *facts] if verdict else facts)
    name = detection.name[:_LONGEST_NAME]
    title = detection.title[:1].upper() + detection.title[1:]
    return f"{title}{f' in {name}' if name else ''}{f' ({notes})' if notes else ''}."


def subject(detection: Detection) -> str:
    """What leaks, in words that survive edits."""
    return f"{detection.secret.kind} {detection.name[:_LONGEST_NAME]}".rstrip()


def severity(detection: Detection, usual: Severity) -> Severity:
    """The rule's severity, less where the value is a placeholder, opens nothing any more, or is hardly a secret."""
    if detection.verdict == "placeholder":
        return Severity.INFO
    if detection.verdict == "expired":
        usual = min(usual, Severity.MEDIUM)
    return min(usual, Severity.LOW) if detection.confidence is Confidence.LOW else usual
