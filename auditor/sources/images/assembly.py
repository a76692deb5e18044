"""One image out of one manifest: its documents, and its layers as the manifest and the config list them."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import digest as digests
from auditor.sources.images import fields
from auditor.sources.images.model import (
    ATTESTATION,
    CACHE,
    CONFIG,
    LARGEST_DOCUMENT,
    Document,
    Image,
    Layer,
    Problem,
    SourceError,
)
from auditor.sources.images.platforms import described
from auditor.sources.images.tree import CACHE_CONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from auditor.sources.images.blobs import Blobs
    from auditor.sources.images.documents import Reader
    from auditor.sources.images.tree import Cache, Manifest

#: Most layers of one image; engines allow 127.
MOST_LAYERS = 5_000
_TAG = "org.opencontainers.image.ref.name"
_IMAGE_CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_JSON_TYPES = ("json", "in-toto", "spdx", "cyclonedx", "sarif")
#: What registries and archives leave out on purpose.
_ELSEWHERE = ("nondistributable", "foreign")


class ManifestImage(Image):
    """An image whose layers are blobs. `reference` is its name in the index that lists it, "" if it has none."""

    def __init__(self, name: str, blobs: Blobs) -> None:
        super().__init__(name)
        self.reference = ""
        self.blobs = blobs

    def open(self, layer: Layer) -> BinaryIO:
        """The layer's blob."""
        try:
            return self.blobs.open(layer.digest)
        except SourceError as error:
            if any(word in layer.media_type for word in _ELSEWHERE):
                raise SourceError(f"{error} (a layer that may not be distributed, to be had elsewhere)") from None
            raise


def image_of(name: str, manifest: Manifest, reader: Reader, *, attached: bool = False) -> ManifestImage:
    """The image of a manifest; with `attached` every small blob that is JSON becomes a document."""
    image = ManifestImage(name, reader.blobs)
    descriptor = manifest.entry.descriptor
    image.digest = manifest.document.digest or digests.of(manifest.document.data)
    image.reference = fields.short(fields.mapping(descriptor, "annotations"), _TAG)
    image.documents = [*manifest.entry.chain, manifest.document]
    _configure(image, manifest, reader)
    image.platform = described(fields.mapping(descriptor, "platform")) or described(image.config)
    # Artifact manifests of the drafts for OCI 1.1 list blobs in place of layers.
    layers = fields.items(manifest.value, "layers") or fields.items(manifest.value, "blobs")
    identities = [""] * len(layers)
    if "rootfs" in image.config or fields.text(fields.mapping(manifest.value, "config"), "mediaType") in _IMAGE_CONFIGS:
        identities = diff_ids(image.config, len(layers), image.problems)
    _stack(image, layers, identities, reader, eager=attached)
    return image


def cache_of(name: str, cache: Cache, reader: Reader) -> ManifestImage:
    """An exported build cache as an image: its config as a document, and its layers."""
    image = ManifestImage(f"{name} (build cache)" if cache.configs else name, reader.blobs)
    image.digest = cache.chain[-1].digest
    image.documents = list(cache.chain)
    for config in cache.configs:
        _add(image, config, CACHE, "cache config", reader)
    _stack(image, cache.layers, [""] * len(cache.layers), reader, eager=False)
    return image


def attach_to(image: Image, manifest: Manifest, reader: Reader) -> list[ManifestImage]:
    """Add what a manifest holds about an image to its documents; what is no JSON is given back as an image."""
    other = image_of(image.name, manifest, reader, attached=True)
    own = manifest.document
    image.documents.append(own._replace(name=f"{ATTESTATION} {own.name}"))
    for document in other.documents[len(manifest.entry.chain) + 1 :]:
        if document.data.strip() not in (b"", b"{}"):
            image.documents.append(document._replace(kind=ATTESTATION))
    image.problems.extend(other.problems)
    if not other.layers:
        return []
    other.problems = []
    other.documents = []
    other.reference = f"attached to {image.digest[:19]}"
    return [other]


