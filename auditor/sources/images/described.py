"""An image's config as an engine describes it (Engine API: ImageInspect and ImageHistory), in the terms of a config.

The engine's answers are not the config: they lack which history entries made no layer, and fields that the engine does
not know. What cannot be derived for certain is left out.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import fields
from auditor.sources.images.model import CONFIG, Document, Image, Layer, Problem, SourceError
from auditor.sources.images.overlay import diff_ids_of
from auditor.sources.images.platforms import described

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

_MOST = 100_000
#: Fields of an inspection, and the names that they have in a config.
_NAMES = {
    "Architecture": "architecture",
    "Author": "author",
    "Comment": "comment",
    "Config": "config",
    "Container": "container",
    "ContainerConfig": "container_config",
    "Created": "created",
    "DockerVersion": "docker_version",
    "Os": "os",
    "OsVersion": "os.version",
    "Variant": "variant",
}
#: Instructions that only change the config, as both builders write them.
_METADATA = re.compile(
    r"(?:/bin/sh -c #\(nop\)\s+|cmd /S /C #\(nop\)\s+)?"
    r"(?:ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME)\b"
)
_BUILDKIT = "buildkit.dockerfile"


class DescribedImage(Image):
    """An image of which only the metadata is at hand."""

    def open(self, layer: Layer) -> BinaryIO:
        """Raises SourceError."""
        raise SourceError(f"layer {layer.number} of {self.name}: an engine gives layers only all at once")


def fill(image: Image, record: Mapping[str, object], history: object, config: bytes) -> None:
    """Give an image what an engine says about it, and its config's bytes; b"" makes a config of what is said."""
    diff_ids = diff_ids_of(record)
    identity = fields.text(record, "Id")
    image.platform = platform_of(record)
    image.layers = [Layer(number, diff_id, diff_id) for number, diff_id in enumerate(diff_ids)]
    image.digest = identity if not identity or ":" in identity else f"sha256:{identity}"
    name, digest = f"config {image.digest}", image.digest
    try:
        if not config:
            name, digest = "config, as the engine describes it", ""
            config = as_json(config_of(record, history))
        image.config = fields.mapping(fields.parse(config))
    except ValueError as error:
        image.problems.append(Problem(name, str(error)))
    if config:
        image.documents = [Document(CONFIG, name, config, digest)]


def as_json(value: object) -> bytes:
    """A document of what an engine said. Raises ValueError if it cannot be written."""
    try:
        return json.dumps(value).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None


def platform_of(record: Mapping[str, object]) -> str:
    """The platform that an inspection states, as "os/architecture/variant"."""
    return described({"os": record.get("Os"), "architecture": record.get("Architecture"), **_variant(record)})


def _variant(record: Mapping[str, object]) -> dict[str, object]:
    return {"variant": record["Variant"]} if record.get("Variant") else {}


def config_of(record: Mapping[str, object], history: object) -> dict[str, object]:
    """A config document (OCI image-spec, config.md) with what an inspection and a history say."""
    made: dict[str, object] = {_NAMES[key]: value for key, value in record.items() if key in _NAMES and value}
    diff_ids = diff_ids_of(record)
    made["rootfs"] = {"type": "layers", "diff_ids": diff_ids}
    entries = [fields.mapping(entry) for entry in history if entry] if isinstance(history, list) else []
    made["history"] = _history(entries[:_MOST][::-1], len(diff_ids))
    return made


def _history(entries: Sequence[Mapping[str, object]], layers: int) -> list[dict[str, object]]:
    """The engine's history, base first here, as a config has it."""
    empty = _empty(entries, layers)
    made: list[dict[str, object]] = []
    for entry, is_empty in zip(entries, empty, strict=True):
        words = {"created_by": fields.text(entry, "CreatedBy"), "comment": fields.text(entry, "Comment")}
        one: dict[str, object] = {"created": _time(entry.get("Created"))}
        one.update({key: value for key, value in words.items() if value})
        if is_empty:
            one["empty_layer"] = True
        made.append(one)
    return made


def _empty(entries: Sequence[Mapping[str, object]], layers: int) -> list[bool]:
    """Which entries made no layer. Where that is not certain, the number of the others is not that of the layers."""
    nothing = [fields.size(entry, "Size") <= 0 for entry in entries]
    metadata = [
        none and bool(_METADATA.match(fields.text(entry, "CreatedBy")))
        for none, entry in zip(nothing, entries, strict=True)
    ]
    if metadata.count(False) == layers:
        return metadata
    # BuildKit gives every RUN, COPY and WORKDIR a layer; the older builder none to those that changed nothing.
    unchanged = [
        some or (none and not fields.text(entry, "Comment").startswith(_BUILDKIT))
        for some, none, entry in zip(metadata, nothing, entries, strict=True)
    ]
    if unchanged.count(False) == layers:
        return unchanged
    return nothing if nothing.count(False) == layers else metadata


def _time(seconds: object) -> str:
    """RFC 3339, of a POSIX time."""
    try:
        return datetime.fromtimestamp(int(seconds) if isinstance(seconds, int) else 0, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
