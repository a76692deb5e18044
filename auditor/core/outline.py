"""The instructions that an image tells of, each with what it made and what was found there."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Target
    from auditor.core.layerline import LayerLine


class Row(NamedTuple):
    """One instruction: its text and what the text leaves out, both masked; the layer that it made, if it is known; and
    what was found in that layer, in its history entry, or in what it put into the configuration."""

    history_index: int | None
    text: str
    comment: str
    layer: LayerLine | None
    findings: list[Finding]


class Outline(NamedTuple):
    """The rows of one image, base first; `rest` are findings that no instruction is known for."""

    target: Target
    rows: list[Row]
    rest: list[Finding]
