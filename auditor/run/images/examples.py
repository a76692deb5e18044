"""Runs the examples of rules about images: each is one metadata document of an image that has nothing else."""

from __future__ import annotations

from auditor.core.finding import Finding, Location
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import LineIndex, Span
from auditor.run.images.metadata import Found, leaks_of
from auditor.sources.images.model import ATTESTATION, CONFIG, MANIFEST, Document, Image, SourceError

if TYPE_CHECKING:
    from typing import BinaryIO

    from auditor.detect.detector import Detector
    from auditor.sources.images.model import Layer

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


def findings_in(name: str, text: str, detector: Detector) -> list[Finding]:
    """The findings in a document called `config.json`, `manifest.json` or anything else (an attestation), by place."""
    data = text.encode("utf-8", "surrogatepass")
    lines = LineIndex(text)
    made = [_finding(found, name, text, lines) for found in leaks_of(_Example(name, data), detector, b"example")]
    return sorted(made, key=lambda finding: finding.sort_key)


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
