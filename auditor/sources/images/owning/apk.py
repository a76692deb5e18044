"""The database of apk: `lib/apk/db/installed` (apk-tools, doc/apk-v2.5.scd: INDEX FORMAT V2 and installed database).

A package counts as public if it names its origin and the commit that it was built from (`abuild` and `melange` write
both, `nfpm` and `fpm` write no commit), its maintainer, if named, has a mail address at a public host, and it puts no
file below the places that abuild forbids (`inhouse.PLACES`).
"""

from __future__ import annotations

import binascii
import re

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images.owning.book import LONGEST_PATH, stanzas
from auditor.sources.images.owning.inhouse import has_public_mail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.sources.images.owning.book import Book

_PATHS = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
_FIELD = re.compile(r"^([Pocm]):(.*)$", re.MULTILINE)
_FILE = re.compile(r"^([FRZ]):(.*)$", re.MULTILINE)
_SUMS = {"Q1": 20, "Q2": 32}


class Apk:
    """Reads the databases of one layer."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @staticmethod
    def wants(path: str) -> bool:
        """Whether this is apk's database."""
        return path in _PATHS

    def add(self, path: str, data: bytes) -> None:
        """Note all packages of one database."""
        for stanza in stanzas(data.decode("utf-8", "surrogateescape")):
            fields = {field[1]: field[2] for field in _FIELD.finditer(stanza)}
            name = fields.get("P", "")
            if name:
                number = self._book.package(f"apk {name}", name)
                in_place = self._book.add(number, _files(stanza))
                self._book.judge(number, public=_is_public(fields) and not in_place)

    def finish(self) -> None:
        """Nothing is left to be said."""


def _files(stanza: str) -> Iterator[tuple[str, str]]:
    """Files: `F` names a folder, `R` a file in it, `Z` its digest."""
    folder, name = "", ""
    for line in _FILE.finditer(stanza):
        kind, value = line[1], line[2]
        if kind == "Z" and name:
            yield name, _digest(value)
            name = ""
            continue
        if name:
            yield name, ""
        name = f"{folder}{value}" if kind == "R" else ""
        if kind == "F":
            folder = value[:LONGEST_PATH] + "/" if value else ""
    if name:
        yield name, ""


def _is_public(fields: dict[str, str]) -> bool:
    if not fields.get("o") or not fields.get("c"):
        return False
    return "m" not in fields or has_public_mail(fields["m"])


def _digest(written: str) -> str:
    """`Q1` and base64 of a SHA-1, `Q2` and base64 of a SHA-256, as hexadecimal digits; "" for anything else."""
    try:
        raw = binascii.a2b_base64(written[2:])
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if _SUMS.get(written[:2]) == len(raw) else ""
