"""Image configurations in memory, and what their metadata is found to leak."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import BinaryIO

from auditor.detect.detector import Detector
from auditor.run.images.metadata.examine import Found, Metadata, examine
from auditor.sources.images.model import CONFIG, Document, Image, Layer, SourceError

KEY = b"tests"
#: Values that only look live: a GitHub token with a checksum that fits, an npm one, generated ones, a chosen one.
GITHUB = "ghp" + "_JbYPl1BObdDHbyWukm5oioatYDeGFX41lBlG"
NPM = "npm" + "_kMTYxiBO6B1q4LNtCP6jZ78FvcLy4a1V7j4d"
RANDOM = "qT4vXz81LmWc" + "7RbN2kHdPq"
BEARER = "GVn28j0XQrL6kTj8G2ei" + "rFnOrXonqZztxDUu5XQR"
CHOSEN = "Winter" + "9436!"


class Built(Image):
    """An image of documents alone; its layers cannot be opened."""

    def open(self, layer: Layer) -> BinaryIO:
        raise SourceError(f"layer {layer.number} is not there")


@cache
def detector() -> Detector:
    """One detector for all tests."""
    return Detector(signs=True)


def image(config: dict[str, object], *documents: Document, layers: int = 0, data: bytes | None = None) -> Image:
    """An image with this configuration (or with these bytes for it) and further documents."""
    made = Built("test")
    made.config = config
    stored = json.dumps(config).encode() if data is None else data
    made.documents = [Document(CONFIG, "config.json", stored), *documents]
    made.layers = [Layer(number, str(number), f"sha256:{number:064x}") for number in range(layers)]
    return made


def entry(created_by: str, *, empty: bool = False, **more: object) -> dict[str, object]:
    """A history entry; with BuildKit's ending it has BuildKit's comment."""
    made: dict[str, object] = {"created_by": created_by, **more}
    if created_by.endswith("# buildkit"):
        made.setdefault("comment", "buildkit.dockerfile.v0")
    return {**made, "empty_layer": True} if empty else made


def history(*created_by: str) -> dict[str, object]:
    """A configuration with a history alone; what begins with a keyword other than RUN, COPY, ADD has no layer."""
    makers = ("RUN", "COPY", "ADD", "|", "/bin/sh -c ")
    return {"history": [entry(one, empty=not one.startswith(makers) or "#(nop)  " in one) for one in created_by]}


def metadata(config: dict[str, object], *documents: Document, layers: int = 0, data: bytes | None = None) -> Metadata:
    """What the image's metadata tells."""
    return examine(image(config, *documents, layers=layers, data=data), detector(), KEY)


def found(config: dict[str, object], *documents: Document, layers: int = 0, data: bytes | None = None) -> list[Found]:
    """What the image's metadata leaks."""
    return metadata(config, *documents, layers=layers, data=data).found


def shown(result: Metadata) -> str:
    """Everything of a result that a report may print."""
    parts: list[object] = [result.created_by, result.skipped, result.errors]
    for one in result.found:
        parts += [one.also, [value for value in one.leak if value is not one.leak.secret], str(one.leak.secret)]
    return repr(parts)


def only(config: dict[str, object], *documents: Document, layers: int = 0) -> Found:
    """The one leak of the image's metadata."""
    (one,) = found(config, *documents, layers=layers)
    return one


def document(kind: str, content: object, digest: str = "") -> Document:
    """A document of this kind."""
    return Document(kind, f"{kind}.json", json.dumps(content).encode(), digest)


def encoded(content: object) -> str:
    """A text, or the JSON of anything else, in base64."""
    return base64.b64encode(content.encode() if isinstance(content, str) else json.dumps(content).encode()).decode()
