"""What reports say of each layer of an image."""

from __future__ import annotations

from auditor.core.record import NamedTuple

#: What became of a layer's search: its bytes were read; an earlier run had read them; it was left out on purpose; it
#: could not be read whole.
SCANNED, CACHED, SKIPPED, FAILED = "scanned", "cached", "skipped", "failed"


class LayerLine(NamedTuple):
    """One layer of an image, as reports list it; what is not known is "", None or -1.

    `number` counts from 0, base first. `size` is that of the uncompressed tar in bytes, `stored` that of the blob.
    `created_by` is the history's instruction, masked; `history_index` counts all entries of the history from 0.
    `in_base`: it came with the base image. `state` is SCANNED, CACHED, SKIPPED or FAILED.
    """

    number: int
    diff_id: str = ""
    digest: str = ""
    size: int = -1
    stored: int = -1
    created_by: str = ""
    history_index: int | None = None
    in_base: bool = False
    state: str = SCANNED
    dockerfile: str = ""
    dockerfile_line: int | None = None
