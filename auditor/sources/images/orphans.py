"""Blobs that no manifest of their layout names: what retagging and rewriting its index have left behind.

The image-layout specification of OCI allows for them, and whoever has the layout can read them.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import fields
from auditor.sources.images.assembly import ManifestImage
from auditor.sources.images.documents import Reader
from auditor.sources.images.model import ATTESTATION, CONFIG, INDEX, LEGACY, MANIFEST, Document, Layer, Problem
from auditor.sources.images.platforms import ALL, described

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.sources.images.blobs import Blobs
    from auditor.sources.images.model import Image

#: Blobs that are read, and bytes of the documents among them.
MOST, _MOST_BYTES = 1_000, 32 << 20
#: Digits of a digest that are shown, after its algorithm, as the docker command does.
_SHORT = 12
#: What stands in place of a config where there is none.
_NOTHING = (b"", b"{}")


def add_orphans(name: str, blobs: Blobs, stored: Mapping[str, int], images: list[Image]) -> None:
    """Add what no image of a layout holds: every config and every layer as an image of its own, without a position.

    `stored` are digests and sizes of all blobs there are. The other documents become those of the one image there is,
    else of one for them.
    """
    known = {layer.key for image in images for layer in image.layers}
    known |= {document.digest for image in images for document in image.documents}
    left = [digest for digest in stored if digest not in known]
    if not left:
        return
    reader = Reader(blobs, most=_MOST_BYTES)
    beside = images[0] if len(images) == 1 else ManifestImage(f"{name} (unreferenced documents)", blobs)
    before = len(beside.documents) + len(beside.problems)
    found: list[Image] = []
    for digest in left[:MOST]:
        if not reader.begins_json(digest):
            image = _named(name, blobs, digest)
            image.layers = [Layer(0, digest, "", digest, stored[digest])]
            found.append(image)
        elif data := reader.document({"digest": digest}, f"unreferenced blob {digest}", beside.problems):
            found += _read(name, blobs, reader, Document(LEGACY, digest, data, digest), beside)
    if len(left) > MOST:
        problem = Problem("blobs", f"{len(left) - MOST:,} more that no manifest names were not read")
        images[0].problems.append(problem)
    if beside not in images and len(beside.documents) + len(beside.problems) > before:
        images.append(beside)
    images.extend(found)


def asks_for_all(tag: str, platform: str) -> bool:
    """Whether no image was chosen: else what no image holds is nobody's business."""
    return not tag and platform in ("", ALL)


def _read(name: str, blobs: Blobs, reader: Reader, document: Document, beside: Image) -> Sequence[Image]:
    """Sort a document: an image for a config, else nothing, and one more document beside."""
    try:
        value = fields.mapping(reader.parser.parse(document.data))
    except ValueError:
        value = {}
    kind = _kind(value)
    document = document._replace(kind=kind, name=f"unreferenced {kind} {document.digest}")
    if kind != CONFIG:
        if document.data.strip() not in _NOTHING:
            beside.documents.append(document)
        return ()
    image = _named(name, blobs, document.digest)
    image.digest = document.digest
    image.documents = [document]
    image.config = value
    image.platform = described(value)
    return (image,)


def _kind(value: Mapping[str, object]) -> str:
    if isinstance(value.get("manifests"), list):
        return INDEX
    if isinstance(value.get("layers"), list):
        return MANIFEST
    if "predicateType" in value:
        return ATTESTATION
    return CONFIG if "rootfs" in value else LEGACY


def _named(name: str, blobs: Blobs, digest: str) -> ManifestImage:
    algorithm, _, digits = digest.partition(":")
    return ManifestImage(f"{name} (unreferenced blob {algorithm}:{digits[:_SHORT]})", blobs)
