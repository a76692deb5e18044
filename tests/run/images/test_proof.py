"""`--assert-absent`: a value is found wherever it is, however it is written, and is shown nowhere."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
import urllib.parse
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.run.images.imagemaking import (
    FILLER,
    Ran,
    archive_of,
    bundle,
    config_of,
    git_object,
    in_toto,
    jar,
    layer,
    layer_of,
    layout_files,
    listed,
    members,
    oci,
    run,
    saved,
    tar_gz,
    written,
)

#: Of no known form and with signs that are written differently in JSON and addresses.
VALUE = 'kX7/rT"p&2 wQ' + "9vLz4+mN8"
PLAIN = VALUE.encode()
BASE = layer({"etc/motd": b"hello\n"})


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A place for the image."""
    return tmp_path / "image.tar"


def prove(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *argv: str) -> Ran:
    """Run with the value in a variable; no output may hold it in any form."""
    monkeypatch.setenv("THE_VALUE", VALUE)
    ran = run(capsys, *argv, "--assert-absent", "db=env:THE_VALUE", "--format", "json", "--isolated")
    quiet(ran)
    text = run(capsys, *argv, "--assert-absent", "db=env:THE_VALUE", "--isolated", "-v")
    quiet(text)
    assert text.code == ran.code
    return ran


def quiet(ran: Ran) -> None:
    """Nothing that was printed tells the value."""
    forms = [VALUE, VALUE.encode().hex(), base64.b64encode(PLAIN).decode()[:-3], urllib.parse.quote(VALUE)]
    forms += [json.dumps(VALUE)[1:-1], VALUE[:12]]
    assert [form for form in forms if form in ran.out or form in ran.err] == []


