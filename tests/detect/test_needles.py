"""Known values are found in every form in which a build may leave them, and nothing else is."""

from __future__ import annotations

import os
import pickle
import textwrap
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.detect.needles import Hit, Needles
from auditor.detect.seeking import engines
from tests.detect.writings import ENCODINGS, LINES, NOISE, PASSWORD, TOKEN, VALUES, b64
from tests.work import calls


@cache
def needles_for(name: str) -> Needles:
    return Needles({name: VALUES[name].encode()})


@cache
def needles_for_all(engine: str) -> Needles:
    return Needles({name: value.encode() for name, value in VALUES.items()}, engine)


def found(data: bytes, name: str = "token") -> list[Hit]:
    return needles_for(name).search(data)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_is_found(name: str, encoding: str) -> None:
    written = ENCODINGS[encoding](VALUES[name])
    content = written if isinstance(written, bytes) else written.encode()
    hits = found(NOISE + content + NOISE, name)
    assert {hit.name for hit in hits} == {name}
    assert all(len(NOISE) <= hit.start < hit.end <= len(NOISE) + len(content) for hit in hits)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_nothing_is_found_of_another_value(name: str, encoding: str) -> None:
    value = VALUES[name]
    # In base64 of base64, a few bits of the first and the last character are not looked at.
    for at in (0, len(value) // 2, len(value) - 1) if encoding != "base64 of base64" else (len(value) // 2,):
        other = value[:at] + ("Q" if value[at] != "Q" else "z") + value[at + 1 :]
        written = ENCODINGS[encoding](other)
        assert found(NOISE + (written if isinstance(written, bytes) else written.encode()), name) == []


@pytest.mark.parametrize("width", range(60, 80))
def test_line_breaks_in_base64_hide_nothing(width: int) -> None:
    for before in range(width):
        content = "\n".join(textwrap.wrap(b64(bytes(before) + PASSWORD.encode() + bytes(50)), width))
        assert [hit.encoding for hit in found(content.encode(), "password")] == ["base64"]


def test_encodings_are_named() -> None:
    for encoding, label in (
        ("plain", "plain"),
        ("json", "escaped"),
        ("percent", "percent-encoded"),
        ("html", "character references"),
        ("hex", "hexadecimal"),
        ("utf-16-le", "utf-16"),
        ("base64, wrapped", "base64"),
        ("base64 of base64", "base64 of base64"),
    ):
        written = ENCODINGS[encoding](PASSWORD)
        assert label in {
            hit.encoding for hit in found(written if isinstance(written, bytes) else written.encode(), "password")
        }


def test_places_are_exact() -> None:
    data = b"x" * 1000 + TOKEN.encode() + b"y" * 100 + TOKEN.encode().hex().encode() + b"z"
    assert found(data) == [
        Hit("token", "plain", 1000, 1000 + len(TOKEN)),
        Hit("token", "hexadecimal", 1100 + len(TOKEN), 1100 + 3 * len(TOKEN)),
    ]


def test_several_values_at_once() -> None:
    data = NOISE.join(value.encode() for value in VALUES.values())
    assert [hit.name for hit in needles_for_all("auto").search(data) if hit.encoding == "plain"] == list(VALUES)


def test_values_that_are_no_text() -> None:
    value = bytes(range(120, 200))
    needles = Needles({"key": value})
    for data, label in (
        (value, "plain"),
        (b64(b"-" + value).encode(), "base64"),
        (value.hex().encode(), "hexadecimal"),
        (urllib.parse.quote(value, safe="").encode(), "percent-encoded"),
        ("".join(f"\\x{byte:02x}" for byte in value).encode(), "escaped"),
    ):
        assert [hit.encoding for hit in needles.search(NOISE + data + NOISE)] == [label]


def test_line_breaks_at_the_ends_do_not_matter() -> None:
    needles = Needles({"lines": b"\n" + LINES.replace("\n", "\r\n").encode() + b"\r\n"})
    assert [hit.encoding for hit in needles.search(LINES.encode())] == ["plain"]


def test_line_breaks_are_named() -> None:
    for encoding in ("CRLF", "in one line", "with spaces", "indented"):
        hits = found(ENCODINGS[encoding](LINES).encode(), "lines")  # type: ignore[union-attr]
        assert [hit.encoding for hit in hits] == ["plain with other line breaks"]


def test_blank_lines_are_one_break() -> None:
    value = "first" + " \n" * 5000 + "seco" + "nd\n\n\n third"
    needles = Needles({"v": value.encode()})
    for end in ("\n", "\r\n"):
        assert needles.search(NOISE + value.replace("\n", end).encode() + NOISE)
    assert needles.search(b'{"v": "first\\nsecond\\n\\n\\nthird"}')
    assert calls(lambda: needles.search(b" \n" * 50_000 + b"first" + b" \n" * 50_000)) < 50_000


chars = st.characters(codec="utf-8", exclude_characters="\r\n\0")


@given(st.text(chars, min_size=6, max_size=30), st.sampled_from(sorted(ENCODINGS)), st.binary(max_size=40))
def test_any_value_in_any_encoding(value: str, encoding: str, before: bytes) -> None:
    if len(set(value)) < 3 or len(value.strip()) < 6 or value != value.strip():
        return
    if encoding == "quoted by python" and not value.isprintable():
        return
    if len(value.encode()) < 12 and ("wrapped" in encoding or encoding in ("base64, CRLF", "base64, in yaml")):
        # The only anchor of a short value may be broken.
        return
    written = ENCODINGS[encoding](value)
    data = before + (written if isinstance(written, bytes) else written.encode()) + b"\n"
    hits = {engine: Needles({"v": value.encode()}, engine).search(data) for engine in ("auto", "literals")}
    assert hits["auto"]
    assert hits["auto"] == hits["literals"]


@given(st.lists(st.sampled_from([*VALUES.values(), "x", "MIIx7Rk2", TOKEN[:9], TOKEN[9:]]), max_size=8), st.data())
def test_engines_agree_and_pieces_hide_nothing(parts: list[str], data: st.DataObject) -> None:
    encode = [ENCODINGS[data.draw(st.sampled_from(sorted(ENCODINGS)))] for _ in parts]
    written = [one(part) for one, part in zip(encode, parts, strict=True)]
    content = b"".join(one if isinstance(one, bytes) else one.encode() for one in written)
    needles = needles_for_all("auto")
    whole = needles.search(content)
    assert needles_for_all("literals").search(content) == whole
    cut = data.draw(st.integers(0, len(content)))
    carry = min(cut, needles.reach)
    pieces = needles.search(content[:cut])
    for hit in needles.search(content[cut - carry :], seen=carry):
        pieces.append(hit._replace(start=hit.start + cut - carry, end=hit.end + cut - carry))
    assert {(hit.name, hit.encoding) for hit in whole} <= {(hit.name, hit.encoding) for hit in pieces}


def test_a_repeated_value_is_bounded_work() -> None:
    data = (TOKEN + " ").encode() * 20_000
    hits = found(data)
    assert 300 <= len(hits) <= 4096
    assert hits[0].start == 0


def test_nothing_shows_a_value() -> None:
    needles = Needles({"TOKEN": TOKEN.encode()})
    assert TOKEN not in repr(needles) + str(needles) + f"{needles}" + repr(needles.search(TOKEN.encode()))
    with pytest.raises(TypeError) as error:
        pickle.dumps(needles)
    assert TOKEN not in str(error.value)


def test_a_missing_or_failing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: object, _literals: object) -> None:
        raise ImportError("no library")

    monkeypatch.setattr(engines.NativeSearch, "__init__", fail)
    assert Needles({"t": TOKEN.encode()}).engine == "literals"
    with pytest.raises(ImportError):
        Needles({"t": TOKEN.encode()}, "hyperscan")
    with pytest.raises(ValueError, match="unknown engine"):
        Needles({"t": TOKEN.encode()}, "fast")


