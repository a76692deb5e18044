"""What became of files that symbolic links to folders lead to, against a filesystem that follows them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.core.image import LIVE
from auditor.run.images.layers.outcome import LayerOutcome
from auditor.run.images.states import Fates
from auditor.sources.images.tarblocks import Entry
from tests.run.images.changes import file, folder, layer, symlink

_MOST = 40


class Impossible(Exception):
    """An engine could not, or need not in one way only, unpack this layer."""


class Filesystem:
    """What is at each path: a folder (""), the layer and path that a file was brought with, or "/" and a target."""

    def __init__(self) -> None:
        self.at: dict[str, str | tuple[int, str]] = {}

    def files(self) -> set[tuple[int, str]]:
        """Those that are still there, as they were brought."""
        return {one for one in self.at.values() if isinstance(one, tuple)}

    def apply(self, number: int, entries: list[Entry]) -> None:
        """First what the layer takes away, then what it brings."""
        gone = [entry.path.replace(".wh.", "") for entry in entries if ".wh." in entry.path]
        new = [entry for entry in entries if ".wh." not in entry.path]
        self._refuse(new)
        for path in gone:
            self._drop(self._real(path))
        reached: set[str] = set()
        for entry in new:
            path = self._real(entry.path)
            if path in reached:
                raise Impossible
            reached.add(path)
            self._make_folders(path)
            if entry.kind != "5" or self.at.get(path):
                self._drop(path)
            self.at[path] = {"5": "", "2": entry.link, "0": (number, entry.path)}[entry.kind]

    def _refuse(self, new: list[Entry]) -> None:
        """Several entries for a path, or entries below one that is or replaces no folder."""
        for entry in new:
            is_link = str(self.at.get(entry.path, "")).startswith("/")
            inside = any(one.path.startswith(f"{entry.path}/") for one in new)
            if sum(one.path == entry.path for one in new) > 1 or (inside and (entry.kind != "5" or is_link)):
                raise Impossible

    def _real(self, path: str) -> str:
        """The path without links on its way; the last name may be one."""
        for _ in range(_MOST):
            names = path.split("/")
            for count in range(1, len(names)):
                found = self.at.get("/".join(names[:count]), "")
                if isinstance(found, tuple):
                    raise Impossible
                if found:
                    path = "/".join([found[1:], *names[count:]])
                    break
            else:
                return path
        raise Impossible

    def _make_folders(self, path: str) -> None:
        names = path.split("/")
        for count in range(1, len(names)):
            if self.at.setdefault("/".join(names[:count]), ""):
                raise Impossible

    def _drop(self, path: str) -> None:
        self.at = {one: what for one, what in self.at.items() if one != path and not one.startswith(f"{path}/")}


def _whiteout(path: str) -> Entry:
    above, _, name = path.rpartition("/")
    return file(f"{above}/.wh.{name}" if above else f".wh.{name}")


_NAMES = st.sampled_from(["a", "b", "c"])
_PATH = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_FILES = st.lists(
    st.one_of(_PATH.map(file), _PATH.map(file), _PATH.map(folder), _PATH.map(_whiteout)), min_size=1, max_size=3
)
_LINKS = st.lists(st.builds(lambda name, path: symlink(name, f"/{path}"), _NAMES, _PATH), min_size=1, max_size=2)


@settings(max_examples=300)
@given(st.lists(st.one_of(_FILES, _FILES, _LINKS), min_size=2, max_size=5))
def test_what_a_filesystem_with_links_shows(layers: list[list[Entry]]) -> None:
    shown = Filesystem()
    after: list[set[tuple[int, str]]] = []
    kept: list[list[Entry]] = []
    for entries in layers:
        tried = Filesystem()
        tried.at = dict(shown.at)
        try:
            tried.apply(len(kept), entries)
        except Impossible:
            continue
        shown = tried
        kept.append(entries)
        after.append(shown.files())
    outcomes: list[LayerOutcome | None] = [layer(*entries) for entries in kept]
    fates = Fates(outcomes)
    for number, path in set().union(*after):
        lost = next((later for later in range(number, len(kept)) if (number, path) not in after[later]), None)
        fate, seen = fates.of(number, path)
        assert (fate.layer, seen) == (lost, path)
        assert (fate.state == LIVE) == (lost is None)
