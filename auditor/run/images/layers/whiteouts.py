"""What a layer does to those below it: files it removes, folders whose contents it hides, paths it brings."""

from __future__ import annotations

import posixpath
from array import array

from auditor.core.record import TYPE_CHECKING
from auditor.run.images.layers.pathset import number
from auditor.sources.images.tarheaders import normal

if TYPE_CHECKING:
    from auditor.run.images.layers.pathset import PathSet
    from auditor.sources.images.tarblocks import Entry

#: OCI image-spec, layer: "Whiteouts". Names that begin with the second are for the storage of one engine only.
_WHITEOUT, _OPAQUE, _OTHER = ".wh.", ".wh..wh..opq", ".wh..wh."
_FILE, _FOLDER, _HARD_LINK, _SYMBOLIC_LINK, _DEVICE = "0", "5", "1", "2", "3"
_OVERLAY_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")
#: Whiteouts, opaque folders, hard links and symbolic links of one layer that are kept, each.
MOST, MOST_LINKS, MOST_SYMLINKS = 100_000, 50_000, 20_000
#: Names from the root to a symbolic link that is kept. Systems have theirs near the root (`/bin`, `/var/run`); a folder
#: of npm packages has tens of thousands.
_DEEPEST = 3


class Changes:
    """Collects what the entries of one layer say. `files` and `folders` are paths as `pathset.number` gives them.

    What is too much to be kept is said once in `errors`: (message, path).
    """

    def __init__(self, errors: list[tuple[str, str]] | None = None) -> None:
        self.removed: list[str] = []
        self.opaque: list[str] = []
        self.files = array("Q")
        self.folders = array("Q")
        self._watched: set[str] = set()
        self._known: set[str] = set()  # at least all paths of which more than their number is kept
        self._links: dict[str, str] = {}
        self._names: dict[str, dict[str, None]] = {}
        self._symlinks: dict[str, str] = {}
        self._errors: list[tuple[str, str]] = [] if errors is None else errors
        self._cut: set[str] = set()

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """Hard links to watched files: (path, path of the file itself), in order."""
        return tuple(self._links.items())

    def symlinks(self, files: PathSet) -> tuple[tuple[str, str], ...]:
        """Symbolic links near the root that may lead to folders: (path, path that it leads to), from the root both.

        `files` is the set of this layer's: links to one of them are left out.
        """
        known = self._symlinks
        return tuple((path, target) for path, target in known.items() if target in known or target not in files)

    def watch(self, path: str) -> None:
        """Something was found in the file at this path: hard links to it and a second file there are worth telling."""
        self._watched.add(path)
        self._known.add(path)

    def add(self, entry: Entry) -> str | None:
        """Note one entry; its path if that is watched, and given to something else now."""
        path = entry.path
        if entry.kind == _FILE and _WHITEOUT not in path:
            self.files.append(number(path))
            return self._forget(path) if path in self._known else None
        folder, _, name = path.rpartition("/")
        if name.startswith(_WHITEOUT):
            self._whiteout(folder, name)
            return None
        if entry.kind == _DEVICE and entry.device == (0, 0):
            self._note(self.removed, path)
            return None
        if entry.kind == _FOLDER:
            self.folders.append(number(path))
            if any(key in _OVERLAY_OPAQUE and value == b"y" for key, value in entry.xattrs):
                self._note(self.opaque, path)
            return None
        return self._file(entry, path, folder)

    def _file(self, entry: Entry, path: str, folder: str) -> str | None:
        """Note what is no folder: from now on its path leads to it alone."""
        self.files.append(number(path))
        target = ""
        if entry.kind == _HARD_LINK and self._watched:
            target = normal(entry.link)
            target = self._links.get(target, target)
            if target == path:
                return None  # The same file once more.
        again = self._forget(path) if path in self._known else None
        if target in self._watched:
            self._link(self._links, MOST_LINKS, path, target, "hard links to files with findings")
            if path in self._links:
                self._names.setdefault(target, {})[path] = None
        elif entry.kind == _SYMBOLIC_LINK and path.count("/") < _DEEPEST:
            target = normal(entry.link if entry.link.startswith("/") else posixpath.join(folder, entry.link))
            self._link(self._symlinks, MOST_SYMLINKS, path, target, "symbolic links near the root")
        return again

    def _forget(self, path: str) -> str | None:
        """What was known of this path before; the path if it is watched."""
        self._symlinks.pop(path, None)
        before = self._links.pop(path, None)
        if before is not None:
            del self._names[before][path]
        if path not in self._watched:
            return None
        self._watched.discard(path)
        for name in self._names.pop(path, ()):
            del self._links[name]
        return path

    def _link(self, where: dict[str, str], most: int, path: str, target: str, what: str) -> None:
        if len(where) < most:
            where[path] = target
            self._known.add(path)
        else:
            self._cut_off(f"more than {most:,} {what}: the states of files behind the rest may be wrong")

    def _whiteout(self, folder: str, name: str) -> None:
        if name == _OPAQUE:
            self._note(self.opaque, folder)
        elif not name.startswith(_OTHER):
            removed = name[len(_WHITEOUT) :]
            self._note(self.removed, f"{folder}/{removed}" if folder else removed)

    def _note(self, where: list[str], path: str) -> None:
        if len(where) < MOST:
            where.append(path)
        else:
            self._cut_off(f"more than {MOST:,} whiteouts: what the rest removes is taken for there")

    def _cut_off(self, message: str) -> None:
        if message not in self._cut:
            self._cut.add(message)
            self._errors.append((message, ""))
