"""Settings of servers' configuration files, and the places of their words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.lang.directives import settings

NOTATIONS = ("statements", "lines", "options", "assignments")


def read(text: str, notation: str, name: str = "key") -> list[list[str]]:
    found = settings(text, notation, {name}).found
    for setting in found:
        assert all(text[slice(*word.span)] == word.text for word in setting.words)
    return [[word.text for word in setting.words] for setting in found]


@pytest.mark.parametrize(
    ("notation", "text", "expected"),
    [
        ("statements", "key /a;", [["/a"]]),
        ("statements", "a { b { key '/a b' \"c;d\"; } }", [["/a b", "c;d"]]),
        ("statements", "# key /a;\nkey\n  /b # c\n ;", [["/b"]]),
        ("statements", "key ${x}y a\\ b;", [["${x}y", "a\\ b"]]),
        ("statements", "server { key /a; }", [["/a"]]),
        ("statements", "mykey /a; key;", [[]]),
        ("lines", "  key /a b\r\n# key /c\nkey \"/d e\" \\\n f\n", [["/a", "b"], ["/d e", "f"]]),
        ("lines", "other key /a\n", []),
        ("options", "bind :443 ssl key /a alpn h2 # key /b\n", [["/a", "alpn"]]),
        ("options", "key\n/a\n", [[]]),
        ("assignments", "key = /a\nkey: '/b'  # c\n  - key: \"/c\"\nkey /d\n", [["/a"], ["/b"], ["/c"], ["/d"]]),
        ("assignments", "#key = /a\n; key = /b\nkey =\nkey = a b\nkeys = /c\n", []),
        ("assignments", "key = </a\n", [["/a"]]),
        ("assignments", "\ufeffkey = /a", [["/a"]]),
    ],
)  # fmt: skip
def test_words_behind_a_name(notation: str, text: str, expected: list[list[str]]) -> None:
    assert read(text, notation) == expected


@pytest.mark.parametrize("text", ['key "/a', "key /a", "a_by_lua_block { key = '}' }"])
def test_what_cannot_be_read_is_told(text: str) -> None:
    assert not settings(f"key /b;\n{text}", "statements", {"key"}).sure


def test_names_in_any_case_where_the_server_does_not_mind() -> None:
    assert [s.name for s in settings("SSLKey /a\n", "lines", {"sslkey"}, caseless=True).found] == ["SSLKey"]
    assert not settings("SSLKey /a\n", "lines", {"sslkey"}).found


@pytest.mark.parametrize(
    ("notation", "text", "comments"),
    [
        ("statements", "a b#c; # d\ne;", ["# d"]),
        ("lines", "a #b\n # c\n", ["# c"]),
        ("options", "a #b\n", ["#b"]),
        ("assignments", "a = b # c\n# d", ["# c\n", "# d"]),
    ],
)
def test_comments(notation: str, text: str, comments: list[str]) -> None:
    assert [text[slice(*span)] for span in settings(text, notation, ()).comments] == comments


@given(st.text(alphabet="key =:/a\"'#;{}\\\n\r\t$<\ufeff-", max_size=60), st.sampled_from(NOTATIONS))
def test_any_text_is_read(text: str, notation: str) -> None:
    for words in read(text, notation):
        assert all(isinstance(word, str) for word in words)
