"""The database of rpm: a header for each package, whichever store it has (rpm, docs/manual/format_header.md, tags.md).

A package counts as public if it is signed and names its vendor, as all packages of distributions are and packages
out of a plain `rpmbuild` are not; its packager, if it is a mail address, is at a public host; and it puts no file
below the places that are not for distributions (`inhouse.PLACES`; but Fedora's `rootfiles` are in /root).
"""

from __future__ import annotations

import struct

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images.owning.book import LONGEST_PATH, MOST_FILES
from auditor.sources.images.owning.inhouse import has_public_mail
from auditor.sources.images.owning.rpmstores import DamagedStore, headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.sources.images.owning.book import Book

_FOLDERS = ("var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/")
_FILES = ("rpmdb.sqlite", "Packages.db", "Packages")
_NAME, _VENDOR, _PACKAGER = 1000, 1011, 1015
_DIGESTS, _FOLDER_NUMBERS, _BASE_NAMES, _FOLDER_NAMES = 1035, 1116, 1117, 1118
#: Signatures over the header or the whole package: DSA, RSA, PGP, GPG, OpenPGP.
_SIGNATURES = (267, 268, 259, 262, 278)
_WANTED = frozenset((_NAME, _VENDOR, _PACKAGER, _DIGESTS, _FOLDER_NUMBERS, _BASE_NAMES, _FOLDER_NAMES, *_SIGNATURES))
_ENTRY = struct.Struct(">4I")
_LONGEST_TEXT = 4096


class _Field(NamedTuple):
    """Where the value of a tag is in a header, and how many values there are (`length`)."""

    start: int
    length: int


class Rpm:
    """Reads the databases of one layer."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @staticmethod
    def wants(path: str) -> bool:
        """Whether this is rpm's database."""
        folder, _, name = path.rpartition("/")
        return name in _FILES and folder + "/" in _FOLDERS

    def add(self, path: str, data: bytes) -> None:
        """Note all packages of a database. Raises DamagedStore, with what came before it noted."""
        for blob in headers(data):
            try:
                self._add_package(blob)
            except (ValueError, struct.error):
                self._book.problem(path, "damaged header of a package")

    def finish(self) -> None:
        """Nothing is left to be said."""

    def _add_package(self, blob: bytes) -> None:
        fields = _fields(blob)
        name = _text(blob, fields.get(_NAME))
        if not name:
            return
        number = self._book.package(f"rpm {name}", name)
        in_place = self._book.add(number, _files(blob, fields)) and name != "rootfiles"
        packager = _text(blob, fields.get(_PACKAGER))
        public = any(tag in fields for tag in _SIGNATURES) and _text(blob, fields.get(_VENDOR)) not in ("", "(none)")
        if "@" in packager:
            public = public and has_public_mail(packager)
        self._book.judge(number, public=public and not in_place)


def _fields(blob: bytes) -> dict[int, _Field]:
    """The tags of a header that are of use. Raises struct.error for one that is cut."""
    count, size = struct.unpack_from(">2I", blob)
    start = 8 + count * _ENTRY.size
    if start + size > len(blob):
        raise DamagedStore("header longer than its record")
    return {
        tag: _Field(start + offset, number)
        for tag, _, offset, number in _ENTRY.iter_unpack(blob[8:start])
        if tag in _WANTED
    }


def _text(blob: bytes, field: _Field | None) -> str:
    if field is None:
        return ""
    end = blob.find(b"\0", field.start, field.start + _LONGEST_TEXT)
    return blob[field.start : max(field.start, end)].decode("utf-8", "surrogateescape")


def _texts(blob: bytes, field: _Field) -> list[str]:
    if field.length > MOST_FILES:
        raise ValueError("too many files")
    found = blob[field.start :].split(b"\0", field.length)[: field.length]
    return b"\0".join(found).decode("utf-8", "surrogateescape").split("\0")


def _files(blob: bytes, fields: dict[int, _Field]) -> Iterator[tuple[str, str]]:
    """Paths and digests, which are MD5 in old packages, SHA-256 in others; their beginnings tell which fits."""
    if not fields.keys() >= {_FOLDER_NUMBERS, _BASE_NAMES, _FOLDER_NAMES}:
        return
    folders = [folder.lstrip("/")[:LONGEST_PATH] for folder in _texts(blob, fields[_FOLDER_NAMES])]
    names = _texts(blob, fields[_BASE_NAMES])
    at = fields[_FOLDER_NUMBERS]
    if at.length != len(names) or at.start + 4 * at.length > len(blob):
        raise ValueError("names and folders differ in number")
    numbers = struct.unpack_from(f">{at.length}I", blob, at.start)
    digests = _texts(blob, fields[_DIGESTS]) if _DIGESTS in fields else []
    if len(digests) != len(names):
        digests = [""] * len(names)
    for folder, name, digest in zip(numbers, names, digests, strict=True):
        if folder >= len(folders):
            raise ValueError("a file is in no folder")
        yield folders[folder] + name, digest
