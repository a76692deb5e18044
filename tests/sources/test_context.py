"""What a build context sends, and that nothing outside it is ever read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.lang.ignorefile import parse
from auditor.sources.context import BuildContext, guess_context


def plant(root: Path, *files: str) -> Path:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}\n")
    return root


def sent(root: Path, ignore: str) -> list[str]:
    return [entry.path for entry in BuildContext(str(root), parse(ignore)).walk()]


TREE = (".env", "a/b/c.py", "a/key.pem", "a/secret/k", "docs/x.md", "node_modules/m/i.js")


@pytest.mark.parametrize(
    ("ignore", "files"),
    [
        ("", ".env a/b/c.py a/key.pem a/secret/k docs/x.md node_modules/m/i.js"),
        ("node_modules\n.env", "a/b/c.py a/key.pem a/secret/k docs/x.md"),
        ("*\n!a/b", "a/b/c.py"),
        ("*\n!**/*.py", "a/b/c.py"),
        ("a\n!a/secret", ".env a/secret/k docs/x.md node_modules/m/i.js"),
        ("a/secret/k\n!a", ".env a/b/c.py a/key.pem docs/x.md node_modules/m/i.js"),
        ("**", ""),
    ],
)
def test_walk_lists_what_is_sent(tmp_path: Path, ignore: str, files: str) -> None:
    context = BuildContext(str(plant(tmp_path, *TREE)), parse(ignore))
    assert [entry.path for entry in context.walk() if not entry.is_dir] == files.split()
    assert context.select(".") == files.split()
    assert context.skipped == []


def test_walk_lists_a_folder_before_its_reopened_content(tmp_path: Path) -> None:
    assert sent(plant(tmp_path, *TREE), "*\n!a/b") == ["a", "a/b", "a/b/c.py"]


def test_walk_tells_sizes_and_kinds_and_follows_no_link(tmp_path: Path) -> None:
    plant(tmp_path, "d/f")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "out").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    entries = {entry.path: entry[1:] for entry in BuildContext(str(tmp_path)).walk()}
    assert entries == {
        "d": (0, True, False),
        "d/f": (15, False, False),
        "loop": (0, False, True),
        "out": (0, False, True),
        "pipe": (0, False, False),
    }


def test_walk_stops_at_its_limit_and_says_so(tmp_path: Path) -> None:
    context = BuildContext(str(plant(tmp_path, "a", "b", "c", "d")), max_files=3)
    assert [entry.path for entry in context.walk()] == ["a", "b", "c"]
    assert [entry.path for entry in context.walk()] == ["a", "b", "c"]
    assert context.skipped == [("d", "listing stopped after 3 files")]


def test_walk_stops_when_ignored_entries_alone_are_too_many(tmp_path: Path) -> None:
    context = BuildContext(str(plant(tmp_path, *(f"f{number}" for number in range(30)))), parse("*"), max_files=2)
    assert list(context.walk()) == []
    assert [skipped.reason for skipped in context.skipped] == ["listing stopped after 0 files"]


def test_a_directory_that_cannot_be_read_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, "closed/f", "open/f")
    scandir = os.scandir

    def guarded(path: str) -> os._ScandirIterator[str]:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    context = BuildContext(str(tmp_path))
    assert [entry.path for entry in context.walk()] == ["closed", "open", "open/f"]
    assert context.skipped == [("closed", "directory not readable: Permission denied")]


@given(
    st.lists(st.sampled_from(["*", "!a", "a", "a/b", "!a/b/c.py", "**/k", "!**/*.pem", "docs/**", ".env"]), max_size=5)
)
def test_walk_and_single_questions_agree(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    root = plant(tmp_path_factory.mktemp("context"), *TREE)
    context = BuildContext(str(root), parse("\n".join(lines)))
    files = {entry.path for entry in context.walk() if not entry.is_dir}
    assert files == {path for path in TREE if not context.ignored(path)}
    assert files == {path for path in TREE if context.exists(path)}
    assert files == {path for path in TREE if context.read(path, 100) is not None}


def test_open_takes_the_ignore_file_that_applies(tmp_path: Path) -> None:
    plant(tmp_path, "Dockerfile", ".env")
    assert BuildContext.open(str(tmp_path), str(tmp_path / "Dockerfile")).ignore is None
    (tmp_path / ".dockerignore").write_text(".env\n")
    context = BuildContext.open(str(tmp_path), str(tmp_path / "Dockerfile"))
    assert context.ignore_path == str(tmp_path / ".dockerignore")
    assert context.ignored(".env")
    (tmp_path / ".dockerignore").write_bytes(b"x\n" * 600_000)
    context = BuildContext.open(str(tmp_path), str(tmp_path / "Dockerfile"))
    assert [skipped.reason for skipped in context.skipped] == ["larger than 1 MiB"]


@pytest.mark.parametrize("path", ["f", "./f", "/f", "d/../f", "../../f", "link", "d/up"])
def test_read_resolves_inside_the_root(tmp_path: Path, path: str) -> None:
    plant(tmp_path, "f", "d/g")
    (tmp_path / "link").symlink_to("/f")
    (tmp_path / "d" / "up").symlink_to("../../../f")
    context = BuildContext(str(tmp_path))
    assert context.exists(path)
    assert context.read(path, 100) == b"content of f\n"


def test_read_refuses_what_is_not_a_file_of_the_context(tmp_path: Path) -> None:
    plant(tmp_path, "secret", "root/f", "root/ignored")
    root = tmp_path / "root"
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "up").symlink_to("../secret")
    (root / "loop").symlink_to("loop")
    (root / "alias").symlink_to("ignored")
    os.mkfifo(root / "pipe")
    context = BuildContext(str(root), parse("ignored"))
    names = ["", ".", "out", "up", "../secret", "loop", "alias", "pipe", "ignored", "none", "f/x", "nul\0"]
    assert [name for name in names if context.read(name, 100) is not None] == []
    assert [name for name in names if context.exists(name)] == ["", ".", "pipe"]
    assert context.read("f", 5) is None


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ("a", "a/b/c.py a/key.pem a/secret/k"),
        ("/a/b/", "a/b/c.py"),
        ("a/*", "a/b/c.py a/key.pem a/secret/k"),
        ("a/*.pem", "a/key.pem"),
        ("*/*.pem", "a/key.pem"),
        ("*.pem", ""),
        ("*/secret", "a/secret/k"),
        ("[.a]*", ".env a/b/c.py a/key.pem a/secret/k"),
        ("../docs", "docs/x.md"),
        ("none", ""),
        ("none/*", ""),
        ("a/[", ""),
        ("link", "docs/x.md"),
        ("l*", "docs/x.md"),
    ],
)
def test_select_takes_what_copy_takes(tmp_path: Path, source: str, files: str) -> None:
    (plant(tmp_path, *TREE) / "link").symlink_to("docs")
    assert BuildContext(str(tmp_path)).select(source) == files.split()


@pytest.mark.parametrize(
    ("sources", "folder"),
    [
        ([], "app/docker"),
        (["."], "app/docker"),
        (["entry.sh"], "app/docker"),
        (["src", "setup.cfg"], "app"),
        (["src", "setup.cfg", "entry.sh"], "app"),
        (["setup.cfg", "entry.sh"], "app/docker"),
        (["app/src"], ""),
        (["*.cfg"], "app"),
        (["$NAME", "https://files.example/x", "none"], "app/docker"),
        (["outside"], "app/docker"),
    ],
)
def test_guess_context(tmp_path: Path, sources: list[str], folder: str) -> None:
    root = tmp_path / "repository"
    plant(tmp_path, "outside")
    plant(root, "app/docker/Dockerfile", "app/docker/entry.sh", "app/src/m.py", "app/setup.cfg")
    guessed = guess_context(str(root / "app" / "docker" / "Dockerfile"), sources, str(root))
    assert guessed == str(root / folder)


def test_guess_context_stays_put_without_a_root_above(tmp_path: Path) -> None:
    plant(tmp_path, "f", "d/Dockerfile", "other/x")
    assert guess_context(str(tmp_path / "d" / "Dockerfile"), ["f"], str(tmp_path / "other")) == str(tmp_path / "d")


def test_select_follows_every_link_that_a_wildcard_takes(tmp_path: Path) -> None:
    folders = [f"tree{number:02}" for number in range(60)]
    plant(tmp_path, *(f"{folder}/f" for folder in folders), "tree00-other/f")
    (tmp_path / "links").mkdir()
    for folder in folders:
        (tmp_path / "links" / folder).symlink_to(f"../{folder}")
    assert BuildContext(str(tmp_path)).select("links/*") == [f"{folder}/f" for folder in folders]
