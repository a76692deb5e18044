"""What became of a file, case by case, and against a filesystem to which the layers are applied."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.core.image import DELETED, HIDDEN, LIVE, OVERWRITTEN
from auditor.run.images.layers.outcome import LayerOutcome
from auditor.run.images.states import Fate, Fates
from auditor.sources.images.tarblocks import Entry
from tests.run.images.changes import file, folder, layer, link, symlink

SECRET = "app/conf/secret"
BASE = layer(folder("app"), folder("app/conf"), file(SECRET), file("app/other"), watched=[SECRET])


@pytest.mark.parametrize(
    ("entries", "state"),
    [
        ([], LIVE),
        ([file("app/conf/.wh.secret")], DELETED),
        ([file("app/.wh.conf")], DELETED),
        ([file(".wh.app")], DELETED),
        ([file("app/conf/.wh..wh..opq")], DELETED),
        ([file("app/.wh..wh..opq")], DELETED),
        ([file(".wh..wh..opq")], DELETED),
        ([folder("app", trusted__overlay__opaque="y")], DELETED),
        ([folder("", trusted__overlay__opaque="y")], DELETED),
        ([Entry(SECRET, "3", 0)], DELETED),
        ([Entry("app", "3", 0)], DELETED),
        ([file(SECRET)], OVERWRITTEN),
        ([symlink(SECRET)], OVERWRITTEN),
        ([link(SECRET, "app/other")], OVERWRITTEN),
        ([folder(SECRET)], OVERWRITTEN),
        ([file("app/conf/.wh.secret"), file(SECRET)], OVERWRITTEN),
        ([file(SECRET), file("app/conf/.wh.secret")], OVERWRITTEN),
        ([file("app/conf/.wh..wh..opq"), file(SECRET)], OVERWRITTEN),
        ([file(".wh.app"), folder("app"), folder("app/conf"), file(SECRET)], OVERWRITTEN),
        ([file(".wh.app"), folder("app"), folder("app/conf"), file("app/conf/new")], DELETED),
        ([file("app/conf")], HIDDEN),
        ([symlink("app", "elsewhere")], HIDDEN),
        ([file(".wh.app"), file("app")], DELETED),
        ([folder("app"), folder("app/conf"), file("app/conf/new")], LIVE),
        ([folder("new"), file("new/.wh..wh..opq"), file("new/file")], LIVE),
        ([folder("app/new"), file("app/new/.wh..wh..opq")], LIVE),
        ([file("app/conf/.wh.secret2"), file("app/conf/.wh.secre")], LIVE),
        ([file("app/.wh.con"), file(".wh.ap"), file("app/con")], LIVE),
        ([file("conf/.wh.secret"), file(".wh.secret"), file("secret")], LIVE),
        ([file("app/conf/secret2"), folder("app/conf/secret.d")], LIVE),
        ([file("app/conf/.wh..wh.plnk")], LIVE),
    ],
)
def test_one_later_layer(entries: list[Entry], state: str) -> None:
    fates = Fates([BASE, layer(), layer(*entries), layer()])
    assert fates.of(0, SECRET) == (Fate(state, None if state == LIVE else 2), SECRET)


def test_a_layer_does_nothing_to_its_own_files() -> None:
    """Whiteouts apply to the layers below only (OCI image-spec, layer: "Whiteouts")."""
    own = layer(file("app/.wh..wh..opq"), file("app/.wh.a"), folder("app"), file("app/a"), file(".wh.app"))
    assert Fates([BASE, own]).of(1, "app/a") == (Fate(LIVE), "app/a")
    assert Fates([BASE, own]).of(0, "app/other") == (Fate(DELETED, 1), "app/other")


def test_lower_layers_do_nothing() -> None:
    fates = Fates([layer(file("app/conf/.wh.secret"), file(".wh..wh..opq")), layer(file(SECRET)), BASE])
    assert fates.of(2, SECRET) == (Fate(LIVE), SECRET)
    assert fates.of(1, SECRET) == (Fate(OVERWRITTEN, 2), SECRET)


def test_the_first_layer_that_does_something_counts() -> None:
    gone, again = layer(file("app/conf/.wh.secret")), layer(file(SECRET))
    assert Fates([BASE, gone, again]).of(0, SECRET)[0] == Fate(DELETED, 1)
    assert Fates([BASE, again, gone]).of(0, SECRET)[0] == Fate(OVERWRITTEN, 1)
    assert Fates([BASE, again, gone]).of(1, SECRET)[0] == Fate(DELETED, 2)


def test_layers_that_were_not_read_say_nothing() -> None:
    fates = Fates([BASE, None, layer(file(".wh.app"))])
    assert fates.of(0, SECRET)[0] == Fate(DELETED, 2)
    assert Fates([BASE, None]).of(0, SECRET)[0] == Fate(LIVE)
    assert Fates([None, layer()]).of(0, SECRET) == (Fate(LIVE), SECRET)


@pytest.mark.parametrize("path", [".wh.secret", "app/.wh..wh..opq", ".wh.d/file", ".wh..wh.plnk/1.2"])
def test_content_of_whiteouts_is_never_seen(path: str) -> None:
    assert Fates([layer(file(path))]).of(0, path) == (Fate(HIDDEN), path)


LINKED = layer(file("a/one"), link("b/two", "a/one"), link("c/three", "a/one"), watched=["a/one"])


@pytest.mark.parametrize(
    ("later", "state", "seen"),
    [
        ([], LIVE, "a/one"),
        ([file("a/.wh.one")], LIVE, "b/two"),
        ([file("a/one")], LIVE, "b/two"),
        ([file("a/.wh.one"), file("b/.wh.two")], LIVE, "c/three"),
        ([file("a/.wh.one"), file("b/.wh.two"), file(".wh.c")], DELETED, "a/one"),
        ([file("b/.wh.two"), file("c/.wh.three")], LIVE, "a/one"),
        ([file("a"), file("b/two"), file(".wh.c")], HIDDEN, "a/one"),
    ],
)
def test_hard_links_keep_a_content(later: list[Entry], state: str, seen: str) -> None:
    fates = Fates([LINKED, layer(*later)])
    assert fates.of(0, "a/one") == (Fate(state, None if state == LIVE else 1), seen)


def test_hard_links_of_other_layers_do_not() -> None:
    """A layer's link leads to a file of the same layer."""
    fates = Fates([BASE, LINKED, layer(file("a/.wh.one"), file(".wh.app"))])
    assert fates.of(0, SECRET)[0] == Fate(DELETED, 2)
    assert fates.of(1, "a/one") == (Fate(LIVE), "b/two")


