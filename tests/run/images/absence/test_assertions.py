"""Values that must be absent: how they are given, and where they stand in metadata."""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import pytest

from auditor.core import image as places
from auditor.core.errors import UsageError
from auditor.core.image import ImagePlace
from auditor.detect.needles import Needles
from auditor.run.images.absence.assertions import parse_assertion, parse_assertions
from auditor.run.images.absence.documents import Presence, presences_of_documents, search_documents
from auditor.run.images.metadata import documents
from auditor.sources.images import model
from auditor.sources.images.model import Document, Image, Layer

VALUE = "zq" + "4Wn81KsRtYp"


class Metadata(Image):
    def __init__(self, *documents: tuple[str, object]) -> None:
        super().__init__("app")
        for kind, content in documents:
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.documents.append(Document(kind, kind, data))

    def open(self, layer: Layer) -> BinaryIO:
        raise AssertionError("documents only")


def presences(*documents: tuple[str, object]) -> list[Presence]:
    return presences_of_documents(Metadata(*documents), Needles({"TOKEN": VALUE.encode()}))


def test_values_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", VALUE)
    assert parse_assertion("TOKEN=env:MY_TOKEN") == ("TOKEN", VALUE.encode())


@pytest.mark.skipif(os.name != "posix", reason="variables of other systems are text")
def test_variables_may_hold_any_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", os.fsdecode(b"key\xff\xfe123"))
    assert parse_assertion("TOKEN=env:MY_TOKEN") == ("TOKEN", b"key\xff\xfe123")


@pytest.mark.parametrize(("end", "kept"), [("", ""), ("\n", ""), ("\r\n", ""), ("\n\n", "\n"), ("\r", "\r")])
def test_values_from_files_and_the_standard_input(tmp_path: Path, end: str, kept: str) -> None:
    path = tmp_path / "value"
    path.write_bytes((VALUE + end).encode())
    expected = ("my.token-1", (VALUE + kept).encode())
    assert parse_assertion(f"my.token-1=file:{path}") == expected
    assert parse_assertion("my.token-1=-", io.BytesIO((VALUE + end).encode())) == expected


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_values_from_pipes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(VALUE,))
    writer.start()
    assert parse_assertion(f"TOKEN=file:{tmp_path / 'pipe'}") == ("TOKEN", VALUE.encode())
    writer.join()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"  \n\t\n", "empty"),
        (b"12345", "fewer than 6 bytes"),
        (b"  12345  ", "fewer than 6 bytes"),
        (b"ababababab", "fewer than 3 different"),
        (b"abcdefgh" * 2049, "more than 16,384 bytes"),
    ],
)
def test_values_that_prove_nothing_are_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_assertion("TOKEN=-", io.BytesIO(content))


def test_errors_repeat_nothing_that_could_be_a_value(tmp_path: Path) -> None:
    bad = (f"TOKEN={VALUE}", VALUE, f"={VALUE}", f"a b={VALUE}", f"TOKEN=env:{VALUE}", f"TOKEN=file:{tmp_path}/{VALUE}")
    for text in (*bad, f"TOKEN=file:{VALUE}\0", "TOKEN=env:", "TOKEN=file:", "TOKEN=", f"TOKEN=file:{tmp_path}"):
        with pytest.raises(UsageError) as error:
            parse_assertion(text)
        assert VALUE not in str(error.value)
        assert error.value.__cause__ is None
        assert error.value.__context__ is None


def test_several_assertions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", VALUE)
    given = ["one=env:A", "two=-"]
    assert parse_assertions(given, io.BytesIO(b"from stdin")) == {"one": VALUE.encode(), "two": b"from stdin"}
    with pytest.raises(UsageError, match="only one value"):
        parse_assertions([*given, "three=-"], io.BytesIO(b"from stdin"))
    with pytest.raises(UsageError, match="one: given twice"):
        parse_assertions([*given, "one=env:A"], io.BytesIO(b"from stdin"))


CONFIG: Mapping[str, object] = {
    "config": {"Env": ["PATH=/bin", f"TOKEN={VALUE}"], "Labels": {"a/b~c": f"x{VALUE}"}, "Cmd": None},
    "history": [{"created_by": "FROM"}, {"created_by": f"RUN |1 T={VALUE} /bin/sh -c true"}],
    "rootfs": {"diff_ids": []},
}


