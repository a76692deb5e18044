"""Runs the examples of rules about images: each is one metadata document of an image that has nothing else."""

from __future__ import annotations

from auditor.core.finding import Finding, Location
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import LineIndex, Span
from auditor.run.images.metadata.examine import Found, leaks_of
from auditor.sources.images.model import ATTESTATION, CONFIG, MANIFEST, Document, Image, SourceError

if TYPE_CHECKING:
    from typing import BinaryIO

    from auditor.detect.detector import Detector
    from auditor.sources.images.model import Layer

#: The rule about values that must be absent, and the value that its examples hold or do not hold.
PRESENT = "present-value"
ASSERTED = "correct-horse-battery-staple-7"
_KINDS = {"config.json": CONFIG, "manifest.json": MANIFEST}


class _Example(Image):
    """An image of one document, without layers."""

    def __init__(self, name: str, data: bytes) -> None:
        super().__init__("example")
        kind = _KINDS.get(name, ATTESTATION)
        self.documents.append(Document(kind, name, data))
        if kind == CONFIG:
            import json  # start-up: examples only

            self.config = json.loads(data.decode("utf-8-sig"))

    def open(self, layer: Layer) -> BinaryIO:
        raise SourceError("an example has no layers")


def findings_in(rule: str, name: str, text: str, detector: Detector) -> list[Finding]:
    """The findings in a document called `config.json`, `manifest.json` or anything else (an attestation), by place.

    Examples of the rule about values that must be absent are searched for ASSERTED.
    """
    data = text.encode("utf-8", "surrogatepass")
    lines = LineIndex(text)
    if rule == PRESENT:
        return _present(name, data, lines)
    made = [_finding(found, name, text, lines) for found in leaks_of(_Example(name, data), detector, b"example")]
    return sorted(made, key=lambda finding: finding.sort_key)


def _present(name: str, data: bytes, lines: LineIndex) -> list[Finding]:
    # start-up: examples only
    from auditor.detect.needles import Needles
    from auditor.run.images.absence.documents import presences_of_documents
    from auditor.run.images.proof import leak_of

    needles = Needles({"PHRASE": ASSERTED.encode()})
    hits = needles.search(data)
    found = []
    for presence, hit in zip(presences_of_documents(_Example(name, data), needles), hits, strict=True):
        start, end = (len(data[:at].decode("utf-8", "surrogatepass")) for at in (hit.start, hit.end))
        span = Span(start, end)
        leak = leak_of(presence)
        place = Location.of(name, lines, span)
        found.append(Finding(leak.rule, leak.severity, place, leak.message, leak.subject, secret_span=span))
    return found


def _finding(found: Found, name: str, text: str, lines: LineIndex) -> Finding:
    leak = found.leak
    value = leak.secret.reveal()
    start = max(0, text.find(value))
    span = Span(start, min(len(text), start + len(value)))
    return Finding(
        leak.rule,
        leak.severity,
        Location.of(name, lines, span),
        leak.message,
        leak.subject,
        confidence=leak.confidence,
        verdict=leak.verdict,
        secret=leak.secret,
        secret_span=span,
    )
