"""Targets of the command line and image references: what they mean, and what is said about those that mean nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.errors import UsageError
from auditor.sources.images import target as targets
from auditor.sources.images.reference import Reference, image_identity, parse_reference
from auditor.sources.images.target import Target, open_source, parse_target
from tests.sources.images.layouts import Memory, archive_of, contents, index, layer_tar, saved_files, write_layout

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("app", ("", "app", "", "")),
        ("team/app:1.2", ("", "team/app", "1.2", "")),
        ("host.example/app", ("host.example", "app", "", "")),
        ("host.example:5000/team/app:v1", ("host.example:5000", "team/app", "v1", "")),
        ("localhost/app", ("localhost", "app", "", "")),
        ("[::1]:5000/app", ("[::1]:5000", "app", "", "")),
        (f"app@sha256:{HEX}", ("", "app", "", f"sha256:{HEX}")),
        (f"host.example/app:1@sha256:{HEX}", ("host.example", "app", "1", f"sha256:{HEX}")),
    ],
)
def test_references(text: str, parts: tuple[str, str, str, str]) -> None:
    assert parse_reference(text) == Reference(*parts)
    assert str(parse_reference(text)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "invalid reference format"),
        ("App", "must be lowercase"),
        ("app:", "invalid reference format"),
        ("app:a b", "invalid reference format"),
        ("../../etc/passwd", "invalid reference format"),
        ("a//b", "invalid reference format"),
        ("app@sha256:12", "64 hexadecimal digits"),
        (HEX, "cannot specify 64-byte hexadecimal strings"),
        ("https://host.example/app", "without a scheme"),
        ("a" * 300, "must not be more than 255"),
        ("app\n", "invalid reference format"),
        ("\u00e4pp", "invalid reference format"),
    ],
)
def test_references_that_are_none(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_reference(text)


def test_passwords_are_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference("user:hunter22@host.example/app")
    assert "hunter22" not in str(caught.value)


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_an_error(text: str) -> None:
    try:
        reference = parse_reference(text)
    except UsageError:
        return
    assert str(reference) == text
    assert reference.repository


def test_identities() -> None:
    assert image_identity(HEX) == image_identity(f"sha256:{HEX}") == f"sha256:{HEX}"
    assert image_identity(HEX[1:]) == image_identity("app") == ""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.tar").write_bytes(archive_of(saved_files([layer_tar()])))
    memory = Memory()
    write_layout(tmp_path / "layout", memory, index(memory.image()[0]))
    (tmp_path / "tree").mkdir()
    (tmp_path / "a:b.tar").write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "kind", "where", "tag"),
    [
        ("-", targets.STDIN, "", ""),
        ("docker-archive:-", targets.STDIN, "", ""),
        ("a.tar", targets.ARCHIVE, "a.tar", ""),
        ("a:b.tar", targets.ARCHIVE, "a:b.tar", ""),
        ("docker-archive:a.tar", targets.ARCHIVE, "a.tar", ""),
        ("docker-archive:a.tar:host.example:5000/app:1", targets.ARCHIVE, "a.tar", "host.example:5000/app:1"),
        ("oci-archive:a:b.tar:v1", targets.ARCHIVE, "a:b.tar", "v1"),
        ("layout", targets.LAYOUT, "layout", ""),
        ("oci:layout", targets.LAYOUT, "layout", ""),
        ("oci:layout:v1", targets.LAYOUT, "layout", "v1"),
        (f"oci:layout@sha256:{HEX}", targets.LAYOUT, "layout", f"sha256:{HEX}"),
        ("rootfs:tree", targets.ROOTFS, "tree", ""),
        ("rootfs:/", targets.ROOTFS, "/", ""),
    ],
)
def test_places(text: str, kind: str, where: str, tag: str) -> None:
    assert parse_target(text) == Target(kind, where, text, tag)


@pytest.mark.parametrize(
    ("text", "kind", "where"),
    [
        ("app:1", targets.DOCKER, "app:1"),
        ("docker:host.example/app", targets.DOCKER, "host.example/app"),
        ("docker://app", targets.DOCKER, "app"),
        ("podman:app:1", targets.PODMAN, "app:1"),
        ("registry:host.example/app:1", targets.REGISTRY, "host.example/app:1"),
        ("dir:1", targets.DOCKER, "dir:1"),
        ("docker:a.tar", targets.DOCKER, "a.tar"),
    ],
)
def test_names(text: str, kind: str, where: str) -> None:
    assert parse_target(text) == Target(kind, where, text, reference=parse_reference(where))


def test_image_ids() -> None:
    for text in (HEX, f"docker:sha256:{HEX}", f"sha256:{HEX}"):
        target = parse_target(text)
        assert (target.kind, target.reference) == (targets.DOCKER, Reference("", "", "", f"sha256:{HEX}"))
    with pytest.raises(UsageError):
        parse_target(f"registry:{HEX}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no image"),
        ("a\0b", "names no image"),
        ("docker:", "nothing stands behind the colon"),
        ("none.tar", "none.tar: no such file"),
        ("none.tar.zst", "no such file"),
        ("./none", "no such file"),
        ("docker-archive:none.tar:app:1", "no such file"),
        ("docker-archive:tree", "for an OCI layout write oci:tree"),
        ("oci:a.tar", "for an archive write oci-archive:a.tar"),
        ("oci:none", "none: no such directory"),
        ("oci:none:v1", "none: no such directory"),
        ("tree", "write rootfs:tree or, for an image, docker:tree"),
        (".", r"write rootfs:\.$"),
        ("rootfs:none", "none: no such directory"),
        ("rootfs:a.tar", "no such directory"),
        ("containers-storage:app", "write podman:REF"),
        ("docker-daemon:app:1", "write docker:REF"),
        ("dir:tree", "write oci:DIR"),
    ],
)
def test_targets_that_are_none(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_target(text)


@pytest.mark.parametrize("text", ["a.tar", "-", "layout", "oci:layout", "docker-archive:a.tar:app:1", "rootfs:tree"])
def test_every_kind_opens(here: Path, text: str) -> None:
    with (here / "a.tar").open("rb") as stdin, open_source(parse_target(text), stdin=stdin) as source:
        (image,), _ = contents(source)
    assert image.name == text
    assert image.layers
    assert not image.problems


def test_standard_input_that_is_missing() -> None:
    from auditor.sources.images.model import SourceError

    with pytest.raises(SourceError, match="no standard input"):
        open_source(parse_target("-"), stdin=None)
    closed = io.BytesIO()
    closed.close()
    with pytest.raises(SourceError, match="no standard input"):
        open_source(parse_target("-"), stdin=closed)
