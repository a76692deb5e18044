"""Lists of conda: `conda-meta/*.json` (conda, PrefixRecord).

A package counts as public if it came from a channel with the name of a public one: mirrors and proxies keep the names,
and in-house channels have others. It may have come over a link with a token, which says nothing about the package.
"""

from __future__ import annotations

import json

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.sources.images.owning.book import Book

_EMPTY: dict[str, object] = {}
_FOLDER = "conda-meta/"
_CHANNELS = frozenset(
    "anaconda bioconda conda-forge defaults free intel main msys2 nvidia pytorch r rapidsai microsoft".split()
)


class Conda:
    """Reads the lists of one layer."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @staticmethod
    def wants(path: str) -> bool:
        """Whether this is conda's record of a package."""
        return path.endswith(".json") and ("/" + path).rsplit("/", 2)[-2] == "conda-meta"

    def add(self, path: str, data: bytes) -> None:
        """Note one package. Raises ValueError or RecursionError for what is no JSON."""
        prefix = path[: path.rindex(_FOLDER)]
        record = json.loads(data, object_pairs_hook=_object)
        if not isinstance(record, dict) or not isinstance(record.get("name"), str):
            raise ValueError("no record of a package")
        details = record.get("paths_data")
        rows = details.get("paths") if isinstance(details, dict) else None
        if not isinstance(rows, list):
            raise ValueError("no list of files")
        number = self._book.package(f"conda {path}", record["name"])
        self._book.add(number, (_file(prefix, row) for row in rows if isinstance(row, dict) and "_path" in row))
        self._book.judge(number, public=_channel(record) in _CHANNELS)

    def finish(self) -> None:
        """Nothing is left to be said."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Hostile documents are made of empty objects, which would take thirty times the space of their text.
    return dict(pairs) if pairs else _EMPTY


def _file(prefix: str, row: dict[str, object]) -> tuple[str, str]:
    # Where the prefix was written into the file, its content is not the one that the package has.
    digest = row.get("sha256_in_prefix") or row.get("sha256")
    return f"{prefix}{row['_path']}", digest if isinstance(digest, str) else ""


def _channel(record: dict[str, object]) -> str:
    """The last name of the channel, without the platform: `conda-forge` of `https://host/a/conda-forge/linux-64`."""
    channel = record.get("channel")
    link = record.get("url")
    if not isinstance(channel, str) or not isinstance(link, str) or not link.startswith("https://"):
        return ""
    names = [name for name in channel.split("/") if name]
    if names and names[-1] in (record.get("subdir"), "noarch"):
        names.pop()
    return names[-1] if names else ""
