"""Content-addressed blobs (OCI image-spec, descriptors), wherever they are kept; `manifests` makes images of them."""

from __future__ import annotations

from abc import ABC, abstractmethod

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images.model import LARGEST_DOCUMENT

if TYPE_CHECKING:
    from typing import BinaryIO


class Blobs(ABC):
    """Blobs by digest ("sha256:<hex>"). Digests come from hostile documents: they are checked before they are used."""

    @abstractmethod
    def document(self, digest: str, most: int = LARGEST_DOCUMENT) -> bytes:
        """All of a small blob, whose digest has been verified. Raises SourceError: missing, too long, other digest."""

    @abstractmethod
    def open(self, digest: str) -> BinaryIO:
        """A stream over a blob, as `Image.open` gives it, not verified. Raises SourceError."""
