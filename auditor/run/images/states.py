"""What became of a layer's files in the finished image (OCI image-spec, layer: "Changesets", "Whiteouts")."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.image import DELETED, HIDDEN, LIVE, OVERWRITTEN
from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.run.images.outcome import LayerOutcome

_WHITEOUT = ".wh."


class Fate(NamedTuple):
    """The state of a file, and the index of the layer that made it so (None: no later layer did)."""

    state: str
    layer: int | None = None


class Fates:
    """Answers for one image; `layers` are the outcomes of its layers, base first, None for one that was not read."""

    def __init__(self, layers: Sequence[LayerOutcome | None]) -> None:
        self._layers = layers
        self._removed = [frozenset(one.removed) if one else frozenset() for one in layers]
        self._opaque = [frozenset(one.opaque) if one else frozenset() for one in layers]
        self._known: dict[tuple[int, str], Fate] = {}

    def of(self, layer: int, path: str) -> tuple[Fate, str]:
        """What became of a path of this layer, and the path by which its content is still seen.

        That is another one where hard links lead to the same content and only the path itself is gone.
        """
        fate = self._fate(layer, path)
        if fate.state == LIVE:
            return fate, path
        outcome = self._layers[layer]
        for link, target in outcome.links if outcome else ():
            if target == path and self._fate(layer, link).state == LIVE:
                return Fate(LIVE), link
        return fate, path

    def _fate(self, layer: int, path: str) -> Fate:
        key = (layer, path)
        if key not in self._known:
            self._known[key] = self._found(layer, path)
        return self._known[key]

    def _found(self, layer: int, path: str) -> Fate:
        if any(part.startswith(_WHITEOUT) for part in path.split("/")):
            return Fate(HIDDEN)
        above = list(_parents(path))
        for number in range(layer + 1, len(self._layers)):
            state = self._change(number, path, above)
            if state:
                return Fate(state, number)
        return Fate(LIVE)

    def _change(self, number: int, path: str, above: Sequence[str]) -> str:
        """What one later layer does to a path; "" for nothing."""
        outcome = self._layers[number]
        if outcome is None:
            return ""
        if path in outcome.files_here or path in outcome.folders_here:
            return OVERWRITTEN
        removed, opaque = self._removed[number], self._opaque[number]
        if path in removed or any(folder in removed or folder in opaque for folder in above) or "" in opaque:
            return DELETED
        return HIDDEN if any(folder in outcome.files_here for folder in above) else ""


def _parents(path: str) -> Iterator[str]:
    """The folders above a path, nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
