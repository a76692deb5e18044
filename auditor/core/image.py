"""Where in a built image something stands: coordinates that reports print and people can act on."""

from __future__ import annotations

from auditor.core.record import NamedTuple

#: Parts of an image.
LAYER, HISTORY, CONFIG, LABEL = "layer", "history", "config", "label"
ANNOTATION, ATTESTATION, CACHE = "annotation", "attestation", "cache"
PARTS = (LAYER, CONFIG, LABEL, HISTORY, ANNOTATION, ATTESTATION, CACHE)
#: What became of it in the finished image: a container sees it; a later layer removed it; a later layer (or
#: instruction) replaced it; no path leads to it, and its bytes are there all the same.
LIVE, DELETED, OVERWRITTEN, HIDDEN = "live", "deleted", "overwritten", "hidden"
STATES = (LIVE, HIDDEN, OVERWRITTEN, DELETED)


class ImagePlace(NamedTuple):
    """One place in one image; what does not apply is "" or None.

    `layer_index` counts filesystem layers from 0, base first; `diff_id` and `digest` are that layer's ("sha256:...").
    `path` is the file's in the layer, without a leading slash, `inner_path` the way inside of it where it is an archive
    (`BOOT-INF/x.properties`). `line` counts from 1, `offset` in bytes from the file's beginning. `pointer` is a JSON
    pointer (RFC 6901) into the config, manifest or attestation. `removed_by_layer` is the index of the layer that
    deleted, replaced or hid it. `history_index` counts all entries of the history from 0; `created_by` is that entry's
    instruction, masked. `dockerfile` and `dockerfile_line` (from 1) lead to the instruction in the source. `in_base`:
    it came with the base image. `package` owns the file, and did not change it.
    """

    part: str
    layer_index: int | None = None
    diff_id: str = ""
    digest: str = ""
    path: str = ""
    inner_path: str = ""
    line: int | None = None
    offset: int | None = None
    pointer: str = ""
    state: str = LIVE
    removed_by_layer: int | None = None
    history_index: int | None = None
    created_by: str = ""
    dockerfile: str = ""
    dockerfile_line: int | None = None
    in_base: bool = False
    package: str = ""
