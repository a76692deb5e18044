"""Which files packages brought along, and whether they still are as these brought them (issue 3, attribution).

Formats: dpkg, apk, rpm (SQLite, ndb and BerkeleyDB), wheels, conda. npm and eggs keep no digests of files. Each reader
states how it tells packages of the public from in-house ones.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images.owning.apk import Apk
from auditor.sources.images.owning.book import LONGEST_PATH, Book
from auditor.sources.images.owning.conda import Conda
from auditor.sources.images.owning.dpkg import Dpkg
from auditor.sources.images.owning.owned import Owned
from auditor.sources.images.owning.rpm import Rpm
from auditor.sources.images.owning.wheels import Wheels

if TYPE_CHECKING:
    from typing import Protocol

    from auditor.sources.images.owning.owned import Digests as Digests

    class _Reader(Protocol):
        """What reads the lists of one format."""

        def wants(self, path: str) -> bool: ...
        def add(self, path: str, data: bytes) -> None: ...
        def finish(self) -> None: ...


__all__ = ["LARGEST_LIST", "Owned", "Packages", "is_list"]

#: Longest list that is read, in bytes; those in text have a fraction of it.
LARGEST_LIST = 64 << 20
_LARGEST_TEXT = 16 << 20
_LARGEST_JSON = 6 << 20
_ENDINGS = (
    ".md5sums",
    ".dist-info/RECORD",
    ".dist-info/METADATA",
    ".dist-info/direct_url.json",
    ".json",
    "/status",
    "/installed",
    "/rpmdb.sqlite",
    "/Packages",
    "/Packages.db",
)
_FOLDER = "var/lib/dpkg/status.d/"
_LARGEST: dict[type, int] = {Rpm: LARGEST_LIST, Conda: _LARGEST_JSON}
_READERS = (Dpkg, Apk, Rpm, Wheels, Conda)


def is_list(path: str) -> bool:
    """Whether the whole content of this file is of use to `Packages.add`; `path` as in the layer, without `/` first."""
    if not path.endswith(_ENDINGS) and not path.startswith(_FOLDER):
        return False
    return len(path) <= LONGEST_PATH and any(reader.wants(path) for reader in _READERS)


class Packages:
    """Collects the lists of one layer, in any order; what cannot be read is noted in `problems` (path, reason)."""

    def __init__(self) -> None:
        self._book = Book()
        self._readers: tuple[_Reader, ...] = tuple(reader(self._book) for reader in _READERS)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Lists, or parts of lists, that could not be read: (path, reason)."""
        return self._book.problems

    def add(self, path: str, data: bytes) -> None:
        """Note one list, whose content is `data`. Never raises; files that are no lists do nothing."""
        import csv  # start-up: layers with packages only

        if not is_list(path):
            return
        for reader in self._readers:
            if reader.wants(path):
                most = _LARGEST.get(type(reader), _LARGEST_TEXT)
                if len(data) > most:
                    self._book.problem(path, f"longer than {most:,} bytes")
                    continue
                try:
                    reader.add(path, data)
                except (ValueError, RecursionError, MemoryError, csv.Error) as error:
                    self._book.problem(path, _reason(error))

    def owned(self) -> Owned:
        """What all lists say together."""
        for reader in self._readers:
            reader.finish()
        return self._book.owned()


def _reason(error: Exception) -> str:
    from auditor.sources.images.owning.rpmstores import DamagedStore  # start-up: broken lists only

    return str(error) if isinstance(error, DamagedStore) else "damaged list of a package"
