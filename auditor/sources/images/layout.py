"""OCI image layout directories: index.json, and blobs named by their digests."""

from __future__ import annotations

import errno
import os
import stat

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import digest as digests
from auditor.sources.images import fields
from auditor.sources.images.blobs import Blobs
from auditor.sources.images.documents import MissingBlob
from auditor.sources.images.manifests import images_of
from auditor.sources.images.model import LARGEST_DOCUMENT, Problem, Source, SourceError
from auditor.sources.images.orphans import add_orphans, asks_for_all

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from auditor.sources.images.model import Image

INDEX_FILE, MARKER, BLOBS = "index.json", "oci-layout", "blobs"
_MOST_BLOBS = 100_000
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
# A pipe must not make the program wait for somebody to write into it.
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class LayoutBlobs(Blobs):
    """The blobs of a layout. Links are not followed below the directory itself."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def document(self, digest: str, most: int = LARGEST_DOCUMENT) -> bytes:
        """A blob read whole, and its digest verified."""
        with self.open(digest) as stream:
            data = stream.read(most + 1)
        if len(data) > most:
            raise SourceError(f"blob {digest} is larger than {most:,} bytes")
        if not digests.fits(digest, data):
            raise SourceError(f"blob {digest} has another digest: {digests.of(data)}")
        return data

    def open(self, digest: str) -> BinaryIO:
        """A blob as a file."""
        found = digests.parts(digest)
        if found is None:
            raise SourceError("a malformed digest names no blob")
        return open_inside(self._directory, (BLOBS, *found), f"blob {digest}")


def open_inside(directory: str, way: Sequence[str], part: str) -> BinaryIO:
    """A regular file below a directory, through no link. Raises SourceError, which names the part."""
    try:
        handle = _handle(directory, way)
    except FileNotFoundError:
        raise MissingBlob(f"{part} is missing") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file name"
        raise SourceError(f"{part} cannot be read: {reason}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise SourceError(f"{part} is not a regular file")
    return os.fdopen(handle, "rb", buffering=0)


def _handle(directory: str, way: Sequence[str]) -> int:
    """Open a file step by step, so that none of the steps is a link."""
    if os.open not in os.supports_dir_fd:
        steps = [os.path.join(directory, *way[: count + 1]) for count in range(len(way))]
        if any(os.path.islink(step) for step in steps):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        return os.open(steps[-1], _FILE)
    handles = [os.open(directory, os.O_RDONLY | os.O_DIRECTORY)]
    try:
        for name in way[:-1]:
            handles.append(os.open(name, _FOLDER, dir_fd=handles[-1]))
        return os.open(way[-1], _FILE, dir_fd=handles[-1])
    finally:
        for handle in handles:
            os.close(handle)


class LayoutSource(Source):
    """The images of a layout directory that have a tag or a digest ("" = all), for a platform."""

    def __init__(self, name: str, directory: str, *, tag: str = "", platform: str = "") -> None:
        super().__init__(name)
        self._directory = directory
        self._tag = tag
        self._platform = platform

    def images(self) -> Sequence[Image]:
        """As `images_of` the layout's index, else of the blob with the digest asked for."""
        blobs = LayoutBlobs(self._directory)
        with open_inside(self._directory, (INDEX_FILE,), f"{self.name}: {INDEX_FILE}") as stream:
            root = stream.read(LARGEST_DOCUMENT + 1)
        if len(root) > LARGEST_DOCUMENT:
            raise SourceError(f"{self.name}: {INDEX_FILE} is larger than {LARGEST_DOCUMENT:,} bytes")
        images = images_of(self.name, blobs, root, platform=self._platform, tag=self._tag)
        images[0].problems.extend(self._marked())
        if asks_for_all(self._tag, self._platform):
            stored = self._stored(images[0].problems)
            add_orphans(self.name, blobs, stored, images)
        return images

    def _stored(self, problems: list[Problem]) -> dict[str, int]:
        """All blobs of the layout, with their sizes in bytes."""
        found: dict[str, int] = {}
        for algorithm in digests.ALGORITHMS:
            folder = os.path.join(self._directory, BLOBS, algorithm)
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        digest = f"{algorithm}:{entry.name}"
                        if digests.parts(digest) and entry.is_file(follow_symlinks=False):
                            found[digest] = entry.stat(follow_symlinks=False).st_size
                        if len(found) > _MOST_BLOBS:
                            problems.append(
                                Problem("blobs", f"more than {_MOST_BLOBS:,}; the others were not looked at")
                            )
                            return found
            except FileNotFoundError:
                continue
            except OSError as error:
                problems.append(Problem(f"blobs/{algorithm}", error.strerror or "cannot be read"))
        return dict(sorted(found.items()))

    def _marked(self) -> list[Problem]:
        """What is wrong with the file that says that this is a layout."""
        try:
            with open_inside(self._directory, (MARKER,), MARKER) as stream:
                version = fields.short(fields.parse(stream.read(1 << 16)), "imageLayoutVersion")
        except (SourceError, ValueError) as error:
            return [Problem(MARKER, str(error))]
        if version.partition(".")[0] != "1":
            return [Problem(MARKER, f"version {version!r} is not known; it was read as 1.0.0")]
        return []
