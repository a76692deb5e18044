"""Decoded views: what is found, where it came from, and that no text makes them raise, grow or repeat themselves."""

from __future__ import annotations

import base64
import gzip
import json
import textwrap
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.detect.views import Bounds, Cut, View, views

SECRET = "password=Zq8vT1xKw3RbLm5N"
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=12, max_size=200)


def url_safe(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def standard(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def wrapped(text: str, width: int = 64, indent: str = "  ") -> str:
    return textwrap.indent("\n".join(textwrap.wrap(standard(text), width)), indent)


def all_percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def all_escapes(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def find(text: str, wanted: str) -> View | None:
    return next((view for view in views(text) if wanted in view.text), None)


LONG = "[database]\n" + "\n".join(f"option_{i} = value {i}" for i in range(20)) + "\n" + SECRET


@pytest.mark.parametrize(
    ("kind", "encoded", "wanted"),
    [
        ("base64", standard(SECRET), SECRET),
        ("base64", standard(SECRET).rstrip("="), SECRET),
        ("base64url", url_safe("subject?>~" * 3 + SECRET), SECRET),
        ("base64", wrapped(LONG), SECRET),
        ("base64", wrapped(LONG, 76, ""), SECRET),
        ("base64", wrapped(LONG).replace("\n", "\r\n"), SECRET),
        ("base64", "\n".join(textwrap.wrap(standard(LONG), 64)).replace("\n", "\\n"), SECRET),
        ("base64", "".join(f'  "{line}" +\n' for line in textwrap.wrap(standard(LONG), 64)), SECRET),
        ("base64", "/config/" + standard("x" + SECRET), SECRET),
        ("base64", base64.b64encode(SECRET.encode("utf-16-le")).decode(), SECRET),
        ("base64", standard("Пароль: " + SECRET), "Пароль"),
        ("base64", '{"password": "aHVudGVyMg=="}', "hunter2"),
        ("base64", "data:\n  password: aHVudGVyMg==\n", "hunter2"),
        ("gzip", base64.b64encode(gzip.compress(LONG.encode())).decode(), SECRET),
        ("hex", SECRET.encode().hex(), SECRET),
        ("hex", "0x" + SECRET.encode().hex().upper(), SECRET),
        ("hex", "\n".join(textwrap.wrap(LONG.encode().hex(), 60)), SECRET),
        ("percent", urllib.parse.quote(SECRET, safe=""), SECRET),
        ("percent", all_percent("pässwörd=" + SECRET), "pässwörd"),
        ("escapes", all_escapes(SECRET), SECRET),
        ("escapes", json.dumps(json.dumps({"password": "Zq8vT1xK"})), '"password": "Zq8vT1xK"'),
        ("escapes", r"https:\/\/user:Zq8vT1xK@h.example", "https://user:Zq8vT1xK@h"),
        ("escapes", r'"A=1\nPASSWORD=Zq8vT1xK\n"', "\nPASSWORD=Zq8vT1xK\n"),
        ("escapes", r"\ud83d\ude00 token\x3dZq8v \u{7a}", "\U0001f600 token=Zq8v z"),
        ("html", "password=&quot;Zq8v&amp;T1xK&#x3d;&quot;", 'password="Zq8v&T1xK="'),
        ("utf-16", "\x01\x02" + SECRET.encode("utf-16-le").decode("latin-1") + "\xff", SECRET),
        ("utf-16", "\x01\x02" + SECRET.encode("utf-16-be").decode("latin-1") + "\xff", SECRET),
    ],
)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("x: '", "'\n"), ("first line\nvalue = ", "\nlast line")])
def test_a_written_secret_is_found_in_its_place(kind: str, encoded: str, wanted: str, before: str, after: str) -> None:
    text = before + encoded + after
    view = find(text, wanted)
    assert view is not None and view.kind == kind
    at = view.text.index(wanted)
    start, end = view.origin(at, at + len(wanted))
    assert len(before) <= start < end <= len(before) + len(encoded)


@pytest.mark.parametrize(
    "text",
    [
        "the quick brown fox jumps over the lazy dog",
        "/usr/local/lib/python3.11/site-packages/setuptools/_vendor",
        "org.springframework.boot.autoconfigure.SpringBootApplication",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha512-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "550e8400-e29b-41d4-a716-446655440000",
        "A" * 4000,
        "0" * 15,
        "printf('%02d %s %ld%%', a, b)",
        "100% sure & safe; a&b; \\d+ \\w \\path\\to\\file",
        "\x00" * 200,
        "----------------------------------------",
    ],
)
def test_what_is_not_encoded_gives_no_view(text: str) -> None:
    assert [(view.kind, view.text) for view in views(text)] == []


def test_binary_formats_are_kept_as_bytes() -> None:
    key = b"\x30\x82\x04\xbe\x02\x01\x00" + bytes(range(256))
    (view,) = views(base64.b64encode(key).decode())
    assert view.binary and view.text.encode("latin-1") == key
    assert view.origin(0, len(view.text)) == (0, len(base64.b64encode(key).rstrip(b"=")))


@given(PRINTABLE)
def test_base64_maps_back_to_the_letters_of_each_byte(text: str) -> None:
    encoded = standard(text)
    view = find("k: " + encoded, text)
    assert view is not None
    for at in range(len(text)):
        start, end = view.origin(at, at + 1)
        assert (start - 3, end - 3) == (at // 3 * 4 + at % 3, at // 3 * 4 + at % 3 + 2)


@given(PRINTABLE)
def test_hexadecimal_maps_back_exactly(text: str) -> None:
    encoded = text.encode().hex()
    view = find(encoded, text)
    assert view is not None
    for at in range(len(text)):
        start, end = view.origin(at, at + 1)
        assert bytes.fromhex(encoded[start:end]).decode() == text[at]


@pytest.mark.parametrize(
    ("spell", "unspell"),
    [(all_percent, urllib.parse.unquote), (all_escapes, lambda text: json.loads(f'"{text}"'))],
)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0xD7FF, exclude_categories=["Cc"]), min_size=1))
def test_escapes_map_back_exactly(spell: Callable[[str], str], unspell: Callable[[str], str], text: str) -> None:
    text = f"a{text}"  # tables of other letters are not worth reading
    encoded = spell(text)
    view = find(encoded, text)
    assert view is not None
    at = view.text.index(text)
    for index in range(len(text)):
        start, end = view.origin(at + index, at + index + 1)
        assert unspell(encoded[start:end]) == text[index]


