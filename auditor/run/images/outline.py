"""`audit history`: the Dockerfile that an image tells of, with layer sizes, and what was found at each line."""

from __future__ import annotations

from auditor.core.outline import Outline, Row
from auditor.core.record import TYPE_CHECKING
from auditor.run.images.instructions import reconstruct
from auditor.run.images.scan import ImageScan, run_over

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from auditor.core.config import Settings
    from auditor.core.finding import Finding, Report, Target
    from auditor.run.images.layers.outcomes import Listener
    from auditor.run.images.metadata.examine import Metadata
    from auditor.sources.images.model import Image


def outlines(
    settings: Settings,
    targets: Sequence[str],
    *,
    stdin: BinaryIO | None = None,
    listener: Listener | None = None,
) -> tuple[list[Outline], Report, bytes]:
    """The outlines of these targets, and the report with the key of its fingerprints. Raises UsageError."""
    run = _OutlineScan(settings, listener)
    report, key = run_over(run, targets, stdin, ())
    run.accept(report)
    return run.outlines, report, key


class _OutlineScan(ImageScan):
    def __init__(self, settings: Settings, listener: Listener | None) -> None:
        super().__init__(settings, listener)
        self.outlines: list[Outline] = []

    def finished(self, image: Image, metadata: Metadata, target: Target, found: list[Finding]) -> None:
        """Lay the findings beside the instructions."""
        by_entry: dict[int | None, list[Finding]] = {}
        for finding in found:
            entry = finding.image.history_index if finding.image is not None else None
            by_entry.setdefault(entry, []).append(finding)
        rows = []
        for line in reconstruct(image.config):
            number = line.layer_index
            layer = target.layers[number] if number is not None and number < len(target.layers) else None
            mask = metadata.masker.instruction
            beside = by_entry.pop(line.history_index, []) if line.history_index is not None else []
            rows.append(Row(line.history_index, mask(line.text), mask(line.comment), layer, beside))
        rest = [finding for left in by_entry.values() for finding in left]
        self.outlines.append(Outline(target, rows, rest))
