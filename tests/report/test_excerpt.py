"""Excerpts: alignment, masking, cutting, whatever the line holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.finding import Severity, Target
from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.report.excerpt import Excerpt, Mark
from auditor.report.masking import FileMasker
from auditor.report.prose import advice, paragraphs
from auditor.report.terminal import Painter, columns, escape, escape_character, wrap


def quote(text: str, *spans: tuple[int, int], secrets: list[Secret] | None = None, width: int = 80) -> list[str]:
    """The excerpt of these spans, without colour."""
    excerpt = Excerpt(Target("f", "dockerfile", text=text), FileMasker(secrets or [], []), Painter(False), width)
    return excerpt.render([Mark(Span(*span), "", Severity.HIGH) for span in spans])


def under(lines: list[str]) -> str:
    """What stands above the carets."""
    source, carets = lines[0], lines[1]
    return source[carets.index("^") : carets.rindex("^") + 1]


@pytest.mark.parametrize(
    ("text", "word", "shown"),
    [
        ("ENV A=b", "b", "b"),
        ("\tENV A=b c", "A", "A"),
        ("\ufeffENV A=b", "A", "A"),
        ("ENV X=\x1b[1m A=b", "A", "A"),
        ("ENV A=b\r\n", "b", "b"),
        ("x" * 500 + " NEEDLE " + "y" * 500, "NEEDLE", "NEEDLE"),
        ("x" * 10 + " NEEDLE " + "y" * 500, "NEEDLE", "NEEDLE"),
        ("x" * 500 + " NEEDLE", "NEEDLE", "NEEDLE"),
    ],
)
def test_carets_stand_under_the_span(text: str, word: str, shown: str) -> None:
    at = text.index(word)
    lines = quote(text, (at, at + len(word)))
    assert under(lines) == shown
    assert all(columns(line) <= 80 for line in lines)


def test_wide_characters_take_two_columns() -> None:
    lines = quote("ENV 日本=x", (7, 8))
    assert columns(lines[0].partition("x")[0]) == lines[1].index("^")


def test_masked_values_keep_their_carets() -> None:
    text = 'ENV A="sesame-open-now" B=sesame-open-now'
    lines = quote(text, (7, 22), (26, 41), secrets=[Secret("sesame-open-now", "password")])
    assert lines == ['      1 | ENV A="****" B=****', "        |        ^^^^    ^^^^"]


def test_a_value_of_several_lines_is_masked_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nAAAABBBBCCCCDDDD\nEEEEFFFFGGGGHHHH\n-----END KEY-----"
    text = f"RUN <<E\n{key}\nE\n"
    at = text.index(key)
    lines = quote(text, (at, at + len(key)), secrets=[Secret(key, "private-key")])
    assert "AAAABBBB" not in "".join(lines) and "EEEEFFFF" not in "".join(lines)


def test_only_the_first_lines_of_a_long_span_are_shown() -> None:
    text = "RUN a \\\n" * 40
    assert len(quote(text, (0, len(text)))) == 6


def test_overlapping_secrets_are_masked_whole() -> None:
    masker = FileMasker([Secret("abcdefgh", "x"), Secret("efghijkl", "x")], [])
    (found,) = masker.line("abcdefghijkl", 0)
    assert (found.start, found.end) == (0, 12)


HOSTILE = st.text(st.sampled_from("ab \t\x1b\u202e日\u0301\udcff\"'\\#=é"), max_size=300)


@given(HOSTILE, st.integers(0, 300), st.integers(0, 40), st.integers(40, 100))
def test_any_line_is_quoted_safely(text: str, start: int, length: int, width: int) -> None:
    start = min(start, len(text))
    span = (start, min(start + length, len(text)))
    lines = quote(text, span, width=width)
    assert all(line.isprintable() and columns(line) <= width + 2 for line in lines)
    assert sum("^" in line for line in lines) == 1


@given(HOSTILE, st.text("abc1", min_size=8, max_size=12), HOSTILE, st.integers(0, 700), st.integers(40, 100))
def test_a_secret_is_never_quoted_in_part(before: str, value: str, after: str, at: int, width: int) -> None:
    text = f"{before}{value}{after}"
    start = min(at, len(text))
    lines = quote(text, (start, min(start + 5, len(text))), secrets=[Secret(value, "x")], width=width)
    rest = f"{before}|{after}"
    pieces = {value[i : i + 5] for i in range(len(value) - 4)}
    assert not any(piece in lines[0] and piece not in rest for piece in pieces if piece not in value[-4:])


@given(HOSTILE, st.integers(10, 60))
def test_wrapped_text_keeps_every_word(text: str, width: int) -> None:
    lines = wrap(text, width, "", "")
    assert "".join(lines).replace(" ", "") == re.sub(" ", "", escape(" ".join(text.split())))


def test_advice_is_the_first_sentence_and_the_first_code() -> None:
    remedy = "Mount it, e.g. as a file. Then rotate.\n\n    RUN a \\\n        b\n\nMore.\n\n    RUN c\n"
    assert advice(remedy, 80, whole=False) == ["Mount it, e.g. as a file.", "RUN a \\", "    b"]
    assert "RUN c" in advice(remedy, 80, whole=True)
    assert paragraphs(remedy, 80)[-1] == "    RUN c"


def test_a_line_of_megabytes_is_cut_without_reading_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def note(char: str) -> str:
        seen.append(char)
        return escape_character(char)

    monkeypatch.setattr("auditor.report.excerpt.escape_character", note)
    text = "x" * 5_000_000 + "NEEDLE" + "y" * 5_000_000
    assert under(quote(text, (5_000_000, 5_000_006))) == "NEEDLE"
    assert len(seen) < 1_000


@pytest.mark.parametrize(
    ("remedy", "lines"),
    [
        ("Mount it:\nRUN a \\\n    b\nand c", ["Mount it:", "RUN a \\", "    b", "and c"]),
        ("Mount it:\n    RUN a \\\n        b", ["Mount it:", "RUN a \\", "    b"]),
        ("Mount it:\n\nProse.\n", ["Mount it:"]),
        ("One line", ["One line"]),
    ],
)
def test_code_may_follow_a_colon(remedy: str, lines: list[str]) -> None:
    assert advice(remedy, 80, whole=False) == lines
