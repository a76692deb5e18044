"""What a registry keeps about an image beside it: attestations, SBOMs (referrers API, its tags, cosign's tags)."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import digest as digests
from auditor.sources.images import fields
from auditor.sources.images.distribution.repository import Absent
from auditor.sources.images.manifests import attach
from auditor.sources.images.model import LARGEST_DOCUMENT, Problem, SourceError

if TYPE_CHECKING:
    from auditor.sources.images.distribution.blobs import RegistryBlobs
    from auditor.sources.images.distribution.repository import Found
    from auditor.sources.images.model import Image

#: Most manifests that are read about one image.
MOST = 64
#: What cosign appends to the tags that it makes of digests; signatures hold nothing to search.
_COSIGN = (".att", ".sbom")


def add_referrers(image: Image, digest: str, blobs: RegistryBlobs) -> list[Image]:
    """Add to an image what is about the manifest or index with a digest; what is no JSON is given back as images.

    What cannot be read is a problem of the image: the first error ends the search, so that a registry that answers
    with errors costs one.
    """
    others: list[Image] = []
    try:
        for found in _listed(image, digest, blobs):
            if all(document.digest != found for document in image.documents):
                others += attach(image, blobs, blobs.document(found), found)
        for ending in _COSIGN:
            manifest = _tagged(digest, ending, blobs)
            if manifest is not None:
                blobs.learn(manifest.data)
                others += attach(image, blobs, manifest.data, manifest.digest)
    except SourceError as error:
        image.problems.append(Problem(f"attestations of {digest}", str(error)))
    return others


def _listed(image: Image, digest: str, blobs: RegistryBlobs) -> list[str]:
    """The digests of the manifests that are about another one. Raises SourceError."""
    part = f"referrers of {digest}"
    try:
        index: Found | None = blobs.repository.referrers(digest, LARGEST_DOCUMENT)
    except Absent:
        index = _tagged(digest, "", blobs)
    if index is None:
        return []
    try:
        entries = fields.items(fields.parse(index.data), "manifests")
    except ValueError as error:
        raise SourceError(f"{part}: {error}") from None
    if index.more or len(entries) > MOST:
        image.problems.append(Problem(part, f"more than {min(len(entries), MOST)}; the others were not read"))
    blobs.learn(index.data)
    found = (fields.text(entry, "digest") for entry in entries[:MOST])
    return [item for item in dict.fromkeys(found) if digests.parts(item)]


def _tagged(digest: str, ending: str, blobs: RegistryBlobs) -> Found | None:
    """The manifest under the tag that stands for a digest; None if there is none."""
    tag = digest.replace(":", "-") + ending
    try:
        return blobs.repository.manifest(tag, LARGEST_DOCUMENT)
    except Absent:
        return None
