"""The files of an image as a container sees them: its layers one over the other, links followed inside the image."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.run.wrapping.layertree import LayerTree

#: Symbolic links that one path may lead over, as in Linux.
_MOST_LINKS = 40
_MOST_HARD = 40
_HARD, _SYMBOLIC, _FOLDER = "1", "2", "5"
_LONGEST_PATH = 4096
#: Parts of paths, each in every layer, that are looked up in all of one look: an image of 127 layers takes 60,000.
_MOST_STEPS = 1_000_000


class Place(NamedTuple):
    """A file: the layer that has it, and its path there without a slash before it, both of the file itself."""

    layer: int
    path: str
    kind: str


class Needed(Exception):
    """The beginning of a file is asked for that was not kept; `place` says which."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.path)
        self.place = place


class FileSystem:
    """Layers, base first."""

    def __init__(self, layers: Sequence[LayerTree]) -> None:
        self.layers = layers
        self._steps = 0

    def find(self, path: str) -> Place | None:
        """What an absolute path leads to, all links followed; None for nothing, and for links that lead in circles.

        Raises SourceError where links and folders have no end.
        """
        done: list[str] = []
        todo = [part for part in reversed(path.split("/")) if part]
        links = 0
        while todo:
            part = todo.pop()
            if part in (".", ".."):
                del done[len(done) - (part == "..") :]
                continue
            done.append(part)
            at = "/".join(done)
            place = self._seen(at)
            if place is None or place.kind != _SYMBOLIC:
                continue
            links += 1
            target = self.layers[place.layer].link(place.path)
            if links > _MOST_LINKS or len(target) + sum(map(len, todo)) > _LONGEST_PATH:
                return None
            done = [] if target.startswith("/") else done[:-1]
            todo += [part for part in reversed(target.split("/")) if part]
        place = self._seen("/".join(done)) if done else None
        return self._itself(place) if place is not None and place.kind == _HARD else place

    def file(self, path: str) -> Place | None:
        """The same for what is a file."""
        place = self.find(path)
        return place if place is not None and place.kind != _FOLDER else None

    def head(self, place: Place) -> bytes:
        """The first bytes of a file. Raises Needed."""
        kept = self.layers[place.layer].heads.get(place.path)
        if kept is None:
            raise Needed(place)
        return bytes(kept)

    def loaders(self) -> list[str]:
        """Paths called like loaders that a container sees, absolute, in order."""
        named = dict.fromkeys(path for layer in self.layers for path in layer.loaders)
        return [f"/{path}" for path in named if self.file(path) is not None]

    def _seen(self, path: str) -> Place | None:
        """What is at a path whose folders are no links."""
        self._steps += 1
        if self._steps * len(self.layers) > _MOST_STEPS:
            raise SourceError("what starts it leads over too many folders, links and layers")
        for number in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[number]
            kind = layer.kind(path)
            if kind:
                return Place(number, path, kind)
            if layer.hides(path):
                return None
        return None

    def _itself(self, place: Place) -> Place | None:
        """The file that a hard link is, which its layer has, or one below."""
        path = place.path
        for _ in range(_MOST_HARD):
            path = self.layers[place.layer].link(path)
            found = self._seen(path)
            if found is None or found.kind != _HARD:
                return found
            place, path = found, found.path
        return None
