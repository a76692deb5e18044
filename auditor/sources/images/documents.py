"""Documents read from blobs: within a bound for all of them, and also where their digest is wrong."""

from __future__ import annotations

import base64
import binascii

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import digest as digests
from auditor.sources.images import fields
from auditor.sources.images.model import LARGEST_DOCUMENT, Problem, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.sources.images.blobs import Blobs

#: Most bytes of documents that are kept at one time.
MOST_KEPT = 128 << 20
_BLOCK = 1 << 20


class MissingBlob(SourceError):
    """A blob is not stored in this place."""


class Reader:
    """Reads documents of one source, each once, until they are too many bytes; `parser` reads what is in them.

    `most`: bytes, 0 for the usual ones.
    """

    def __init__(self, blobs: Blobs, *, most: int = 0) -> None:
        self.blobs = blobs
        self.missing: set[str] = set()
        self.parser = fields.Parser()
        self._most = self._room = most or MOST_KEPT
        self._kept: dict[str, bytes] = {}

    def document(self, descriptor: Mapping[str, object], what: str, problems: list[Problem]) -> bytes | None:
        """The bytes that a descriptor leads to; None, and a problem added, if there are none.

        The digests of those that are not stored here are also collected in `missing`.
        """
        digest = fields.text(descriptor, "digest")
        if digests.parts(digest) is None:
            problems.append(Problem(what, "its digest is malformed"))
            return None
        if digest not in self._kept:
            try:
                data = self._read(digest, descriptor, what, problems)
            except SourceError as error:
                if isinstance(error, MissingBlob):
                    self.missing.add(digest)
                problems.append(Problem(what, str(error)))
                return None
            if len(data) > self._room:
                problems.append(Problem(what, f"not read: the documents together exceed {self._most >> 20} MiB"))
                return None
            self._room -= len(data)
            self._kept[digest] = data
        return self._kept[digest]

    def begins_json(self, digest: str) -> bool:
        """Whether a blob begins as JSON does."""
        try:
            with self.blobs.open(digest) as stream:
                return fields.begins_json(stream.read(64))
        except (SourceError, OSError):
            return False

    def _read(self, digest: str, descriptor: Mapping[str, object], what: str, problems: list[Problem]) -> bytes:
        try:
            return self.blobs.document(digest)
        except SourceError as error:
            if data := _embedded(descriptor, digest):
                return data
            data = self._unverified(digest)
            if not data:
                raise
            problems.append(Problem(what, str(error)))
            return data

    def _unverified(self, digest: str) -> bytes:
        """A document with another digest than stated is searched all the same; b"" if that is impossible, too."""
        data = bytearray()
        try:
            with self.blobs.open(digest) as stream:
                while len(data) <= LARGEST_DOCUMENT and (piece := stream.read(_BLOCK)):
                    data += piece
        except (SourceError, OSError):
            return b""
        made = bytes(data)
        return made if len(made) <= LARGEST_DOCUMENT and not digests.fits(digest, made) else b""


def _embedded(descriptor: Mapping[str, object], digest: str) -> bytes:
    """The blob as its descriptor repeats it (`data`); b"" if it does not."""
    try:
        data = base64.b64decode(fields.text(descriptor, "data"), validate=True)
    except (ValueError, binascii.Error):
        return b""
    return data if digests.fits(digest, data) else b""