def test_hard_links_to_hard_links() -> None:
    chain = layer(file("srv/a"), link("srv/b", "srv/../srv/a"), link("opt/c", "srv/b"), watched=["srv/a"])
    gone = layer(file("srv/.wh.a"), file("srv/.wh.b"))
    assert Fates([chain, gone]).of(0, "srv/a") == (Fate(LIVE), "opt/c")
    assert Fates([chain, gone, layer(file("opt/.wh.c"))]).of(0, "srv/a") == (Fate(DELETED, 1), "srv/a")


def test_many_files_with_many_links_take_linear_time() -> None:
    count = 20_000
    names = [f"d/{number}" for number in range(2_000)]
    links = tuple((f"l/{number}", names[number % len(names)]) for number in range(count))
    fates = Fates([layer()._replace(links=links), layer(file(".wh.d"), file(".wh.l"))])
    began = time.process_time()
    assert {fates.of(0, name)[0] for name in names for _ in range(10)} == {Fate(DELETED, 1)}
    assert time.process_time() - began < 3


MERGED = layer(folder("usr"), folder("usr/bin"), symlink("bin", "usr/bin"), symlink("sbin", "/usr/bin"))


@pytest.mark.parametrize("path", ["bin/x", "usr/bin/x", "sbin/x", "./bin/x".removeprefix("./")])
@pytest.mark.parametrize(
    ("entries", "state"),
    [
        ([file("usr/bin/.wh.x")], DELETED),
        ([file("bin/.wh.x")], DELETED),
        ([file("usr/.wh.bin")], DELETED),
        ([file("usr/bin/.wh..wh..opq")], DELETED),
        ([file("bin/.wh..wh..opq")], DELETED),
        ([file("usr/bin/x")], OVERWRITTEN),
        ([file("sbin/x")], OVERWRITTEN),
        ([symlink("usr/bin", "elsewhere")], HIDDEN),
        ([file("bin/.wh.y"), file("usr/bin/y")], LIVE),
        ([file(".wh.bin"), file(".wh.sbin")], LIVE),
        ([symlink("bin", "usr/bin")], LIVE),
        ([folder("bin"), file("bin/x"), folder("sbin"), file("sbin/.wh.x")], LIVE),
    ],
)
def test_folders_behind_symbolic_links(path: str, entries: list[Entry], state: str) -> None:
    """A link that is replaced leads nowhere any more, and nothing happens to what it led to."""
    fates = Fates([MERGED, layer(file(path)), layer(), layer(*entries)])
    assert fates.of(1, path) == (Fate(state, None if state == LIVE else 3), path)
    if path == "usr/bin/x":
        later = Fates([layer(file(path)), MERGED, layer(), layer(*entries)])
        assert later.of(0, path)[0] == Fate(state, None if state == LIVE else 3)


def test_links_in_the_same_layer_as_their_files() -> None:
    base = layer(symlink("bin", "usr/bin"), file("bin/x"))
    assert Fates([base, layer(file("usr/bin/.wh.x"))]).of(0, "bin/x")[0] == Fate(DELETED, 1)


def test_without_the_link_they_are_two_files() -> None:
    base = layer(folder("bin"), file("bin/x"), folder("usr/bin"), file("usr/bin/x"))
    fates = Fates([base, layer(file("usr/bin/.wh.x"))])
    assert [fates.of(0, path)[0].state for path in ("bin/x", "usr/bin/x")] == [LIVE, DELETED]