def test_places_in_a_config() -> None:
    found = presences((model.CONFIG, CONFIG))
    assert set(found) == {
        Presence("TOKEN", "plain", ImagePlace(places.CONFIG, pointer="/config/Env/1")),
        Presence("TOKEN", "plain", ImagePlace(places.LABEL, pointer="/config/Labels/a~1b~0c")),
        Presence("TOKEN", "plain", ImagePlace(places.HISTORY, pointer="/history/1/created_by", history_index=1)),
    }
    assert len(found) == 3
    assert VALUE not in repr(found)
    assert VALUE.encode() not in pickle.dumps(found)


def test_parts_of_other_documents() -> None:
    content = {"a": VALUE}
    kinds = (model.MANIFEST, model.INDEX, model.LEGACY, model.ATTESTATION, model.CACHE)
    parts = (places.ANNOTATION, places.ANNOTATION, places.CONFIG, places.ATTESTATION, places.CACHE)
    assert [one.place.part for kind in kinds for one in presences((kind, content))] == list(parts)
    inline = {"moby.buildkit.cache.v0": base64.b64encode(VALUE.encode()).decode()}
    assert [one.place.part for one in presences((model.CONFIG, inline))] == [places.CACHE]


def test_strings_are_decoded() -> None:
    dockerfile = base64.b64encode(f"FROM scratch\nARG T={VALUE.encode().hex()}\n".encode()).decode()
    escaped = "".join(f"\\u{ord(char):04x}" for char in VALUE)
    data = f'{{"a": "{escaped}", "data": "{dockerfile}", "b": "{base64.b64encode(VALUE.encode()).decode()}"}}'.encode()
    found = {one.place.pointer: one.encoding for one in presences((model.ATTESTATION, data))}
    assert found == {"/a": "plain", "/b": "base64", "/data": "base64 of hexadecimal"}


def test_keys_are_searched_and_masked() -> None:
    found = presences((model.CONFIG, {"config": {"Labels": {f"x/{VALUE}": "y", "z" * 300: VALUE}}}))
    assert {one.place.pointer for one in found} == {"/config/Labels/x~1****", "/config/Labels/" + "z" * 200}
    below = presences((model.CONFIG, {VALUE: {"inner": [VALUE]}}))
    assert {one.place.pointer for one in below} == {"/****", "/****/inner/0"}


def test_pairs_that_parsers_drop_are_found() -> None:
    data = f'{{"Env": ["{VALUE}"], "Env": []}}'.encode()
    assert [one.place.pointer for one in presences((model.CONFIG, data))] == ["/Env/0"]


@pytest.mark.parametrize(
    "data",
    [f"{{broken {VALUE}".encode(), b"[" * 200_000 + VALUE.encode(), b"\xff" + VALUE.encode(), VALUE.encode()],
)
def test_documents_that_are_no_json_are_searched_as_they_are(data: bytes) -> None:
    offset = data.index(VALUE.encode())
    assert presences((model.CONFIG, data)) == [Presence("TOKEN", "plain", ImagePlace(places.CONFIG, offset=offset))]


def test_values_that_are_numbers() -> None:
    needles = Needles({"PIN": b"73019284"})
    found = presences_of_documents(Metadata((model.CONFIG, {"a": 73019284})), needles)
    assert [one.place.offset for one in found] == [6]


def test_texts_side_by_side_do_not_make_a_value() -> None:
    assert presences((model.CONFIG, [VALUE[:6], VALUE[6:]])) == []
    assert presences((model.CONFIG, {VALUE[:6]: VALUE[6:]})) == []


def test_what_has_too_many_values_is_searched_as_it_is_and_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_VALUES", 50)
    image = Metadata((model.CONFIG, ["x"]), (model.ATTESTATION, ["x"] * 60 + [VALUE]), (model.CACHE, [VALUE]))
    presences, errors = search_documents(image, Needles({"TOKEN": VALUE.encode()}))
    offset = image.documents[1].data.index(VALUE.encode())
    assert {one.place for one in presences} == {
        ImagePlace(places.ATTESTATION, offset=offset),
        ImagePlace(places.CACHE, pointer="/0"),
    }
    assert errors == [("more than 50 values in the metadata: searched as text", model.ATTESTATION)]