def _configure(image: ManifestImage, manifest: Manifest, reader: Reader) -> None:
    descriptor = fields.mapping(manifest.value, "config")
    if not descriptor:
        if "blobs" not in manifest.value:
            image.problems.append(Problem("config", "the manifest names none"))
        return
    kind = CACHE if fields.text(descriptor, "mediaType") == CACHE_CONFIG else CONFIG
    data = _add(image, descriptor, kind, "config", reader)
    if data is None or kind == CACHE:
        return
    image.config = read_config(data, image.problems, reader.parser)


def read_config(data: bytes, problems: list[Problem], parser: fields.Parser) -> Mapping[str, object]:
    """The fields of a config document; {}, and a problem added, if it is broken."""
    try:
        value = parser.parse(data)
    except ValueError as error:
        problems.append(Problem("config", str(error)))
        return {}
    if not isinstance(value, dict):
        problems.append(Problem("config", "no JSON object"))
    return fields.mapping(value)


def _add(image: ManifestImage, descriptor: Mapping[str, object], kind: str, what: str, reader: Reader) -> bytes | None:
    """Read a blob as a document of the image."""
    digest = fields.text(descriptor, "digest")
    data = reader.document(descriptor, f"{what} {digest}" if digests.parts(digest) else what, image.problems)
    if data is not None:
        image.documents.append(Document(kind, f"{what} {digest}", data, digest))
    return data


def _stack(
    image: ManifestImage, listed: Sequence[object], identities: Sequence[str], reader: Reader, *, eager: bool
) -> None:
    """Add the layers that a manifest lists, base first; `identities` are their diff_ids."""
    if len(listed) > MOST_LAYERS:
        image.problems.append(Problem("layers", f"more than {MOST_LAYERS:,}; the others were not read"))
    for position, item in enumerate(listed[:MOST_LAYERS]):
        descriptor = fields.mapping(item)
        digest = fields.text(descriptor, "digest")
        if digests.parts(digest) is None:
            image.problems.append(Problem(f"layer {position}", "its digest is missing or malformed"))
        elif not _is_document(image, descriptor, reader, eager=eager):
            image.layers.append(
                Layer(
                    len(image.layers),
                    digest,
                    identities[position],
                    digest,
                    fields.size(descriptor, "size"),
                    fields.short(descriptor, "mediaType"),
                    fields.texts(descriptor, "annotations"),
                )
            )


def _is_document(image: ManifestImage, descriptor: Mapping[str, object], reader: Reader, *, eager: bool) -> bool:
    """Whether a blob in a layer's place is JSON; it is then one of the image's documents."""
    media_type = fields.text(descriptor, "mediaType").lower()
    length = fields.size(descriptor, "size")
    digest = fields.text(descriptor, "digest")
    if length > LARGEST_DOCUMENT:
        return False
    if not any(word in media_type for word in _JSON_TYPES) and not (eager and reader.begins_json(digest)):
        return False
    data = reader.document(descriptor, f"attestation {digest}", image.problems)
    if data is None or not fields.begins_json(data):
        return False
    kind = fields.short(fields.mapping(descriptor, "annotations"), "in-toto.io/predicate-type")
    name = f"{ATTESTATION} {digest}" + (f" ({kind})" if kind else "")
    image.documents.append(Document(ATTESTATION, name, data, digest))
    return True


def diff_ids(config: Mapping[str, object], count: int, problems: list[Problem]) -> list[str]:
    """The digests of the uncompressed layers, as the config states them; "" where it does not say."""
    found = fields.items(fields.mapping(config, "rootfs"), "diff_ids")
    if len(found) == count:
        return [item if isinstance(item, str) and digests.parts(item) else "" for item in found]
    if config:
        problems.append(Problem("config", f"it lists {len(found):,} layers, the manifest {count:,}"))
    return [""] * count