def test_a_folder_in_place_of_the_link_is_another_one() -> None:
    """As for the engines: an entry for a folder replaces the link."""
    fates = Fates([MERGED, layer(folder("bin"), file("bin/x")), layer(file("usr/bin/.wh.x"))])
    assert fates.of(1, "bin/x")[0] == Fate(LIVE)
    assert Fates([MERGED, layer(folder("bin"), file("bin/x")), layer(file(".wh.bin"))]).of(1, "bin/x")[0].layer == 2


def test_chains_of_links() -> None:
    base = layer(symlink("b", "bin"), symlink("bin", "usr/bin"), symlink("usr", "system/usr"))
    for one in ("b/x", "bin/x", "usr/bin/x", "system/usr/bin/x"):
        for other in ("b", "bin", "usr/bin", "system/usr/bin"):
            fates = Fates([base, layer(file(one)), layer(file(f"{other}/.wh.x"))])
            assert fates.of(1, one)[0] == Fate(DELETED, 2), (one, other)


def test_hostile_links_end() -> None:
    loops = [symlink("a", "b"), symlink("b", "a"), symlink("c", "c"), symlink("d", "d/d"), symlink("e", "/")]
    many = [symlink(f"l{number}", "usr/bin") for number in range(5_000)]
    base = layer(*loops, *many)
    paths = [f"{folder}/{number}" for folder in ("a", "b", "c", "d/d", "e", "usr/bin", "l7") for number in range(300)]
    fates = Fates([base, layer(*map(file, paths)), layer(file("x")), layer(file(".wh.zz"))])
    began = time.process_time()
    assert {fates.of(1, path)[0] for path in paths} == {Fate(LIVE)}
    assert time.process_time() - began < 3


_NAMES = st.sampled_from(["a", "b"])
_PATH = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)


def _whiteout(path: str) -> Entry:
    above, _, name = path.rpartition("/")
    return file(f"{above}/.wh.{name}" if above else f".wh.{name}")


_ENTRY = st.one_of(
    _PATH.map(file),
    _PATH.map(file),
    _PATH.map(folder),
    _PATH.map(_whiteout),
    _PATH.map(lambda path: file(f"{path}/.wh..wh..opq")),
    st.just(file(".wh..wh..opq")),
)


class Filesystem:
    """Files by path with the layer that brought them; layers are applied as engines do it."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}
        self.folders: set[str] = set()

    def _drop(self, path: str, *, inside: bool = False) -> None:
        def goes(one: str) -> bool:
            return one.startswith(f"{path}/" if path else "") or (one == path and not inside)

        self.files = {one: brought for one, brought in self.files.items() if not goes(one)}
        self.folders = {one for one in self.folders if not goes(one)}

    def apply(self, number: int, entries: list[Entry]) -> None:
        """First what the layer takes away, then what it brings."""
        for path in (entry.path for entry in entries):
            above, _, name = path.rpartition("/")
            if name == ".wh..wh..opq":
                self._drop(above, inside=True)
            elif name.startswith(".wh."):
                self._drop(f"{above}/{name[4:]}" if above else name[4:])
        for entry in entries:
            if entry.path.rpartition("/")[2].startswith(".wh."):
                continue
            if entry.kind == "5":
                self.files.pop(entry.path, None)
                self.folders.add(entry.path)
            else:
                self._drop(entry.path)
                self.files[entry.path] = number


def _possible(entries: list[Entry], below: Filesystem) -> bool:
    """Whether an engine could apply the layer: one entry for a path, and nothing inside of a file."""
    paths = [entry.path for entry in entries]
    after = Filesystem()
    after.files, after.folders = dict(below.files), set(below.folders)
    after.apply(0, entries)
    new = [p for p in paths if not p.rpartition("/")[2].startswith(".wh.")]
    return len(set(paths)) == len(paths) and not any(
        path.startswith(f"{one}/") for path in (*new, *after.files) for one in after.files
    )


@settings(max_examples=300)
@given(st.lists(st.lists(_ENTRY, max_size=4), min_size=2, max_size=5))
def test_what_a_filesystem_shows(layers: list[list[Entry]]) -> None:
    shown = Filesystem()
    after: list[dict[str, int]] = []
    kept: list[list[Entry]] = []
    for entries in layers:
        if _possible(entries, shown):
            shown.apply(len(kept), entries)
            after.append(dict(shown.files))
            kept.append(entries)
    outcomes: list[LayerOutcome | None] = [layer(*entries) for entries in kept]
    fates = Fates(outcomes)
    for number, entries in enumerate(kept):
        for path in [one.path for one in entries if one.kind == "0" and ".wh." not in one.path]:
            lost = next((later for later in range(number + 1, len(kept)) if after[later].get(path) != number), None)
            found = fates.of(number, path)[0]
            assert found.layer == lost
            assert (found.state == LIVE) == (lost is None)
            if lost is not None:
                again = any(one.path == path for one in kept[lost])
                assert (found.state == OVERWRITTEN) == again
