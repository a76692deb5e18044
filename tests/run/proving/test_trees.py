"""Layers as a comparison sees them, one upon the other."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.run.proving.files import File, files_of
from auditor.run.proving.shapes import ProofError
from auditor.run.proving.trees import Reader, merged
from auditor.sources.images.inflate import LayerStream
from auditor.sources.images.tarheaders import normal
from tests.run.images.imagemaking import layer, layer_of, members, oci, saved, tar_gz


def read(data: bytes) -> list[tuple[str, File]]:
    """The members of a layer."""
    return files_of(LayerStream(io.BytesIO(data)))


def paths(*layers: dict[str, bytes]) -> dict[str, bytes]:
    """What is left of layers: digests of the contents of files, b"/" for folders."""
    contents = {hashlib.sha256(data).hexdigest(): data for files in layers for data in files.values()}
    tree = merged(read(layer(files)) for files in layers)
    return {path: b"/" if file.kind == "5" else contents[file.content] for path, file in tree.items()}


def test_whiteouts() -> None:
    assert paths({"a/": b"", "a/x": b"1", "a/y": b"2", "b": b"3"}, {"a/.wh.x": b"", ".wh.b": b""}) == {
        "a": b"/",
        "a/y": b"2",
    }
    assert paths({"a/": b"", "a/x/": b"", "a/x/y": b"1"}, {".wh.a": b""}) == {}


def test_opaque_folders() -> None:
    below = {"a/": b"", "a/x": b"1", "a/b/": b"", "a/b/y": b"2", "ab": b"3"}
    assert paths(below, {"a/": b"", "a/new": b"4", "a/.wh..wh..opq": b""}) == {"a": b"/", "a/new": b"4", "ab": b"3"}
    assert paths(below, {".wh..wh..opq": b"", "z": b"5"}) == {"z": b"5"}


def test_a_whiteout_spares_what_its_own_layer_brings() -> None:
    assert paths({"a": b"1"}, {"a": b"2", ".wh.a": b""}) == {"a": b"2"}


def test_a_file_in_the_place_of_a_folder() -> None:
    assert paths({"a/": b"", "a/x": b"1"}, {"a": b"2"}) == {"a": b"2"}
    assert paths({"a": b"1"}, {"a/": b"", "a/x": b"2"}) == {"a": b"/", "a/x": b"2"}


def test_hard_links() -> None:
    link = tarfile.TarInfo("b")
    link.type, link.linkname = tarfile.LNKTYPE, "./a"
    tree = merged([read(layer({"a": b"1"})), read(layer_of([(link, b"")]))])
    assert tree["a"] == tree["b"]
    dangling = merged([read(layer_of([(link, b"")]))])
    assert dangling["b"].link == "a"


def info(name: str, **fields: object) -> tarfile.TarInfo:
    """A header."""
    [(made, _)] = members({name: b""})
    for field, value in fields.items():
        setattr(made, field, value)
    return made


ODD = {
    "long name": info("n" * 300),
    "long link": info("a", type=tarfile.SYMTYPE, linkname="l" * 300),
    "large ids": info("a", uid=1 << 24, gid=(1 << 31) - 2),
    "not ascii": info("\u00fc/\u4e2d"),
    "device": info("dev/a", type=tarfile.CHRTYPE, devmajor=5, devminor=1, mode=0o600),
    "pipe": info("a", type=tarfile.FIFOTYPE),
    "sticky": info("a", mode=0o4755),
    "folder": info("a", type=tarfile.DIRTYPE, mode=0o1777),
}


@pytest.mark.parametrize("kind", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("name", ODD)
def test_headers(name: str, kind: int) -> None:
    made = ODD[name]
    [(path, file), (last, _)] = read(layer_of([(made, b""), (info("last"), b"")], kind))
    assert (path, last) == (made.name, "last")
    assert (file.uid, file.gid, file.kind) == (made.uid, made.gid, made.type.decode())
    assert file.mode == (0 if made.issym() else made.mode)
    assert file.link == made.linkname
    assert file.device == ((made.devmajor, made.devminor) if made.ischr() else (0, 0))


def test_attributes() -> None:
    made = info("a", pax_headers={"SCHILY.xattr.user.b": "2", "SCHILY.xattr.user.a": "1", "uid": "7"})
    [(_, file), (_, plain)] = read(layer_of([(made, b""), (info("b"), b"")]))
    assert file.xattrs == (("user.a", b"1"), ("user.b", b"2")) and file.uid == 7
    assert plain.xattrs == () and plain.uid == 0


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=120).map(
            lambda name: f"a/{name}a"
        ),
        st.tuples(st.binary(max_size=2000), st.integers(0, 0o7777), st.integers(0, 1 << 22)),
        max_size=8,
    ),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
)
def test_as_the_standard_library_reads_it(files: dict[str, tuple[bytes, int, int]], kind: int) -> None:
    made = []
    for name, (data, mode, uid) in files.items():
        header = info(name, mode=mode, uid=uid, size=len(data))
        made.append((header, data))
    stored = layer_of(made, kind)
    with tarfile.open(fileobj=io.BytesIO(stored)) as archive:
        expected = []
        for one in archive:
            content = archive.extractfile(one)
            digest = hashlib.sha256(content.read()).hexdigest() if content and not one.isdir() else ""
            expected.append((normal(one.name), one.mode, one.uid, digest))
    assert [(path, file.mode, file.uid, file.content) for path, file in read(stored)] == expected


WHOLE = layer({"a": b"x" * 3000, "b": b"y"})


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (WHOLE[:700], "in the middle of a file"),
        (WHOLE[:100], "in the middle of a header"),
        (b"z" * 2048, "no tar header"),
        (tar_gz({"a": b"x" * 9000})[:60], "cannot be read whole|in the middle|truncated"),
        (layer_of([(info("a", pax_headers={"comment": "c" * (2 << 20)}), b"")]), "too long"),
    ],
)
def test_damaged(data: bytes, told: str) -> None:
    with pytest.raises(ProofError, match=told):
        read(data)


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.run.proving.files.MOST", 2)
    assert len(read(layer({"a": b"", "b": b""}))) == 2
    with pytest.raises(ProofError, match="more than 2 files"):
        read(layer({"a": b"", "b": b"", "c": b""}))


@pytest.mark.parametrize("make", [saved, oci])
def test_shared_layers_are_read_once(make: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, one, two = layer({"a": b"1"}), layer({"b": b"2"}), layer({"c": b"3"})
    for name, top in (("one", one), ("two", two)):
        (tmp_path / f"{name}.tar").write_bytes(make([base, top], {"config": {"User": name}}))  # type: ignore[operator]
    seen: list[int] = []

    def counted(stream: LayerStream) -> list[tuple[str, File]]:
        seen.append(1)
        return files_of(stream)

    monkeypatch.setattr("auditor.run.proving.trees.files_of", counted)
    reader = Reader()
    first, second = reader.image(str(tmp_path / "one.tar")), reader.image(str(tmp_path / "two.tar"))
    assert (set(first.tree), set(second.tree)) == ({"a", "b"}, {"a", "c"})
    assert (first.config["User"], second.config["User"]) == ("one", "two")
    assert len(seen) == 3


def test_an_archive_that_passes_by(tmp_path: Path) -> None:
    """A compressed archive can be read only once, as the export of an engine."""
    import gzip

    path = tmp_path / "image.tar.gz"
    path.write_bytes(gzip.compress(saved([layer({"a": b"1"}), layer({".wh.a": b"", "b": b"2"})], {})))
    assert set(Reader().image(str(path)).tree) == {"b"}


def test_no_image(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(layer({"a": b"1"}))
    with pytest.raises(ProofError, match="an image cannot be read"):
        Reader().image(str(path))
