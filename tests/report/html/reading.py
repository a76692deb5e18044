"""Reads the HTML report as a parser sees it: tags, attributes, text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from auditor.core.finding import Report
from auditor.report.html import render
from auditor.report.meta import Meta

VOID = {"meta", "link", "input"}


class Reader(HTMLParser):
    """`tags` are all start tags with their attributes in order; `shape` has names only; `open` what was not closed."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.shape: list[tuple[str, ...]] = []
        self.open: list[str] = []
        self.stray: list[str] = []
        self.text: list[str] = []
        self.raw: dict[str, list[str]] = {"style": [], "script": []}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.shape.append((tag, *(name for name, _ in attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.stray.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]].append(data)
        else:
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every such tag."""
        return [found for name, found in self.tags if name == tag]

    @property
    def words(self) -> str:
        """All text, blanks merged."""
        return " ".join(" ".join(self.text).split())


def structure(report: Report, meta: Meta) -> str:
    """The page without style and script, which are files of their own."""
    page = re.sub(r"(?s)<(style|script)>.*?</\1>", r"<\1></\1>", render(report, meta))
    return re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-", page)
