"""Where a compose file lies, and the files beside it that say what its services do."""

from __future__ import annotations

import os.path

from auditor.core.places import is_below
from auditor.core.record import TYPE_CHECKING
from auditor.flow.build import follow
from auditor.lang.dockerfile.parser import parse_bytes
from auditor.sources.context import BuildContext
from auditor.sources.files import UnreadableFile, is_compose_name, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditor.flow.build import Build

_LIMIT = 512 * 1024
_MOST_ENTRIES = 2_000
_MOST_SIBLINGS = 20
_MOST_BUILDS = 50


class Place:
    """`path` is the compose file ("" for standard input: nothing lies beside it), `roots` the folders that may be
    looked into, `pending` texts of files that are not written yet, by absolute path."""

    def __init__(self, path: str, roots: Sequence[str], pending: Mapping[str, str]) -> None:
        self.path = os.path.abspath(path) if path else ""
        self.folder = os.path.dirname(self.path)
        self._roots = roots
        self._pending = pending
        self._builds: dict[tuple[str, str, str], Build | None] = {}
        self._siblings: list[tuple[str, str]] | None = None

    def text(self, path: str) -> str | None:
        """The text of a file, by its path relative to the compose file; None where it cannot be read."""
        full = os.path.normpath(os.path.join(self.folder, path))
        if not self.path or not self._is_inside(full):
            return None
        if full in self._pending:
            return self._pending[full]
        try:
            return read_regular(full, _LIMIT).decode("utf-8", "surrogateescape")
        except UnreadableFile:
            return None

    def is_taken(self, path: str) -> bool:
        """Whether there is something of that name, relative to the compose file."""
        return bool(self.path) and os.path.lexists(os.path.join(self.folder, path))

    def siblings(self) -> Iterator[tuple[str, str]]:
        """Other compose files of the folder, which may be merged with this one: names and texts."""
        if self._siblings is None:
            self._siblings = [
                (name, text)
                for name in self._listed()
                if name != os.path.basename(self.path) and (text := self.text(name)) is not None
            ]
        yield from self._siblings

    def _listed(self) -> list[str]:
        if not self.path:
            return []
        found: list[str] = []
        try:
            with os.scandir(self.folder) as entries:
                for number, entry in enumerate(entries):
                    if number >= _MOST_ENTRIES or len(found) >= _MOST_SIBLINGS:
                        break
                    if is_compose_name(entry.name):
                        found.append(entry.name)
        except OSError:
            return []
        return sorted(found)

    def build(self, context: str, dockerfile: str, target: str) -> Build | None:
        """The build of a service, followed; None where it cannot be seen. Paths as in the compose file."""
        key = (context, dockerfile, target)
        if key not in self._builds:
            self._builds[key] = self._followed(*key) if len(self._builds) < _MOST_BUILDS else None
        return self._builds[key]

    def _followed(self, context: str, dockerfile: str, target: str) -> Build | None:
        folder = os.path.normpath(os.path.join(self.folder, context))
        if not self.path or not self._is_inside(folder) or not os.path.isdir(folder):
            return None
        path = os.path.join(folder, dockerfile)
        text = self.text(path)
        if text is None:
            return None
        document = parse_bytes(text.encode("utf-8", "surrogateescape"))
        if document.error is not None:
            return None
        return follow(document, path, BuildContext.open(folder, path), target or None)

    def _is_inside(self, path: str) -> bool:
        return any(is_below(path, root) for root in self._roots)