@given(PRINTABLE, st.integers(40, 100), st.sampled_from(["", "  ", "\t", "# "]))
def test_wrapped_base64_reads_as_unwrapped(text: str, width: int, indent: str) -> None:
    encoded = textwrap.indent("\n".join(textwrap.wrap(standard(text * 3), width)), indent)
    view = find("key: |\n" + encoded + "\n", text * 3)
    assert view is not None
    start, end = view.origin(0, len(view.text))
    assert base64.b64decode(("key: |\n" + encoded)[start:end].replace(indent, "") + "==") == (text * 3).encode()


@pytest.mark.parametrize(
    "encoders",
    [[standard, standard], [standard, all_percent], [lambda text: text.encode().hex(), standard, all_escapes]],
)
def test_nested_views_map_back_to_the_original(encoders: list[Callable[[str], str]]) -> None:
    encoded = SECRET
    for encode in encoders:
        encoded = encode(encoded)
    view = find("value: " + encoded + "\n", SECRET)
    assert view is not None and view.depth == len(encoders)
    start, end = view.origin(0, len(view.text))
    assert 7 <= start < end <= 7 + len(encoded) and end - start >= len(encoded) - 20


def test_nesting_stops_at_the_depth() -> None:
    text = SECRET
    for _ in range(5):
        text = standard(text)
    assert max(view.depth for view in views(text)) == 3
    assert find(text, SECRET) is None


@pytest.mark.parametrize(("times", "cut"), [(0, False), (3, False), (4, True), (5, True)])
def test_what_is_nested_deeper_is_noted(times: int, cut: bool) -> None:
    text = SECRET
    for _ in range(times):
        text = standard(text)
    cuts: list[Cut] = []
    list(views(f"x: {text}\n", cuts=cuts))
    assert [one.reason for one in cuts] == ["encoded more than 3 times"] * cut
    assert all(3 <= one.start < one.end <= 3 + len(text) for one in cuts)


def test_copied_text_is_told_from_decoded() -> None:
    view = find("plain words and pass%77ord here", "password")
    assert view is not None
    at = view.text.index("w", view.text.index("pass"))
    assert view.decoded(at, at + 1)
    assert not view.decoded(0, 5)


def test_text_copied_into_a_view_is_not_decoded_again() -> None:
    text = f"a%3Db {standard(SECRET)}"
    assert [view.kind for view in views(text)].count("base64") == 1


def test_what_exceeds_the_limit_is_noted() -> None:
    text = "\n".join(standard(SECRET + str(i)) for i in range(2000))
    cuts: list[Cut] = []
    found = list(views(text, bounds=Bounds(total=10_000), cuts=cuts))
    assert sum(len(view.text) for view in found) <= 10_000
    assert cuts and cuts[0].reason == "decoded text exceeds the limit"


def test_a_bomb_inside_base64_is_bounded() -> None:
    text = base64.b64encode(gzip.compress(b"password: a\n" * 4_000_000)).decode()
    cuts: list[Cut] = []
    found = list(views(text, cuts=cuts))
    assert sum(len(view.text) for view in found) <= 8 << 20
    assert cuts


PIECES = st.sampled_from(
    [
        *("%41", "%", "%C3%A9", "%ff", "\\u0041", "\\ud83d", "\\ude00", "\\x", "\\", "\\n", '\\"', ":", "=", "==", "&"),
        *("&amp;", "&#65;", "&#x110000;", "QUJDREVGR0hJSktM", "aGVsbG8gd29ybGQh", "H4sIAAAAAAAA", "MIIBVwIBADAN"),
        *("48656c6c6f20576f726c64", "p\0a\0s\0s\0w\0o\0r\0d\0", "\0", "\n", "\r\n", " ", '"', "-", "_", "/", "+"),
        *("\udcff", "é", "\U0001f600", "A" * 70, "deadbeef" * 9, "//4=", "-----"),
    ]
)


@given(st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=300)))
def test_any_text_gives_views_that_lie_inside_of_it(text: str) -> None:
    for view in views(text):
        outer = text if view.parent is None else view.parent.text
        assert 0 <= view.start < view.end <= len(outer)
        assert view.text
        for start in range(0, len(view.text), 7):
            first, last = view.origin(start, start + 3)
            assert 0 <= first <= last <= len(text)
            assert view.parent is not None or view.start <= first <= last <= view.end


@given(st.lists(PIECES, max_size=40).map("".join))
def test_later_characters_come_from_later_places(text: str) -> None:
    for view in views(text):
        places = [view.origin(at, at + 1) for at in range(len(view.text))]
        assert places == sorted(places)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_all_views_together_are_bounded(text: str) -> None:
    assert sum(len(view.text) for view in views(text)) <= max(4 * len(text), Bounds().least)
