"""String literals of Jenkinsfiles, and the shell text in them."""

from __future__ import annotations

import pytest

from auditor.lang import groovy
from auditor.lang.derived import FOREIGN


def _texts(text: str) -> list[str]:
    return [text[slice(*found.inner)] for found in groovy.texts(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sh 'a' + \"b\"", ["a", "b"]),
        ("// 'no'\n/* 'no'\n'no' */ sh 'yes'", ["yes"]),
        ("sh '''a 'b'\n c''' \"\"\"d \"e\" \"\"\"", ["a 'b'\n c", 'd "e" ']),
        (r"'it\'s' 'b'", [r"it\'s", "b"]),
        ("it's\nsh 'b'", ["b"]),
        ("'''never", []),
        ("'x\\", []),
        ("'a'" + " " * groovy.MAX_CHARS, []),
    ],
)
def test_strings(text: str, wanted: list[str]) -> None:
    assert _texts(text) == wanted


def test_folders() -> None:
    text = "dir('a') { sh 'x'\n dir(\"b\") { if (y) { sh 'z' } } sh 'u' }\nsh 'v'"
    found = {text[slice(*t.inner)]: t.folders for t in groovy.texts(text)}
    assert {name: found[name] for name in "xzuv"} == {"x": ("a",), "z": ("a", "b"), "u": ("a",), "v": ()}


@pytest.mark.parametrize("quote", ['"', "'", '"""', "'''"])
def test_quotes_that_are_never_closed_are_looked_through_once(quote: str) -> None:
    assert _texts(quote + ("\\" + quote) * 60_000) == []


def test_an_open_quote_spoils_its_line_only() -> None:
    assert _texts("it's \\' so\nsh 'x'\n") == ["x"]


def test_braces_beyond_the_bound_end_the_reading() -> None:
    assert _texts("{" * 200 + "'a'") == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"'a \'b\' \\ $X \$Y'", r"a 'b' \ $X $Y"),
        ('"a ${x.y} $b.c \\$d"', "a " + FOREIGN * 6 + " " + FOREIGN * 4 + " $d"),
        ('"${a{b}}c"', FOREIGN * 7 + "c"),
        ("'''a\\\r\n b\r\nc'''", "a b\nc"),
        (r"'\u0041'", None),
    ],
)
def test_what_the_shell_reads(text: str, wanted: str | None) -> None:
    (node,) = groovy.texts(text)
    made = groovy.derived(text, node)
    assert (made.text if made else None) == wanted
    if made is not None:
        assert all(text[made.at(i)] == char for i, char in enumerate(made.text) if char != FOREIGN)
