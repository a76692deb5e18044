"""What public packages have brought into a layer: which of its values are nobody's secrets."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.detect.sweep import SOURCES
from auditor.run.images.layers.deferred import list_digest
from auditor.run.images.layers.doubts import is_hash, lowered, source_of
from auditor.run.images.layers.inside import file_of
from auditor.run.images.layers.outcome import FileDigests
from auditor.sources.images.npm import NpmPackages, is_lockfile
from auditor.sources.images.packages import Owned, Packages, is_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.run.images.layers.deferred import Deb
    from auditor.run.images.leak import Leak
    from auditor.sources.images.owning.owned import Digests

#: Endings of files of npm packages that need no digest to be taken for theirs: nobody keeps settings in them.
_OF_NPM = tuple(f".{ending}" for ending in (*SOURCES, "json"))


class Brought:
    """Collects the lists of packages and the digests of files of one layer; `npm_files` counts files of npm packages
    that were searched by the form of values only, `owned` is there once `read` was called."""

    def __init__(self) -> None:
        self._packages = Packages()
        self._npm = NpmPackages()
        self._lists: set[bytes] = set()
        self._databases: set[str] = set()
        self.digests: dict[str, FileDigests] = {}
        self.owned = Owned()
        self.npm_files = 0

    @staticmethod
    def wants(path: str) -> bool:
        """Whether the content of this file is needed."""
        return is_list(path) or is_lockfile(path)

    def add(self, path: str, data: bytes) -> None:
        """Take the content of such a file."""
        if is_list(path):
            self._packages.add(path, data)
            self._lists.add(list_digest(data))
        elif is_lockfile(path):
            self._npm.add(path, data)

    def add_database(self, path: str) -> None:
        """Note that a file is a database."""
        self._databases.add(path)

    def read(self) -> list[tuple[str, str]]:
        """Make sense of all lists; what could not be read, as (message, path)."""
        self.owned = self._packages.owned()
        return [(f"list of a package not read: {reason}", path) for path, reason in self._packages.problems]

    def has_installed(self, deb: Deb) -> bool:
        """Whether the files of a package are those of an installed public one. An in-house package is opened."""
        md5, path = deb.first
        return deb.digest in self._lists and bool(self.owned.owner(path, FileDigests(md5, "", "")))

    def by_npm(self, path: str) -> bool:
        """Whether npm has put a program or its data here from a public registry, as far as is known by now."""
        return path.endswith(_OF_NPM) and self._npm.brought(path)

    def holds(self, path: str, digests: Digests) -> bool:
        """Whether a public package has brought this file as it is."""
        return bool(self.owned.owner(path, digests)) or self.by_npm(path)

    def weighed(self, leak: Leak, waiting: Mapping[str, Digests]) -> Leak:
        """The leak, less sure where what lies beside its file says that its value is nobody's secret.

        `waiting` are the digests of further files.
        """
        path = file_of(leak.place.path, leak.place.inner_path)
        source = source_of(path)
        digests = self.digests.get(source) or waiting.get(source)
        if source and digests is not None and self.holds(source, digests):
            return lowered(leak, self.owned.owner(source, digests))
        expired = leak.verdict == "expired" and self.by_npm(path)
        hashed = path in self._databases and is_hash(leak.secret.reveal())
        return lowered(leak, "") if expired or hashed else leak