def test_text_is_masked_in_every_form() -> None:
    needles = Needles({"TOKEN": TOKEN.encode(), "PASSWORD": PASSWORD.encode()})
    assert needles.masked("app/config.yml") == "app/config.yml"
    assert needles.masked("app/caf\udce9") == "app/caf\udce9"
    text = f"app/{TOKEN}/{urllib.parse.quote(PASSWORD, safe='')}.txt"
    assert needles.masked(text) == "app/****/****.txt"
    assert b64(TOKEN.encode())[:20] not in needles.masked(b64(TOKEN.encode()))


@pytest.mark.parametrize("engine", ["auto", "literals"])
def test_any_buffer_any_thread_and_forked_processes(engine: str) -> None:
    needles = needles_for_all(engine)
    data = NOISE + TOKEN.encode()
    expected = needles.search(data)
    assert needles.search(bytearray(data)) == needles.search(memoryview(data)) == expected != []
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(needles.search, [data * 100] * 8)) == [needles.search(data * 100)] * 8
    if hasattr(os, "fork"):
        child = os.fork()
        if not child:
            os._exit(needles.search(data) != expected)
        assert os.waitpid(child, 0)[1] == 0


def test_no_value_gives_no_hit() -> None:
    needles = Needles({})
    assert needles.search(NOISE) == []
    assert needles.reach == 0
