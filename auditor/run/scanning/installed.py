"""Files that public packages have installed: what is found in them everybody can have, as in layers of images.

The `RECORD` of a wheel proves that a file is as it was published. Lists are read only where something was found. npm
keeps no digests of files, and its lockfile cannot tell a public package from one that came through the same proxy.
"""

from __future__ import annotations

import hashlib
import io
import os
from functools import lru_cache
from itertools import islice

from auditor.core.finding import Confidence, Severity, Step
from auditor.core.record import TYPE_CHECKING
from auditor.sources.files import UnreadableFile, open_regular

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.core.finding import Finding
    from auditor.sources.images.owning.owned import Owned

_INFO = ".dist-info"
#: Bytes of one list and of all in one folder, entries of a folder, folders above a file, and those that are remembered.
_LONGEST, _MOST_BYTES = 16 << 20, 64 << 20
_MOST_ENTRIES, _MOST_ABOVE, _REMEMBERED = 100_000, 64, 64
_NOTE = "The package {package} has brought this file, unmodified: whoever can install it has the value."
_REMEDY = "Nothing, as long as the value is the package's own. Change it where it opens something of yours."


class Installed:
    """Remembers what it has read of the packages around files."""

    def __init__(self) -> None:
        self._owned = lru_cache(maxsize=_REMEMBERED)(_owned)

    def weigh(self, path: str, findings: Iterable[Finding]) -> None:
        """Lower the findings in a file where a public package has brought it as it is."""
        weighty = [finding for finding in findings if finding.severity > Severity.LOW]
        # Of a link that is followed by `..`, the text alone says nothing.
        package = self._package(os.path.realpath(path)) if weighty else ""
        for finding in weighty if package else ():
            finding.severity = Severity.LOW
            finding.confidence = Confidence.LOW
            finding.flow = (*finding.flow, Step(_NOTE.format(package=package), None))
            finding.remedy = _REMEDY

    def _package(self, path: str) -> str:
        """The public wheel that has brought the file at an absolute path, and with this content; "" if none has."""
        digests = Digests(path)
        folder = os.path.dirname(path)
        for _ in range(_MOST_ABOVE):
            owned = self._owned(folder)
            if owned is not None and owned.claims(path) and (package := owned.owner(path, digests)):
                return package
            folder, below = os.path.dirname(folder), folder
            if folder == below:
                break
        return ""


class Digests:
    """The digest of a file on the disk, computed when it is asked for; wheels know no other."""

    md5 = sha1 = ""

    def __init__(self, path: str) -> None:
        self._path = path
        self._sha256: str | None = None

    @property
    def sha256(self) -> str:
        """SHA-256 in hexadecimal; "" for a file that cannot be read."""
        if self._sha256 is None:
            try:
                with io.BufferedReader(open_regular(self._path)) as file:
                    self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            except (UnreadableFile, OSError):
                self._sha256 = ""
        return self._sha256


def _owned(folder: str) -> Owned | None:
    """What the wheels have brought whose lists lie in a folder, as far as its lists may be read; None without any."""
    try:
        with os.scandir(folder) as entries:
            infos = sorted(entry.path for entry in islice(entries, _MOST_ENTRIES) if entry.name.endswith(_INFO))
    except OSError:
        return None
    if not infos:
        return None
    from auditor.sources.images.packages import Packages  # start-up: finds in packages only

    packages = Packages()
    room = _MOST_BYTES
    for info in infos:
        # What speaks against a package comes first: where the room ends, nothing that has been read speaks for one.
        for name in ("direct_url.json", "METADATA", "RECORD"):
            if room > 0 and os.path.lexists(f"{info}/{name}"):
                data = _content(f"{info}/{name}")
                packages.add(f"{info}/{name}", data)
                room -= len(data)
    return packages.owned()


def _content(path: str) -> bytes:
    """A list's bytes; none of one that cannot be read or is too long."""
    try:
        with open_regular(path) as file:
            data = file.read(_LONGEST + 1)
    except (UnreadableFile, OSError):
        return b""
    return data if data is not None and len(data) <= _LONGEST else b""
