"""Where a compose file lies, and the files beside it that say what its services do."""

from __future__ import annotations

import os.path
import stat

from auditor.core.pattern import Pattern
from auditor.core.places import is_below
from auditor.core.record import TYPE_CHECKING
from auditor.flow.build import follow
from auditor.lang.compose.interpolation import with_defaults
from auditor.lang.compose.nodes import Mapping, Scalar
from auditor.lang.dockerfile.parser import parse_bytes
from auditor.lang.ignorefile import parse as parse_ignore
from auditor.sources.context import BuildContext
from auditor.sources.files import UnreadableFile, is_compose_name, read_regular, repository_root
from auditor.sources.gitindex import tracked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Mapping as Table

    from auditor.flow.build import Build
    from auditor.lang.compose.nodes import Node
    from auditor.lang.compose.services import ComposeText

_REMOTE = Pattern(r"[a-z+]+://|git@|github\.com/")
_LIMIT = 512 * 1024
_MOST_ENTRIES = 2_000
_MOST_SIBLINGS = 20
_MOST_BUILDS = 50


class Place:
    """`path` is the compose file ("" for standard input: nothing lies beside it), `roots` the folders that may be
    looked into, `pending` texts of files that are not written yet, by absolute path."""

    def __init__(self, path: str, roots: Sequence[str], pending: Table[str, str]) -> None:
        self.path = os.path.abspath(path) if path else ""
        self.folder = os.path.dirname(self.path)
        self._roots = roots
        self.pending = pending
        self._builds: dict[tuple[str, str, str], Build | None] = {}
        self._tracked: dict[str, frozenset[str]] = {}
        self._siblings: list[tuple[str, str]] | None = None

    def with_pending(self, pending: Table[str, str]) -> Place:
        """The same place with other files that are not written yet."""
        return Place(self.path, self._roots, pending)

    def text(self, path: str) -> str | None:
        """The text of a file, by its path relative to the compose file; None where it cannot be read."""
        full = self.full(path)
        if not full or not self._is_inside(full):
            return None
        if full in self.pending:
            return self.pending[full]
        try:
            return read_regular(full, _LIMIT).decode("utf-8", "surrogateescape")
        except UnreadableFile:
            return None

    def size(self, path: str) -> int | None:
        """Bytes of a regular file, by its path relative to the compose file; None where there is none to be seen."""
        full = self.full(path)
        if not full or not self._is_inside(full):
            return None
        try:
            found = os.stat(full)
        except (OSError, ValueError):
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def full(self, path: str) -> str:
        """The absolute path of what a compose file names; "" for standard input."""
        return os.path.normpath(os.path.join(self.folder, path)) if self.path else ""

    def is_tracked(self, path: str) -> bool:
        """Whether git tracks a file, as far as its index beside it says; by its path relative to the compose file."""
        full = self.full(path)
        if not full or not self._is_inside(full):
            return False
        root = repository_root(full)
        if root not in self._tracked:
            self._tracked[root] = tracked(root) or frozenset()
        return os.path.relpath(full, root).replace(os.sep, "/") in self._tracked[root]

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

    def build_of(self, file: ComposeText, node: Node | None) -> Build | None:
        """The build that a service's `build` stands for, followed; None where it cannot be seen."""
        if isinstance(node, Mapping):
            if node.merges or node.get("dockerfile_inline") is not None:
                return None
            given = [file.resolve(node.get(key)) for key in ("context", "dockerfile", "target")]
        else:
            given = [node, None, None]
        texts = [one.value if isinstance(one, Scalar) else "" for one in given]
        context, dockerfile, target = map(with_defaults, texts)
        if context is None or dockerfile is None or target is None or _REMOTE.match(context):
            return None
        if not context and not isinstance(node, Mapping):
            return None
        return self.build(context or ".", dockerfile or "Dockerfile", target)

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
        return follow(document, path, self._context(folder, path), target or None)

    def _context(self, folder: str, dockerfile: str) -> BuildContext:
        """The build context with its ignore file as it will be."""
        found = BuildContext.open(folder, dockerfile)
        pending = self.pending.get(os.path.abspath(found.ignore_path or os.path.join(folder, ".dockerignore")))
        if pending is not None:
            found.ignore = parse_ignore(pending)
        return found

    def _is_inside(self, path: str) -> bool:
        return "\0" not in path and any(is_below(path, root) for root in self._roots)
