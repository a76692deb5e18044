"""What holds for any text: nothing raises, places lie inside it, work is linear, nothing prints a value."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.detect import credfiles, names, positions, tokens, values
from tests.work import calls

_PIECES = st.sampled_from(
    [
        *("password", "PASSWORD", "token", "api_key", "Authorization", "machine ", "login ", "alter user "),
        *("=", ":", " => ", "://", "@", "/", ".", "-", "_", "'", '"', " ", "\n", "\r\n", "\t", "\\", "$", "${A}"),
        *("https://", "h.example", "u:", "bearer ", "ghp_", "eyJ", "AKIA", "Zq8vT1xKw3Rb", "hunter2", "true", "x" * 40),
        *("\x00", "\x1b[31m", "\udcff", "\U0001f600", "é", "İ", "ſ", "K", ".env", ".ssh/", "id_rsa", "*", "?", "["),
        *("identified by ", "$(...)", "0", "{{"),
    ]
)
texts = st.one_of(st.lists(_PIECES, max_size=25).map("".join), st.text(max_size=200))


@given(texts)
def test_positions_lie_inside_the_text_in_order_and_apart(text: str) -> None:
    at = 0
    for position in positions.find(text):
        assert at <= position.start < position.end <= len(text)
        assert 0 <= position.begin <= position.start
        assert position.level in ("secret", "weak", "placeholder", "none", "variable")
        at = position.end


@given(texts)
def test_tokens_are_what_stands_at_their_place(text: str) -> None:
    for token in tokens.find(text):
        assert 0 <= token.start < token.end <= len(text)
        assert text[token.start : token.end] == token.secret.reveal()


@given(texts, texts)
def test_judging_never_raises_and_gives_a_known_level(name: str, value: str) -> None:
    names.split(name)
    reading = names.read(name)
    judged = values.judge(name, value)
    assert judged.level in ("none", "placeholder", "weak", "secret")
    assert judged.level == "none" or reading is not None
    assert values.entropy(value) >= 0


@given(texts)
def test_a_path_is_the_same_file_wherever_it_lies(path: str) -> None:
    found = credfiles.recognise(path)
    if found is not None and not path.startswith((" ", "\t", "\n", "\r", "/", "\\")):
        assert credfiles.recognise("/some/place/" + path) == found


@given(texts.filter(lambda text: len(text) >= 4))
def test_a_found_token_never_prints_its_value(text: str) -> None:
    for token in tokens.find("ghp_" + "aZ1" * 12 + " " + text):
        assert token.secret.reveal() not in str(token) + repr(token.secret)


@pytest.mark.parametrize(
    "make",
    [
        lambda n: "x " * n,
        lambda n: "a" * n,
        lambda n: "a." * n,
        lambda n: "a://" * n,
        lambda n: "a://b:" * n,
        lambda n: "ab=" * n,
        lambda n: "${A}" * n,
        lambda n: "bearer " * n,
        lambda n: "identified with " * n,
        lambda n: "ghp_" * n,
        lambda n: "eyJ" + "a" * n,
        lambda n: "\x00" * n,
    ],
)
def test_work_grows_with_the_text_only(make: Callable[[int], str]) -> None:
    def look(text: str) -> None:
        positions.find(text)
        values.judge("PASSWORD", text)
        credfiles.recognise(text)

    for size in (3, 301, 1201):  # what is compiled on first use counts for nothing
        look(make(size))
    small, large = make(300), make(1200)
    assert calls(lambda: look(large)) < 4.5 * calls(lambda: look(small)) + 500
