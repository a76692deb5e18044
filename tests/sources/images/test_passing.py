"""Archives that are read once, in their own order."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.sources.images.archive import open_archive
from auditor.sources.images.model import (
    PassingSource,
    SourceError,
)
from auditor.sources.images.passing import PassedBundle, PassingArchive, open_stream
from tests.sources.images.layouts import (
    LAYERS,
    archive_of,
    contents,
    layer_tar,
    read_all,
    saved_files,
)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_archives_compressed_as_a_whole(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "a.tar.packed"
    path.write_bytes(pack(archive_of(saved_files(LAYERS))))
    with open_archive("x", str(path)) as source:
        (image,), (layers,) = contents(source)
    assert layers == LAYERS
    assert not image.problems
    with pytest.raises(SourceError, match="only while it passes"):
        image.open(image.layers[0])
    path.write_bytes(path.read_bytes()[:-200])
    with open_archive("x", str(path)) as source:
        assert isinstance(source, PassingSource)
        for _ in source.passing():
            pass
        try:
            told = [problem.message for problem in source.images()[0].problems]
        except SourceError as error:  # bzip2 gives nothing of a block that is not whole
            told = [str(error)]
    assert any("truncated" in message for message in told)


def test_layer_that_begins_like_json_is_no_document() -> None:
    """A tar begins with a name; a name may begin with a brace."""
    data = archive_of(saved_files([layer_tar('{"a', b"text")]))
    source = PassingArchive("x", io.BytesIO(data))
    (_, layers) = contents(source)
    assert layers == [[layer_tar('{"a', b"text")]]


def test_json_in_the_place_of_a_layer_is_there_after_the_pass() -> None:
    (_, layers) = contents(PassingArchive("x", io.BytesIO(archive_of(saved_files([b'{"no": "tar"}'])))))
    assert layers == [[b'{"no": "tar"}']]


def test_documents_kept_of_a_stream_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.sources.images.passing.MOST_KEPT", 3000)
    files = {f"junk{number}": b'{"a": "' + b"b" * 1000 + b'"}' for number in range(9)}
    bundle = PassedBundle()
    source = PassingArchive("x", io.BytesIO(archive_of({**saved_files(LAYERS), **files})))
    monkeypatch.setattr(source, "_bundle", bundle)
    images, _ = contents(source)
    assert any("together exceed" in problem.message for problem in images[0].problems)


def test_part_that_has_passed_by_cannot_be_read() -> None:
    source = PassingArchive("x", io.BytesIO(archive_of(saved_files([layer_tar(content=bytes(5000))] * 2))))
    streams = [stream for _, stream in source.passing() if stream.read(0) == b""]
    with pytest.raises(SourceError, match="passed by"):
        read_all(streams[1])


def test_no_standard_input() -> None:
    with pytest.raises(SourceError, match="no standard input"):
        open_stream("-", None)
