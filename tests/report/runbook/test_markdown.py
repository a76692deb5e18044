"""Values in Markdown stay values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.report.runbook.markdown import Markdown, code, finalize, text, word
from tests.report.runbook.reading import spans, tokens

NASTY = [
    "a`b``c", "`", "``", " x ", "<script>alert(1)</script>", "<!-- -->", "![x](http://evil.example/x.png)", "[a](b)",
    "[a]: b", "*a* _b_ **c** __d__", "~~a~~", "a|b", "a\nb", "a\r\n\r\n# b", "```", "&lt;&amp;", "http://evil.example/",
    "www.evil.example", "\\", "a\\", "$a$", "| a | b |\n|---|---|", "- [x] a", "1. a", "> a", "\u202eabc", "\x1b[31m",
    "\udcff", "<a@b.example>", "<https://evil.example/>", "a  \nb", "\t- a", "---", "===",
]  # fmt: skip


def shown(markdown: str) -> str:
    return "".join(token.content for token in spans(markdown) if token.type in ("text", "text_special", "code_inline"))


def types(markdown: str) -> set[str]:
    return {token.type for token in spans(markdown)}


@pytest.mark.parametrize("value", NASTY)
def test_what_is_hostile_is_shown_as_text(value: str) -> None:
    for made, allowed in ((text(value), {"text", "text_special"}), (code(value), {"code_inline", "text"})):
        line = f"x {made} y"
        assert types(line) <= allowed, made
        assert "\n" not in made
        assert len(tokens(f"- {line}")) == len(tokens("- x"))


@given(st.text(max_size=80))
def test_any_text_reads_back_as_itself(value: str) -> None:
    printable = "".join(char for char in value if char.isprintable()).strip()
    assert shown(f"x{text(printable)}y") == f"x{printable}y"
    (span,) = [token for token in spans(f"x {code(printable)} y") if token.type == "code_inline"]
    assert span.content == (printable or " ") or span.content.strip() == printable


@given(st.text(max_size=80), st.sampled_from(["x {} y", "- x {}", "## x {}", "1. x: {}, y"]))
def test_any_text_stays_in_its_place(value: str, frame: str) -> None:
    plain = [token.type for token in tokens(frame.format("z"))]
    assert [token.type for token in tokens(frame.format(text(value)))] == plain
    assert [token.type for token in tokens(frame.format(code(value)))] == plain


def test_endless_values_are_cut() -> None:
    assert len(code("a" * 100_000)) < 400
    assert len(text("`" * 100_000)) < 700


@pytest.mark.parametrize(
    "value", ["-rf", "a b", "a;b", "$(id)", "`id`", "a\nb", "", "x" * 400, "é", "a'b", 'a"b', "a>b"]
)
def test_what_a_shell_would_read_otherwise_is_left_open(value: str) -> None:
    assert word(value, "IMAGE") == "IMAGE"


def test_plain_arguments_stay() -> None:
    assert word("hub.example:5000/shop/api@sha256:00", "IMAGE") == "hub.example:5000/shop/api@sha256:00"


def test_a_template_puts_out_nothing_unescaped() -> None:
    assert finalize("*a*") == "\\*a\\*"
    assert finalize(Markdown("*a*")) == "*a*"
    assert finalize(3) == "3"