ENCODED: dict[str, bytes] = {
    "plain": PLAIN,
    "base64": base64.b64encode(PLAIN),
    "base64 at 1": base64.b64encode(b"x" + PLAIN + b"yz"),
    "base64 at 2": base64.b64encode(b"xy" + PLAIN + b"z"),
    "base64url": base64.urlsafe_b64encode(PLAIN + b"\xff\xfe"),
    "hex": PLAIN.hex().encode(),
    "HEX": PLAIN.hex().upper().encode(),
    "percent": urllib.parse.quote(VALUE, safe="").encode(),
    "json": json.dumps(VALUE).encode(),
    "utf-16": VALUE.encode("utf-16-le"),
    "utf-16 be": VALUE.encode("utf-16-be"),
}


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("path", ["app/data.bin", "usr/lib/x.py"])
def test_every_encoding(
    name: str, path: str, image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = FILLER * 40 + b"before:" + ENCODED[name] + b":after" + FILLER * 40
    ran = prove(capsys, monkeypatch, written(image, saved([BASE, layer({path: content})])))
    assert ran.code == 1
    assert ran.places == [("layer", 1, path, "live")]
    assert ran.report["findings"][0]["rule"] == "present-value"


def in_layers() -> dict[str, tuple[list[bytes], tuple[object, ...]]]:
    """Layers, and the place that is to be told."""
    loose, stored = git_object(b"old: " + PLAIN)
    owned = {"usr/lib/tool.conf": b"x " + PLAIN}
    padded = bytearray(layer_of(members({"a": b"short"})))
    padded[517 : 517 + len(PLAIN)] = PLAIN
    noted = tarfile.TarInfo("n")
    noted.pax_headers = {"comment": VALUE}
    packed = {"in.env": b"K=" + PLAIN}
    return {
        "deleted": ([layer({"a/x": PLAIN}), layer({"a/.wh.x": b""})], ("layer", 0, "a/x", "deleted")),
        "overwritten": ([layer({"a": PLAIN}), layer({"a": b"new"})], ("layer", 0, "a", "overwritten")),
        "tar.gz": ([layer({"b.tar.gz": tar_gz(packed)})], ("layer", 0, "b.tar.gz!b.tar!in.env", "live")),
        "jar in tar": ([layer({"b.gz": tar_gz({"c.jar": jar(packed)})})], ("layer", 0, "b.gz!b!c.jar!in.env", "live")),
        "git": ([layer({f".git/{loose}": stored})], ("layer", 0, f".git/objects!{loose[8:]}!blob", "live")),
        "owned": (
            [layer({**owned, "var/lib/dpkg/info/tool.md5sums": listed(owned).encode()})],
            ("layer", 0, "usr/lib/tool.conf", "live"),
        ),
        "padding": ([bytes(padded)], ("layer", 0, "a!tar padding", "hidden")),
        "header": ([layer_of([(noted, b"")])], ("layer", 0, "n!tar header", "hidden")),
    }


@pytest.mark.parametrize("name", in_layers())
def test_every_place_of_a_layer(
    name: str, image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layers, place = in_layers()[name]
    ran = prove(capsys, monkeypatch, written(image, saved(layers)))
    assert ran.code == 1
    assert place in ran.places


def test_in_the_name_of_a_file(
    image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = [layer({f"keys/{VALUE}.key": b"nothing"})]
    ran = prove(capsys, monkeypatch, written(image, saved(layers)))
    assert ran.code == 1 and len(ran.places) == 1


def test_a_file_whose_name_and_content_hold_it(
    image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = [layer({f"keys/{VALUE}.key": PLAIN}), layer({".wh.keys": b""})]
    ran = prove(capsys, monkeypatch, written(image, saved(layers)))
    assert ran.code == 1
    assert ("layer", 0, "deleted") in {(place[0], place[1], place[3]) for place in ran.places}


@pytest.mark.parametrize(
    ("config", "part"),
    [
        (config_of([f"RUN |1 X={VALUE} /bin/sh -c make # buildkit"]), "history"),
        (config_of([{"created_by": "RUN x", "comment": f"with {VALUE}"}]), "history"),
        (config_of(Env=[f"INNOCENT={VALUE}"]), "config"),
        (config_of(Env=["INNOCENT=" + base64.b64encode(PLAIN).decode()]), "config"),
        (config_of(Labels={"note": f"x {VALUE}"}), "label"),
        (config_of(Labels={VALUE: "x"}), "label"),
        (config_of(Cmd=["run", VALUE]), "config"),
        ({"author": VALUE}, "config"),
    ],
)
def test_metadata(
    config: dict[str, Any],
    part: str,
    image: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ran = prove(capsys, monkeypatch, written(image, saved([BASE], config)))
    assert ran.code == 1
    assert {place[0] for place in ran.places} == {part}


def test_an_attestation(image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    request = {"args": {"build-arg:X": VALUE}, "data": base64.b64encode(b"RUN x " + PLAIN).decode()}
    statement = in_toto(buildDefinition={"externalParameters": {"request": request}})
    ran = prove(capsys, monkeypatch, written(image, oci([BASE], {}, statement)))
    pointers = {finding["image"]["pointer"] for finding in ran.report["findings"]}
    parent = "/predicate/buildDefinition/externalParameters/request"
    assert pointers >= {f"{parent}/args/build-arg:X", f"{parent}/data"}
    assert {place[0] for place in ran.places} == {"attestation"}


def test_an_annotation_of_the_index(
    image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    memory, root = bundle([BASE])
    listing = json.loads(root)
    listing["annotations"] = {"org.example.note": VALUE}
    ran = prove(capsys, monkeypatch, written(image, archive_of(layout_files(memory, json.dumps(listing).encode()))))
    assert (ran.code, {place[0] for place in ran.places}) == (1, {"annotation"})


def test_what_is_absent(image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    near = PLAIN[:-1] + b"?"
    layers = [layer({"a": near, "b.gz": gzip.compress(near), "c": PLAIN[1:], f"d-{VALUE[:-1]}": b""})]
    ran = prove(capsys, monkeypatch, written(image, saved(layers, config_of(Env=[f"A={near.decode()}"]))))
    assert (ran.code, ran.report["findings"]) == (0, [])


def test_what_cannot_be_read_is_no_proof(
    image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = saved([BASE, layer({"a": FILLER * 100})])
    assert prove(capsys, monkeypatch, written(image, data[: len(data) // 2])).code == 3


def test_the_cache_answers_no_proof(
    image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(image, saved([layer({"a": PLAIN})]))
    assert run(capsys, str(image), "--isolated").code == 0
    assert prove(capsys, monkeypatch, str(image)).code == 1


def test_values_from_files_and_the_standard_input(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(image, saved([layer({"a": PLAIN, "b": b"another-value-1"})]))
    (tmp_path / "value").write_text(f"{VALUE}\n")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"another-value-1\n"), closed=False))
    given = ["--assert-absent", f"one=file:{tmp_path / 'value'}", "--assert-absent", "two=-"]
    ran = run(capsys, str(image), *given, "--format", "json")
    quiet(ran)
    assert [(finding["secret"]["redacted"], finding["image"]["path"]) for finding in ran.report["findings"]] == [
        ("<one>", "a"),
        ("<two>", "b"),
    ]
    assert "another-value-1" not in ran.out


@pytest.mark.parametrize(
    "wrong",
    [
        ["db=env:NOT_THERE"],
        ["db=file:/no/such/file"],
        ["db"],
        ["db=hunter22"],
        ["=env:HOME"],
        ["db=env:"],
        ["a=-", "b=-"],
    ],
    ids=" ".join,
)
def test_wrong_usage(wrong: list[str], image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(image, saved([BASE]))
    given = [part for one in wrong for part in ("--assert-absent", one)]
    ran = run(capsys, str(image), *given)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("audit: error: ") and "hunter22" not in ran.err


def test_the_standard_input_is_one_thing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    piped = SimpleNamespace(buffer=io.BytesIO(b"a value"), closed=False, isatty=lambda: False)
    monkeypatch.setattr("sys.stdin", piped)
    ran = run(capsys, "-", "--assert-absent", "db=-")
    assert (ran.code, ran.out) == (2, "")
    assert "--assert-absent" in ran.err
    assert piped.buffer.tell() == 0
