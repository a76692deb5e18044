"""The blobs of a registry's repository; manifests are kept apart from them there, but have digests like them."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, cast
from auditor.sources.images import digest as digests
from auditor.sources.images import fields
from auditor.sources.images.blobs import Blobs
from auditor.sources.images.distribution.stream import BlobStream
from auditor.sources.images.model import LARGEST_DOCUMENT, SourceError

if TYPE_CHECKING:
    from typing import BinaryIO

    from auditor.sources.images.distribution.repository import Repository


class RegistryBlobs(Blobs):
    """Reads blobs of one repository; what indexes and manifests say of them is learnt as these are read."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._manifests: set[str] = set()
        self._sizes: dict[str, int] = {}

    def document(self, digest: str, most: int = LARGEST_DOCUMENT) -> bytes:
        """A small blob or a manifest. Raises SourceError."""
        _check(digest)
        if digest in self._manifests:
            data = self.repository.manifest(digest, most).data
        else:
            data = self.repository.blob(digest, most)
        self.learn(data)
        return data

    def open(self, digest: str) -> BinaryIO:
        """A blob, or a manifest, as a stream that is resumed where its connection breaks."""
        _check(digest)
        path = f"manifests/{digest}" if digest in self._manifests else f"blobs/{digest}"
        return cast("BinaryIO", BlobStream(self.repository, digest, self._sizes.get(digest, -1), path=path))

    def learn(self, data: bytes) -> None:
        """Note which digests an index or a manifest lists, and the sizes that it states."""
        if b'"manifests"' not in data and b'"layers"' not in data:
            return
        try:
            value = fields.parse(data)
        except ValueError:
            return
        for entry in fields.items(value, "manifests"):
            if fields.text(entry, "digest"):
                self._manifests.add(fields.text(entry, "digest"))
        for entry in fields.items(value, "layers"):
            digest, size = fields.text(entry, "digest"), fields.size(entry, "size")
            if digest and size >= 0:
                self._sizes[digest] = max(size, self._sizes.get(digest, 0))


def _check(digest: str) -> None:
    if digests.parts(digest) is None:
        raise SourceError("a blob's digest is malformed")
