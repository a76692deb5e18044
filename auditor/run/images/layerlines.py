"""What reports say of each layer, and where the bytes are not those that digests were made of."""

from __future__ import annotations

from auditor.core.layerline import CACHED, FAILED, SCANNED, SKIPPED, LayerLine
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from auditor.run.images.findings import Attribution
    from auditor.run.images.layers.outcome import LayerOutcome
    from auditor.run.images.metadata.examine import Metadata
    from auditor.sources.images.model import Image


def layer_lines(
    image: Image,
    outcomes: Sequence[LayerOutcome | None],
    cached: Collection[int],
    metadata: Metadata,
    known: Attribution,
) -> list[LayerLine]:
    """One line for each layer, base first."""
    lines = []
    for layer, outcome in zip(image.layers, outcomes, strict=True):
        entry = metadata.alignment.entry_of(layer.number)
        line = known.lines.get(entry) if entry is not None else None
        lines.append(
            LayerLine(
                layer.number,
                layer.diff_id or (outcome.diff_id if outcome else ""),
                layer.digest,
                outcome.size if outcome else -1,
                layer.size,
                metadata.created_by[entry] if entry is not None else "",
                entry,
                layer.number < known.base_layers,
                _state(outcome, layer.number in cached),
                known.dockerfile if line is not None else "",
                line,
            )
        )
    return lines


def _state(outcome: LayerOutcome | None, cached: bool) -> str:
    if outcome is None:
        return SKIPPED
    if cached:
        return CACHED
    return FAILED if any(not path for _, path in outcome.errors) else SCANNED


def digest_errors(
    image: Image, outcomes: Sequence[LayerOutcome | None], cached: Collection[int]
) -> Iterator[tuple[str, str]]:
    """What differs from the digests that the image states, as (message, part).

    A `cached` outcome may come from the same tar compressed in another way.
    """
    for layer, outcome in zip(image.layers, outcomes, strict=True):
        part = f"layer {layer.number}"
        if outcome is None:
            yield "was not read", part
            continue
        if layer.diff_id and outcome.diff_id and outcome.diff_id != layer.diff_id:
            yield f"its content has the digest {outcome.diff_id}, the config says {layer.diff_id}", part
        if layer.number not in cached and layer.digest and outcome.digest and outcome.digest != layer.digest:
            yield f"its blob has the digest {outcome.digest}, the manifest says {layer.digest}", part
