"""What a finding of the scan says: message, severity, and the words that give it its stable id."""

from __future__ import annotations

from auditor.core.finding import Confidence, Severity
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.detect.detection import Detection

#: What follows the title.
_VERDICTS = {
    "valid": "well-formed",
    "expired": "expired",
    "malformed": "checksum or form does not fit",
    "placeholder": "looks like a placeholder",
}
#: What a valid value whose checksum fits has earned: one that can only be parsed anybody could have written.
_PROVEN = "verified offline"
_LONGEST_NAME = 80
#: What a declaration says before the name.
_DECLARED = Pattern(r"\A(?:(?:const|static|final|String|var|let|val)\s+)+(?=\S)")
_MOST_FACTS = 8


def message(detection: Detection) -> str:
    """One sentence: what it is, what announces it, what was learnt about it without asking anybody."""
    facts = [f"{what} {value}" for what, value in detection.facts[:_MOST_FACTS]]
    verdict = _VERDICTS.get(detection.verdict, "")
    if detection.verdict == "valid" and detection.basis == "checksum":
        verdict = _PROVEN
    notes = ", ".join([verdict, *facts] if verdict else facts)
    name = _DECLARED.sub("", detection.name)[:_LONGEST_NAME]
    title = detection.title[:1].upper() + detection.title[1:]
    if name.lower() in title.lower().split():
        name = ""
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
