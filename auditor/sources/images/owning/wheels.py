"""Lists of Python packages: `RECORD` beside `METADATA` in `*.dist-info` (Python packaging specifications).

A package counts as public if its metadata link to a public host (all 112 wheels of the test images' public layer do)
and name a licence for everybody (so do all 254 of another installation), and if nothing says that the public index has
not got it: `direct_url.json` (it came from a file, folder, repository or link; PEP 610), a classifier `Private ::` or a
local version (`1.0+corp`), neither of which the index accepts.
"""

from __future__ import annotations

import binascii
import re

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images.owning.inhouse import has_public_link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.sources.images.owning.book import Book

_INFO = ".dist-info"
_NAMES = ("RECORD", "METADATA", "direct_url.json")
_LONGEST_HEAD = 256 << 10
_LONGEST_LINE = 8 << 10
_LINKS = re.compile(r"^(?:Home-page|Project-URL|Download-URL):(.*)", re.MULTILINE | re.IGNORECASE)
_PRIVATE = re.compile(r"^(?:Classifier:[ \t]*Private\b|Version:[^\n]*\+)", re.MULTILINE | re.IGNORECASE)
#: What a licence is called in each of the fields that have had one; one that is open whatever else is said, and words
#: of those that give no right to anybody.
_LICENCE = re.compile(
    r"^(?:License-Expression:|License:|Classifier:[ \t]*License[ \t]*::)[ \t]*(\S.*)", re.MULTILINE | re.IGNORECASE
)
_OPEN = re.compile(r"OSI Approved|Public Domain", re.IGNORECASE)
_CLOSED = re.compile(
    r"propriet|unlicen[cs]ed|commercial|confidential|internal|all rights|copyright|none", re.IGNORECASE
)
_NAME = re.compile(r"^Name:[ \t]*(\S+)", re.MULTILINE | re.IGNORECASE)
_SHA256 = "sha256="


class Wheels:
    """Reads the lists of one layer, which come in any order."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @staticmethod
    def wants(path: str) -> bool:
        """Whether this file says something about an installed wheel."""
        folder, _, name = path.rpartition("/")
        return name in _NAMES and folder.endswith(_INFO)

    def add(self, path: str, data: bytes) -> None:
        """Note one file of a `.dist-info` folder. Raises csv.Error for a broken RECORD."""
        folder, _, name = path.rpartition("/")
        number = self._book.package(f"wheel {folder}", folder.rsplit("/", 1)[-1].removesuffix(_INFO).split("-")[0])
        if name == "direct_url.json":
            self._book.judge(number, public=False)
        elif name == "METADATA":
            head = data[:_LONGEST_HEAD].replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("utf-8", "replace")
            linked = any(has_public_link(link) for link in _LINKS.findall(head))
            self._book.judge(number, public=linked and _is_licensed(head) and not _PRIVATE.search(head))
        else:
            self._book.add(number, _files(folder.rpartition("/")[0], data.decode("utf-8", "surrogateescape")))

    def finish(self) -> None:
        """Nothing is left to be said: without METADATA nobody has called the package public."""


def _is_licensed(head: str) -> bool:
    """Whether metadata name a licence that anybody may have."""
    licences = _LICENCE.findall(head)
    return any(map(_OPEN.search, licences)) or (bool(licences) and not any(map(_CLOSED.search, licences)))


def _files(base: str, text: str) -> Iterator[tuple[str, str]]:
    """Files of a RECORD, whose paths are relative to the folder of the `.dist-info`, or absolute."""
    import csv  # start-up: layers with wheels only
    import io

    prefix = base + "/" if base else ""
    for row in csv.reader(line for line in io.StringIO(text) if len(line) <= _LONGEST_LINE):
        if len(row) < 2 or not row[0]:
            continue
        path = prefix + row[0]
        if row[0][0] == "/" or ".." in row[0] or "./" in row[0]:
            path = _resolved(base, row[0])
        yield path, _digest(row[1])


def _resolved(base: str, path: str) -> str:
    """Where a path leads; as in a file system, the way up ends at the root."""
    parts: list[str] = [] if path.startswith("/") else [part for part in base.split("/") if part]
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _digest(written: str) -> str:
    if not written.startswith(_SHA256) or len(written) > 64:
        return ""
    try:
        raw = binascii.a2b_base64(written[len(_SHA256) :].replace("-", "+").replace("_", "/") + "==")
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == 32 else ""
