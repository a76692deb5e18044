"""What a rewrite keeps out of the build context: credential files that the build before is sent, the one after not.

Other files that are left out have no excuse: the image would miss them.
"""

from __future__ import annotations

import os
from hashlib import sha256

from auditor.core.record import TYPE_CHECKING
from auditor.detect.credfiles import recognise
from auditor.lang.ignorefile import parse
from auditor.run.proving.files import FILE, FOLDER, SYMBOLIC_LINK
from auditor.sources.context import BuildContext
from auditor.sources.files import UnreadableFile, open_regular

if TYPE_CHECKING:
    from auditor.run.proving.files import File
    from auditor.run.proving.shapes import Wish
    from auditor.sources.context import ContextFile

#: Files whose contents are looked for.
_MOST_READ = 200
_BLOCK = 1 << 20


class LeftOut:
    """Entries of the build context by their last name."""

    def __init__(self, wish: Wish) -> None:
        self._root = wish.context
        self._named: dict[str, list[ContextFile]] = {}
        self._digests: dict[str, str] = {}
        if wish.ignore_before == wish.ignore_after or not os.path.isdir(wish.context):
            return
        sent = {entry.path for entry in BuildContext(wish.context, parse(wish.ignore_after or "")).walk()}
        for entry in BuildContext(wish.context, parse(wish.ignore_before or "")).walk():
            if entry.path not in sent and _is_sensitive(entry.path):
                self._named.setdefault(entry.path.rpartition("/")[2], []).append(entry)

    def credentials(self) -> list[str]:
        """Paths of those that hold credentials by their names, not too many."""
        entries = [entry for named in self._named.values() for entry in named]
        files = sorted(entry.path for entry in entries if not (entry.is_dir or entry.is_link))
        return [path for path in files if recognise(path) is not None][:_MOST_READ]

    def explains(self, path: str, file: File) -> bool:
        """Whether what an image has at a path is a copy of one of them."""
        return any(self._is_copy(entry, file) for entry in self._named.get(path.rpartition("/")[2], ()))

    def _is_copy(self, entry: ContextFile, file: File) -> bool:
        if entry.is_dir:
            return file.kind == FOLDER
        if entry.is_link:
            return file.kind == SYMBOLIC_LINK and self._link(entry.path) == file.link
        return file.kind == FILE and file.size == entry.size and self._digest(entry.path) == file.content

    def _link(self, path: str) -> str:
        try:
            return os.readlink(os.path.join(self._root, path))
        except OSError:
            return ""

    def _digest(self, path: str) -> str:
        if path not in self._digests:
            digest = sha256()
            try:
                with open_regular(os.path.join(self._root, path), follow=False) as file:
                    while block := file.read(_BLOCK):
                        digest.update(block)
                self._digests[path] = digest.hexdigest()
            except (OSError, UnreadableFile):
                self._digests[path] = ""
        return self._digests[path]


def _is_sensitive(path: str) -> bool:
    """Whether a path, or a folder above it, is one of credentials by its name."""
    parts = path.split("/")
    above = ("/".join(parts[:count]) + "/" for count in range(1, len(parts)))
    return recognise(path) is not None or any(recognise(folder) is not None for folder in above)
