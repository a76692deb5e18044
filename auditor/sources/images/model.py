"""What every source of images gives: metadata as documents, and filesystem layers as streams of stored bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod

from auditor.core.errors import AuditError, ExitCode
from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import BinaryIO

#: Kinds of documents.
CONFIG, MANIFEST, INDEX, LEGACY, ATTESTATION, CACHE = "config", "manifest", "index", "legacy", "attestation", "cache"
#: Longest metadata document that is read, in bytes; a longer one is a problem.
LARGEST_DOCUMENT = 32 << 20


class SourceError(AuditError):
    """An image or a part of it cannot be read; the message names the part and says why, without any secret."""

    exit_code = ExitCode.INCOMPLETE


class Problem(NamedTuple):
    """A part that could not be read, and why; everything else is still there."""

    part: str
    message: str


class Layer(NamedTuple):
    """A filesystem layer as its image lists it; `number` counts from 0, base first.

    `key` is the same for layers with the same stored bytes, within one source. `diff_id` is the digest that the config
    states for the uncompressed tar ("" if none does), `digest` that of the stored blob ("" where nothing names one).
    `size` is that of the stored bytes, -1 if unknown. `media_type` may lie.
    """

    number: int
    key: str
    diff_id: str = ""
    digest: str = ""
    size: int = -1
    media_type: str = ""
    annotations: Mapping[str, str] = {}


class Document(NamedTuple):
    """Metadata of an image, as stored.

    `kind`: CONFIG (exactly one of each image that has a config), MANIFEST, INDEX, LEGACY (the per-layer json of old
    archives), ATTESTATION (an in-toto statement), CACHE (a BuildKit cache config). `name` says which, for people.
    """

    kind: str
    name: str
    data: bytes
    digest: str = ""


class Image(ABC):
    """One image: of one platform, where an index lists several.

    `name` is for people; `digest` that of the manifest, else of the config, else "". `config` is the parsed config
    document, {} if there is none or it is broken; nothing in it has been checked. `layers` are in order, base first.
    `problems` are what could not be read so far.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.digest = ""
        self.platform = ""
        self.config: Mapping[str, object] = {}
        self.documents: list[Document] = []
        self.layers: list[Layer] = []
        self.problems: list[Problem] = []

    @abstractmethod
    def open(self, layer: Layer) -> BinaryIO:
        """The stored bytes of one layer from their beginning, to be closed by the caller; `readinto` is supported.

        Every call has a position of its own, in forked processes too. Whether the digest fits is the caller's business.
        Raises SourceError, at once or while reading.
        """


class Source(ABC):
    """A place that holds images. `name` is for people. A source is closed when it is no longer needed."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def images(self) -> Sequence[Image]:
        """The images that were asked for; at least one. Raises SourceError if not even their metadata can be read."""

    def close(self) -> None:
        """Give back files and connections."""
        return None

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class PassingSource(Source):
    """A source whose blobs come by once, in an order of its own: an archive on the standard input.

    First `passing` is exhausted, then `images` is asked; `Image.open` raises SourceError.
    """

    def described(self) -> Sequence[Image]:
        """What is known of the images before anything has passed by; their layers cannot be opened."""
        return ()

    @abstractmethod
    def passing(self) -> Iterator[tuple[str, BinaryIO]]:
        """Every blob that is no metadata, with the `Layer.key` that it will have; to be read before the next one."""
