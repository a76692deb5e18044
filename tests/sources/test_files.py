"""Which inputs are found, and that odd ones become an error or a note instead of a crash or a hang."""

from __future__ import annotations

import io
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from auditor.sources import files
from auditor.sources.files import Input, Skipped, collect, is_dockerfile_name, repository_root


def names(*paths: Path, exclude: tuple[str, ...] = (), skipped: list[Skipped] | None = None) -> list[str]:
    return [found.display for found in collect(map(str, paths), exclude=exclude, skipped=skipped)]


def plant(root: Path, *paths: str) -> Path:
    for name in paths:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("FROM scratch\n")
    return root


DOCKERFILES = """
    Dockerfile dockerfile Containerfile Dockerfile.dev Dockerfile-dev Dockerfile_dev dir/Dockerfile.x app.dockerfile
    APP.Dockerfile x.containerfile Dockerfile.alpine3.20 run.sh.dockerfile Dockerfile.
"""
OTHERS = """
    Dockerfiles MyDockerfile .dockerfile Dockerfile.md Dockerfile.j2 Dockerfile.dockerignore Dockerfile.tmpl
    Dockerfile.yml app.dockerfile.in Dockerfile/x docker-compose.yml Dockerfile.PY
"""


@pytest.mark.parametrize("name", DOCKERFILES.split())
def test_dockerfile_names(name: str) -> None:
    assert is_dockerfile_name(name)


@pytest.mark.parametrize("name", OTHERS.split())
def test_other_names(name: str) -> None:
    assert not is_dockerfile_name(name)


def test_repository_root(tmp_path: Path) -> None:
    plant(tmp_path, "r/.git/config", "r/a/b/Dockerfile", "r/sub/.git", "r/sub/Dockerfile")
    assert repository_root(str(tmp_path / "r" / "a" / "b" / "Dockerfile")) == str(tmp_path / "r")
    assert repository_root(str(tmp_path / "r" / "sub" / "Dockerfile")) == str(tmp_path / "r" / "sub")
    assert repository_root(str(tmp_path / "r")) == str(tmp_path / "r")


def test_repository_root_without_git_is_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "lexists", lambda path: False)
    plant(tmp_path, "a/Dockerfile")
    assert repository_root(str(tmp_path / "a" / "Dockerfile")) == str(tmp_path / "a")


def test_directories_are_searched_in_order(tmp_path: Path) -> None:
    plant(tmp_path, "b/Dockerfile", "a/x/Dockerfile.dev", "a/README.md", "z.dockerfile", "Dockerfile")
    expected = ["Dockerfile", "z.dockerfile", "a/x/Dockerfile.dev", "b/Dockerfile"]
    assert names(tmp_path) == [str(tmp_path / name) for name in expected]


def test_named_files_are_always_taken_and_only_once(tmp_path: Path) -> None:
    plant(tmp_path, "odd.txt", "Dockerfile")
    paths = (tmp_path / "odd.txt", tmp_path, tmp_path / "Dockerfile", tmp_path / "odd.txt")
    assert names(*paths, exclude=("*",)) == [str(tmp_path / "odd.txt"), str(tmp_path / "Dockerfile")]


def test_displayed_names_are_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plant(tmp_path, "a/Dockerfile"))
    assert [found.display for found in collect(["."])] == ["a/Dockerfile"]
    assert [found.display for found in collect(["./a/../a/Dockerfile"])] == ["a/Dockerfile"]


def test_what_a_search_leaves_out_is_told(tmp_path: Path) -> None:
    root = plant(
        tmp_path / "root", "node_modules/m/Dockerfile", "old/Dockerfile", "keep/Dockerfile", "keep/Dockerfile.old"
    )
    plant(tmp_path, "outside/Dockerfile")
    (root / "loop").symlink_to(".")
    (root / "Dockerfile.same").symlink_to("keep/Dockerfile")
    (root / "Dockerfile.out").symlink_to("../outside/Dockerfile")
    skipped: list[Skipped] = []
    assert names(root, exclude=("/old", "*.old"), skipped=skipped) == [str(root / "keep" / "Dockerfile")]
    assert {os.path.relpath(path, root): reason for path, reason in skipped} == {
        "Dockerfile.out": "link out of the searched directory",
        "Dockerfile.same": "link to a file that is read by its own name",
        "keep/Dockerfile.old": "excluded",
        "loop": "link to a directory",
        "node_modules": "directory of dependencies or tool data",
        "old": "excluded",
    }


def test_a_link_to_a_file_of_another_name_is_read(tmp_path: Path) -> None:
    plant(tmp_path, "image.txt")
    (tmp_path / "Dockerfile").symlink_to("image.txt")
    assert [found.data for found in collect([str(tmp_path)])] == [b"FROM scratch\n"]


def test_odd_files_become_errors(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile.binary").write_bytes(b"FROM\0x")
    (tmp_path / "Dockerfile.large").write_bytes(b"#" * 101)
    (tmp_path / "Dockerfile.full").write_bytes(b"#" * 100)
    (tmp_path / "Dockerfile.dangling").symlink_to("none")
    (tmp_path / "Dockerfile").mkdir()
    os.mkfifo(tmp_path / "Dockerfile.pipe")
    found = {os.path.basename(each.path): each.error for each in collect([str(tmp_path)], limit=100)}
    assert found == {
        "Dockerfile.binary": "binary file",
        "Dockerfile.dangling": "no such file or directory",
        "Dockerfile.full": None,
        "Dockerfile.large": "larger than 100 bytes",
        "Dockerfile.pipe": "not a regular file",
    }


@pytest.mark.parametrize(
    ("path", "error"),
    [("none", "no such file or directory"), ("", "no such file or directory"), ("a\0b", "not a usable file name")],
)
def test_named_files_that_cannot_be_read(path: str, error: str) -> None:
    assert [found.error for found in collect([path])] == [error]


def test_a_device_is_not_read() -> None:
    assert [found.error for found in collect([os.devnull])] == ["not a regular file"]


def test_a_directory_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    skipped: list[Skipped] = []
    assert names(tmp_path, skipped=skipped) == []
    assert [note.reason for note in skipped] == ["permission denied"]


def test_a_search_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, "a/Dockerfile", "b/Dockerfile", "c/Dockerfile")
    monkeypatch.setattr(files, "MAX_ENTRIES", 4)
    skipped: list[Skipped] = []
    assert names(tmp_path, skipped=skipped) == [str(tmp_path / "a" / "Dockerfile")]
    assert [note.reason for note in skipped] == ["search stopped after 4 directory entries"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"FROM a\n", Input("-", "x/Dockerfile", b"FROM a\n", None)),
        (b"", Input("-", "x/Dockerfile", b"", None)),
        (b"\0", Input("-", "x/Dockerfile", None, "binary file")),
        (b"#" * (1 << 20), Input("-", "x/Dockerfile", b"#" * (1 << 20), None)),
        (b"#" * ((1 << 20) + 1), Input("-", "x/Dockerfile", None, "larger than 1 MiB")),
    ],
    ids=["text", "empty", "binary", "full", "large"],
)
def test_standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes, expected: Input) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    assert list(collect(["-"], stdin_filename="x/Dockerfile", limit=1 << 20)) == [expected]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, encoding: str) -> None:
    text = "FROM a\n" if encoding == "utf-16" else "\ufeffFROM a\n"
    (tmp_path / "Dockerfile").write_bytes(text.encode(encoding))
    (found,) = collect([str(tmp_path / "Dockerfile")])
    assert found.data is None and found.error == "UTF-16 text; builders read UTF-8 only"
