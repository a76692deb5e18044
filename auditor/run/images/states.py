"""What became of a layer's files in the finished image (OCI image-spec, layer: "Changesets", "Whiteouts").

A file may be changed under another path than its own where symbolic links lead to folders: `/bin/tool` and
`/usr/bin/tool` are one file since systems have merged `/usr`.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.image import DELETED, HIDDEN, LIVE, OVERWRITTEN
from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.run.images.layers.outcome import LayerOutcome

_WHITEOUT = ".wh."
#: Symbolic links that one path is followed through, and further paths of one file that are looked at.
_MOST_FOLLOWED, _MOST_ALIASES = 16, 16


class Fate(NamedTuple):
    """The state of a file, and the index of the layer that made it so (None: no later layer did)."""

    state: str
    layer: int | None = None


class _Link(NamedTuple):
    """A symbolic link: the layers from the first to before the last are those in which it is what it is."""

    path: str
    target: str
    first: int
    last: int


class _Alias(NamedTuple):
    """Another path of a file, below the symbolic link at `root`, that leads to it in layers after `first`, up to before
    `last`."""

    path: str
    root: str
    first: int
    last: int


class Fates:
    """Answers for one image; `layers` are the outcomes of its layers, base first, None for one that was not read."""

    def __init__(self, layers: Sequence[LayerOutcome | None]) -> None:
        self._layers = layers
        self._removed = [frozenset(one.removed) if one else frozenset() for one in layers]
        self._opaque = [frozenset(one.opaque) if one else frozenset() for one in layers]
        self._known: dict[tuple[int, str], Fate] = {}
        self._told: dict[tuple[int, str], tuple[Fate, str]] = {}
        self._names: dict[int, dict[str, list[str]]] = {}
        self._at: dict[str, list[tuple[int, str]]] = {}
        self._to: dict[str, list[tuple[int, str]]] = {}
        for number, outcome in enumerate(layers):
            for path, target in outcome.symlinks if outcome else ():
                self._at.setdefault(path, []).append((number, target))
                self._to.setdefault(target, []).append((number, path))

    def of(self, layer: int, path: str) -> tuple[Fate, str]:
        """What became of a path of this layer, and the path by which its content is still seen.

        That is another one where hard links lead to the same content and only the path itself is gone.
        """
        key = (layer, path)
        if key not in self._told:
            self._told[key] = self._of(layer, path)
        return self._told[key]

    def _of(self, layer: int, path: str) -> tuple[Fate, str]:
        fate = self._fate(layer, path)
        if fate.state == LIVE:
            return fate, path
        for link in self._links(layer).get(path, ()):
            if self._fate(layer, link).state == LIVE:
                return Fate(LIVE), link
        return fate, path

    def _links(self, layer: int) -> dict[str, list[str]]:
        """The hard links of a layer by the path of the file."""
        if layer not in self._names:
            names = self._names[layer] = {}
            outcome = self._layers[layer]
            for link, target in outcome.links if outcome else ():
                names.setdefault(target, []).append(link)
        return self._names[layer]

    def _fate(self, layer: int, path: str) -> Fate:
        if any(part.startswith(_WHITEOUT) for part in path.split("/")):
            return Fate(HIDDEN)
        if not self._at:
            return self._plain(layer, path)
        place = self._followed(layer, path)
        fate = self._plain(layer, place)
        end = len(self._layers) if fate.layer is None else fate.layer
        found = [self._changed(one, layer, end) for one in self._aliases(layer, place)]
        return min((one for one in found if one.layer is not None), key=lambda one: one.layer or 0, default=fate)

    def _plain(self, layer: int, path: str) -> Fate:
        """The fate of what really is at this path."""
        key = (layer, path)
        if key not in self._known:
            self._known[key] = self._found(layer, path)
        return self._known[key]

    def _found(self, layer: int, path: str) -> Fate:
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

    def _changed(self, alias: _Alias, layer: int, end: int) -> Fate:
        """The first change under another path, of the layers after `layer` and before `end`."""
        above = [folder for folder in _parents(alias.path) if len(folder) > len(alias.root)]
        for number in range(max(layer, alias.first) + 1, min(end, alias.last)):
            state = self._change_below(number, alias, above)
            if state:
                return Fate(state, number)
        return Fate(LIVE)

    def _change_below(self, number: int, alias: _Alias, above: Sequence[str]) -> str:
        """What one later layer does below a symbolic link: what it does to the link itself is nothing to the file."""
        state = self._change(number, alias.path, above)
        opaque = self._opaque[number]
        # A layer's own root says nothing about what links lead to.
        if state == DELETED and "" in opaque:
            return ""
        return state or (DELETED if alias.root in opaque else "")

    def _in_force(self, number: int, path: str, target: str) -> _Link:
        fate = self._plain(number, path)
        return _Link(path, target, number, len(self._layers) if fate.layer is None else fate.layer)

    def _followed(self, layer: int, path: str) -> str:
        """The path without symbolic links on its way, as far as layers up to this one have them."""
        for _ in range(_MOST_FOLLOWED):
            link = next(self._on_the_way(layer, path), None)
            if link is None:
                break
            path = _joined(link.target, path[len(link.path) + 1 :])
        return path

    def _on_the_way(self, layer: int, path: str) -> Iterator[_Link]:
        for folder in [*_parents(path)][::-1]:
            for number, target in self._at.get(folder, ())[::-1]:
                link = self._in_force(number, folder, target) if number <= layer else None
                if link is not None and layer < link.last:
                    yield link

    def _aliases(self, layer: int, path: str) -> list[_Alias]:
        """Other paths of the same file, by symbolic links of any layer."""
        found: dict[str, _Alias] = {}
        queue = [_Alias(path, "", -1, len(self._layers))]
        while queue and len(found) < _MOST_ALIASES:
            one = queue.pop(0)
            for folder in _parents(one.path):
                for number, at in self._to.get(folder, ())[:_MOST_ALIASES]:
                    link = self._in_force(number, at, folder)
                    other = _joined(at, one.path[len(folder) + 1 :])
                    made = _Alias(other, at, max(one.first, link.first), min(one.last, link.last))
                    if other != path and other not in found and max(layer, made.first) + 1 < made.last:
                        found[other] = made
                        queue.append(made)
        return list(found.values())


def _joined(folder: str, rest: str) -> str:
    return f"{folder}/{rest}" if folder and rest else folder or rest


def _parents(path: str) -> Iterator[str]:
    """The folders above a path, nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
