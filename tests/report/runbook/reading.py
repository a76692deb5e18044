"""Reads a runbook as CommonMark does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

#: What our templates write; a table, an image or HTML can only come from a value.
BLOCKS = {
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "bullet_list_open", "bullet_list_close",
    "ordered_list_open", "ordered_list_close", "list_item_open", "list_item_close", "fence", "inline",
}  # fmt: skip
SPANS = {"text", "code_inline", "softbreak", "link_open", "link_close", "strong_open", "strong_close", "text_special"}


def tokens(markdown: str) -> list[Token]:
    """The blocks of a text, with HTML on."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)


def spans(markdown: str) -> Iterator[Token]:
    """Everything inside of the blocks."""
    for token in tokens(markdown):
        yield from token.children or ()


def links(markdown: str) -> list[str]:
    """Where links lead."""
    return [str(token.attrs["href"]) for token in spans(markdown) if token.type == "link_open"]


def headings(markdown: str) -> list[str]:
    """The headings in order, each with its level: `## Order`."""
    made = []
    blocks = tokens(markdown)
    for token, inner in pairwise(blocks):
        if token.type == "heading_open":
            made.append(f"{token.markup} {inner.content}")
    return made


def commands(markdown: str) -> list[str]:
    """The lines of all fences."""
    return [line for token in tokens(markdown) if token.type == "fence" for line in token.content.splitlines()]


def check_form(markdown: str) -> None:
    """Assert that a runbook is made of our own markup only: sections in order, fences closed, no HTML, no table."""
    blocks = tokens(markdown)
    assert {token.type for token in blocks} <= BLOCKS, {token.type for token in blocks} - BLOCKS
    assert {token.type for token in spans(markdown)} <= SPANS, {token.type for token in spans(markdown)} - SPANS
    assert [token.info for token in blocks if token.type == "fence" and token.info != "bash"] == []
    levels = [len(heading.split(" ")[0]) for heading in headings(markdown)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(link.startswith("https://") for link in links(markdown))
    assert "\n\n\n" not in markdown and markdown.endswith("\n") and not markdown.endswith("\n\n")
    assert not [line for line in markdown.split("\n") if line != line.rstrip()]
