"""What the entries of one layer do to the layers below."""

from __future__ import annotations

import pytest

from auditor.run.images.layers import whiteouts
from auditor.run.images.layers.pathset import PathSet
from auditor.run.images.layers.whiteouts import Changes
from auditor.sources.images.tarblocks import Entry
from tests.run.images.changes import changes, file, folder, link, symlink


@pytest.mark.parametrize(
    ("entry", "removed", "opaque"),
    [
        (file(".wh.a"), ["a"], []),
        (file("etc/.wh.passwd"), ["etc/passwd"], []),
        (file("etc/.wh..hidden"), ["etc/.hidden"], []),
        (file("etc/.wh..wh..opq"), [], ["etc"]),
        (file(".wh..wh..opq"), [], [""]),
        (file("a/b/.wh..wh..opq"), [], ["a/b"]),
        (file(".wh..wh.plnk"), [], []),
        (file("a/.wh..wh.aufs"), [], []),
        (file("a/x.wh.y"), [], []),
        (file("a/.whale"), [], []),
        (Entry("gone", "3", 0, device=(0, 0)), ["gone"], []),
        (Entry("dev/null", "3", 0, device=(1, 3)), [], []),
        (Entry("block", "4", 0, device=(0, 0)), [], []),
        (folder("a", trusted__overlay__opaque="y"), [], ["a"]),
        (folder("a", user__overlay__opaque="y"), [], ["a"]),
        (folder("a", trusted__overlay__opaque="n"), [], []),
        (folder("a", trusted__overlay__origin="y"), [], []),
        (folder("a"), [], []),
        (folder(".wh.a"), ["a"], []),
    ],
)
def test_whiteouts(entry: Entry, removed: list[str], opaque: list[str]) -> None:
    made = changes([entry])
    assert (made.removed, made.opaque) == (removed, opaque)


def test_paths_of_the_layer() -> None:
    entries = [folder("d"), file("d/f"), symlink("s"), link("h", "x"), file("d/.wh.gone"), file(".wh..wh..opq")]
    made = changes([*entries, Entry("dev", "3", 0, device=(1, 3)), Entry("pipe", "6", 0), Entry("gone", "3", 0)])
    files, folders = PathSet(made.files), PathSet(made.folders)
    assert (len(files), len(folders)) == (5, 1)
    assert all(path in files for path in ("d/f", "s", "h", "dev", "pipe"))
    assert "d" in folders


@pytest.mark.parametrize("target", ["a/secret", "./a/secret", "/a/secret", "a/../a/secret", "../a//./secret"])
def test_hard_links_to_watched_files(target: str) -> None:
    made = changes([file("a/secret"), link("b", target), link("c", "other")], ["a/secret"])
    assert made.links == (("b", "a/secret"),)


def test_hard_links_to_hard_links() -> None:
    """They all lead to the first name, whatever becomes of the one that they were made from."""
    made = changes([file("a"), link("b", "a"), link("c", "x/../b"), file("b"), link("d", "c"), link("e", "b")], ["a"])
    assert made.links == (("c", "a"), ("d", "a"))


def test_the_same_link_again() -> None:
    made = changes([file("a"), link("b", "a"), link("b", "a"), link("a", "b"), link("a", "a"), link("c", "b")], ["a"])
    assert made.links == (("b", "a"), ("c", "a"))
    assert len(PathSet(made.files)) == 6, "each entry is noted, and doubles do no harm"


def test_symbolic_links_are_no_second_name() -> None:
    assert changes([file("a"), symlink("b", "a")], ["a"]).links == ()


@pytest.mark.parametrize(
    ("path", "target", "leads"),
    [
        ("bin", "usr/bin", "usr/bin"),
        ("bin", "/usr/bin/", "usr/bin"),
        ("var/run", "../run", "run"),
        ("var/run", "/run", "run"),
        ("a/b/c", "./../d", "a/d"),
        ("up", "../../../etc", "etc"),
        ("here", ".", ""),
    ],
)
def test_symbolic_links_near_the_root(path: str, target: str, leads: str) -> None:
    made = changes([symlink(path, target)])
    assert made.symlinks(PathSet(made.files)) == ((path, leads),)


def test_symbolic_links_that_lead_to_no_folder_or_are_deep_are_left_out() -> None:
    deep = [symlink("a/b/c/d", "/e"), symlink("a/b/c", "/e")]
    made = changes([file("usr/tool"), symlink("tool", "usr/tool"), symlink("gone", "x"), file("gone"), *deep])
    assert made.symlinks(PathSet(made.files)) == (("a/b/c", "e"),)
    chain = changes([symlink("bin", "usr/bin"), symlink("b", "bin")])
    assert chain.symlinks(PathSet(chain.files)) == (("bin", "usr/bin"), ("b", "bin"))


def test_a_path_that_comes_again() -> None:
    """Only its last content is seen, and links made from then on lead to that."""
    made = Changes()
    assert made.add(file("a")) is None
    made.watch("a")
    assert made.add(file("other")) is None
    assert made.add(folder("a/b")) is None
    assert made.add(file("a")) == "a"
    assert made.add(file("a")) is None, "nothing was found in the second one"
    made.add(link("b", "a"))
    assert made.links == ()


def test_links_to_what_a_path_led_to_before_are_forgotten() -> None:
    made = changes([file("a"), link("b", "a"), link("c", "a"), link("c", "x")], ["a"])
    assert made.add(file("a")) == "a"
    made.watch("a")
    assert made.links == ()
    made.add(link("d", "a"))
    assert made.links == (("d", "a"),)


def test_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whiteouts, "MOST", 3)
    made = changes([file(f".wh.{number}") for number in range(9)] + [file(f"{n}/.wh..wh..opq") for n in range(9)])
    assert (made.removed, made.opaque) == (["0", "1", "2"], ["0", "1", "2"])


def test_what_is_cut_off_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST", "MOST_LINKS", "MOST_SYMLINKS"):
        monkeypatch.setattr(whiteouts, name, 2)
    errors: list[tuple[str, str]] = []
    made = Changes(errors)
    made.add(file("a"))
    made.watch("a")
    for entries in ([file(f".wh.{n}"), link(f"l{n}", "a"), symlink(f"s{n}", "/d")] for n in range(2)):
        for entry in entries:
            made.add(entry)
    assert errors == []
    for n in range(5):
        for entry in (file(f".wh.more{n}"), link(f"lm{n}", "a"), symlink(f"sm{n}", "/d")):
            made.add(entry)
    assert (len(made.removed), len(made.links), len(made.symlinks(PathSet(made.files)))) == (2, 2, 2)
    assert [message.partition(":")[0] for message, _ in errors] == [
        "more than 2 whiteouts",
        "more than 2 hard links to files with findings",
        "more than 2 symbolic links near the root",
    ]
