"""What a layer does to those below it: files it removes, folders whose contents it hides, paths it brings."""

from __future__ import annotations

from array import array

from auditor.core.record import TYPE_CHECKING
from auditor.run.images.pathset import number

if TYPE_CHECKING:
    from auditor.sources.images.layertar import Entry

#: OCI image-spec, layer: "Whiteouts". Names that begin with the second are for the storage of one engine only.
_WHITEOUT, _OPAQUE, _OTHER = ".wh.", ".wh..wh..opq", ".wh..wh."
_FOLDER, _HARD_LINK, _DEVICE = "5", "1", "3"
_OVERLAY_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")
MOST = 100_000


class Changes:
    """Collects what the entries of one layer say. `files` and `folders` are paths as `pathset.number` gives them."""

    def __init__(self) -> None:
        self.removed: list[str] = []
        self.opaque: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.files = array("Q")
        self.folders = array("Q")
        self._watched: set[str] = set()

    def watch(self, path: str) -> None:
        """Something was found in the file at this path: hard links to it and a second file there are worth telling."""
        self._watched.add(path)

    def add(self, entry: Entry) -> str | None:
        """Note one entry; its path if that is watched, and given to something else now."""
        path = entry.path
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
        again = path if path in self._watched else None
        self._watched.discard(path)
        self.files.append(number(path))
        if entry.kind == _HARD_LINK and self._watched:
            target = entry.link.removeprefix("./").lstrip("/")
            if target in self._watched:
                self.links.append((path, target))
        return again

    def _whiteout(self, folder: str, name: str) -> None:
        if name == _OPAQUE:
            self._note(self.opaque, folder)
        elif not name.startswith(_OTHER):
            removed = name[len(_WHITEOUT) :]
            self._note(self.removed, f"{folder}/{removed}" if folder else removed)

    def _note(self, where: list[str], path: str) -> None:
        if len(where) < MOST:
            where.append(path)
