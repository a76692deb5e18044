"""What an archive of images holds: names, links between them, and the documents among them."""

from __future__ import annotations

import posixpath
import re
from abc import ABC, abstractmethod

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import digest as digests
from auditor.sources.images import fields
from auditor.sources.images.assembly import MOST_LAYERS
from auditor.sources.images.blobs import Blobs
from auditor.sources.images.documents import MOST_KEPT, MissingBlob
from auditor.sources.images.members import FILE, SYMBOLIC_LINK
from auditor.sources.images.model import LARGEST_DOCUMENT, Image, Layer, Problem, SourceError
from auditor.sources.images.tarheaders import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import BinaryIO

    from auditor.sources.images.members import Member

_BLOB = re.compile(r"blobs/(sha256|sha384|sha512)/([0-9a-f]+)", re.ASCII)
_MOST_LINKS = 10


def digest_of_path(path: str) -> str:
    """The digest by which a blob is stored under a path; "" if it is no blob's."""
    match = _BLOB.fullmatch(path)
    digest = f"{match[1]}:{match[2]}" if match else ""
    return digest if digests.parts(digest) else ""


def key_of(path: str) -> str:
    """The `Layer.key` of what is stored under a path."""
    return digest_of_path(path) or path


class Bundle(ABC):
    """The members of one archive by their normal names. Links are resolved in the paths that are given.

    `parser` reads what is in documents. `problems` are what is wrong with the archive.
    """

    def __init__(self) -> None:
        self._files: dict[str, Member] = {}
        self._links: dict[str, str] = {}
        self._twice: set[str] = set()
        self._read: set[str] = set()
        self._room = MOST_KEPT
        self.parser = fields.Parser()
        self.problems: list[Problem] = []

    def add(self, member: Member) -> str:
        """Take in a member; the last one of a name counts. Gives back its normal name."""
        name = normal(member.name)
        if name in self._files and (member.kind != FILE or member.start != self._files[name].start):
            self._twice.add(name)
        self._files.pop(name, None)
        self._links.pop(name, None)
        if member.kind == FILE:
            self._files[name] = member
        else:
            base = posixpath.dirname(name) if member.kind == SYMBOLIC_LINK else ""
            self._links[name] = _joined(base, member.link)
        return name

    def name_of(self, member: Member) -> str:
        """The name under which a member was taken in."""
        return normal(member.name)

    def names(self) -> Iterable[str]:
        """All names of files, in the order of the archive."""
        return self._files

    def resolved(self, path: str) -> str:
        """The file that a path leads to; "" if there is none."""
        name = normal(path)
        for _ in range(_MOST_LINKS):
            if name not in self._links:
                break
            name = self._links[name]
        if name in self._twice:
            self._twice.remove(name)
            self.problems.append(Problem(name, "the archive has several files of this name; the last one counts"))
        return name if name in self._files else ""

    def size(self, path: str) -> int:
        """The length of a file's content as its header states it; -1 if there is none."""
        name = self.resolved(path)
        return self._files[name].size if name else -1

    def document(self, path: str, most: int = LARGEST_DOCUMENT) -> bytes:
        """All of a small file. Raises SourceError, which names it, also once all documents are too many bytes."""
        size, name = self.size(path), self.resolved(path)
        if size < 0:
            raise MissingBlob(f"{path} is missing")
        if size > most:
            raise SourceError(f"{path} is larger than {most:,} bytes")
        if name not in self._read:
            if size > self._room:
                raise SourceError(f"{path} is not read: the documents together exceed {MOST_KEPT >> 20} MiB")
            self._read.add(name)
            self._room -= size
        return self.content(path)

    @abstractmethod
    def content(self, path: str) -> bytes:
        """All of a file that is there. Raises SourceError."""

    @abstractmethod
    def open(self, path: str) -> BinaryIO:
        """The content of a file. Raises SourceError."""

    @abstractmethod
    def begins(self, path: str) -> bytes:
        """The first bytes of a file that may be a document; b"" of any other."""


class BundledImage(Image):
    """An image whose layers are members of an archive. `reference` is its name there, "" if it has none."""

    def __init__(self, name: str, bundle: Bundle) -> None:
        super().__init__(name)
        self.reference = ""
        self._paths: dict[str, str] = {}
        self._bundle = bundle

    def open(self, layer: Layer) -> BinaryIO:
        """The member's content."""
        return self._bundle.open(self._paths.get(layer.key, layer.key))

    def stack(self, paths: Sequence[str], diff_ids: Sequence[str]) -> None:
        """Put the layers that paths lead to on top."""
        for path, diff_id in zip(paths[:MOST_LAYERS], diff_ids, strict=False):
            self._add(path, diff_id)

    def _add(self, path: str, diff_id: str) -> None:
        found = self._bundle.resolved(path)
        if not found:
            self.problems.append(Problem(f"layer {len(self.layers)}", f"{path} is missing"))
        key = key_of(found or path)
        self._paths[key] = found or path
        digest, size = digest_of_path(found), self._bundle.size(found) if found else -1
        self.layers.append(Layer(len(self.layers), key, diff_id, digest, size))


class BundleBlobs(Blobs):
    """The blobs of an OCI layout that lies in an archive."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def document(self, digest: str, most: int = LARGEST_DOCUMENT) -> bytes:
        """A blob read whole, and its digest verified."""
        data = self._bundle.document(_path(digest), most)
        if not digests.fits(digest, data):
            raise SourceError(f"blob {digest} has another digest: {digests.of(data)}")
        return data

    def open(self, digest: str) -> BinaryIO:
        """A blob as the archive holds it."""
        return self._bundle.open(_path(digest))


def _path(digest: str) -> str:
    found = digests.parts(digest)
    if found is None:
        raise SourceError("a malformed digest names no blob")
    return "/".join(("blobs", *found))


def _joined(base: str, link: str) -> str:
    """Where a link in a folder leads, within the archive."""
    return posixpath.normpath(posixpath.join("/", base, link)).lstrip("/")
