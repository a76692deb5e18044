"""Files that public packages have installed: what is found in them everybody can have, as in layers of images.

Of a wheel, its `RECORD` proves that a file is as it was published. npm says where a package came from and keeps no
digests of files: only programs and their data count as the package's, and tokens of a known format and private keys
keep their severity unless they have expired. Lists are read only where something was found.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from itertools import islice

from auditor.core.finding import Confidence, Severity, Step
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.detect.detection import KNOWN_TOKEN, PRIVATE_KEY
from auditor.detect.sweep import OF_PACKAGES
from auditor.sources.files import UnreadableFile, open_regular

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.core.finding import Finding
    from auditor.sources.images.npm import NpmPackages
    from auditor.sources.images.owning.owned import Owned

_INFO = ".dist-info"
_MODULES = Pattern("/(?=node_modules/)")
_RECORD = "RECORD"
_FIRST = re.compile(rb"(?m)^[^/,\n]+")
#: Bytes of one list and of all in one folder, files and folders right in it that one list names, entries of a folder,
#: folders above a file, and rows of a list.
_LONGEST, _MOST_BYTES, _MOST_NAMED = 16 << 20, 256 << 20, 10_000
_MOST_ENTRIES, _MOST_FOLDERS, _MOST_ROWS = 100_000, 64, 500_000
_TELLING_FORMS = frozenset((KNOWN_TOKEN, PRIVATE_KEY))
_BY_WHEEL = "The package {package} has brought this file, unmodified: whoever can install it has the value."
_BY_NPM = "An npm package of a public registry has brought this file: whoever can install it has the value."
_REMEDY = "Nothing, as long as the value is the package's own. Change it where it opens something of yours."


class Installed:
    """Remembers what it has read of the packages around files."""

    def __init__(self) -> None:
        self._wheels: dict[tuple[str, ...], Owned] = {}
        self._infos: dict[str, dict[bytes, tuple[str, ...]]] = {}
        self._npm: dict[str, NpmPackages] = {}

    def weigh(self, path: str, findings: Iterable[Finding]) -> None:
        """Lower the findings in a file where a public package has brought it as it is."""
        weighty = [finding for finding in findings if finding.severity > Severity.LOW]
        if not weighty:
            return
        absolute = os.path.abspath(path)
        if self._by_npm(absolute):
            note = _BY_NPM
            weighty = [one for one in weighty if one.rule not in _TELLING_FORMS or one.verdict == "expired"]
        else:
            package = self._package(absolute)
            note = _BY_WHEEL.format(package=package) if package else ""
        for finding in weighty if note else ():
            finding.severity = Severity.LOW
            finding.confidence = Confidence.LOW
            finding.flow = (*finding.flow, Step(note, None))
            finding.remedy = _REMEDY

    def _package(self, path: str) -> str:
        """The public wheel that has brought the file at an absolute path, and with this content; "" if none has."""
        digests: Digests | None = None
        folder = path
        for _ in range(_MOST_FOLDERS):
            folder, within = os.path.dirname(folder), folder
            if folder == within:
                break
            owned = self._owned(folder, os.path.basename(within))
            if owned is not None and owned.claims(path):
                digests = digests or Digests(path)
                package = owned.owner(path, digests)
                if package:
                    return package
        return ""

    def _by_npm(self, path: str) -> bool:
        """Whether the lockfile beside one of the `node_modules` above a program says that its package is public."""
        return path.endswith(OF_PACKAGES) and any(
            self._modules(path[: match.end()]).brought(path) for match in _MODULES.finditer(path)
        )

    def _modules(self, root: str) -> NpmPackages:
        """What npm has installed in a project; `root` is its folder with the slash."""
        from auditor.sources.images.npm import LOCKFILE, NpmPackages  # start-up: finds in packages only

        if root not in self._npm:
            packages = self._npm[root] = NpmPackages()
            packages.add(root + LOCKFILE, _content(root + LOCKFILE))
        return self._npm[root]

    def _owned(self, folder: str, first: str) -> Owned | None:
        """What wheels in a folder have brought whose lists name `first`, a file or folder right in it."""
        if folder not in self._infos:
            self._infos[folder] = _infos(folder)
        infos = self._infos[folder].get(os.fsencode(first))
        if infos and infos not in self._wheels:
            self._wheels[infos] = _read(infos)
        return self._wheels[infos] if infos else None


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


def _infos(folder: str) -> dict[bytes, tuple[str, ...]]:
    """The `.dist-info` folders in a folder, by each file or folder right in it that their `RECORD` names."""
    found = []
    try:
        with os.scandir(folder) as entries:
            found = [entry.path for entry in islice(entries, _MOST_ENTRIES) if entry.name.endswith(_INFO)]
    except OSError:
        return {}
    named: dict[bytes, tuple[str, ...]] = {}
    room = _MOST_BYTES
    for info in sorted(found):
        record = _content(f"{info}/{_RECORD}")
        room -= len(record)
        if room < 0:
            break
        firsts = set(islice((match[0] for match in _FIRST.finditer(record)), _MOST_ROWS))
        for first in firsts if len(firsts) <= _MOST_NAMED else ():
            named[first] = (*named.get(first, ()), info)
    return named


def _read(infos: Iterable[str]) -> Owned:
    """What the lists of these packages say together."""
    from auditor.sources.images.packages import Packages  # start-up: finds in packages only

    packages = Packages()
    for info in infos:
        for name in (_RECORD, "METADATA", "direct_url.json"):
            if os.path.lexists(f"{info}/{name}"):
                packages.add(f"{info}/{name}", _content(f"{info}/{name}"))
    return packages.owned()


def _content(path: str) -> bytes:
    """A list's bytes; none of one that is not there, cannot be read, or is too long."""
    try:
        with open_regular(path) as file:
            data = file.read(_LONGEST + 1)
    except (UnreadableFile, OSError):
        return b""
    return data if data is not None and len(data) <= _LONGEST else b""
