"""The documentation site: it builds without a warning, needs no network, and is searched without a server."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from markdown_it import MarkdownIt

from tests.report.html.browser import Page, browser

#: What a browser fetches by itself.
_FETCHED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
_URL = re.compile(r"(?:url\(|@import)\s*[\"']?([^\"')]+)")


@pytest.fixture(scope="session")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    done = build(root, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def build(root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a repository into a folder. With --quiet it would not be strict."""
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("mkdocs is not installed")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    return subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)


def test_dead_links_and_pages_in_no_menu_are_refused(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "repository"
    shutil.copytree(root / "docs", copy / "docs")
    shutil.copytree(root / "tools", copy / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for path in [root / "mkdocs.yml", *root.glob("*.md")]:
        shutil.copy(path, copy)
    (copy / "docs/new.md").write_text("# New\n\n[a](gone.md) [b](fix.md#gone) [c](../gone.py) [d](../mkdocs.yml)\n")
    done = build(copy, tmp_path / "site")
    assert done.returncode != 0
    # What is not copied here is gone as well.
    new = [line for line in done.stderr.splitlines() if "new.md" in line]
    assert len(new) == 4, done.stderr
    assert [
        link for link in ("gone.md", "fix.md#gone", "gone.py") if not any(f"'{link}'" in line for line in new)
    ] == []


class Links(HTMLParser):
    """What a page fetches, what it links to, and the places in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.linked: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.places |= {found[name] for name in ("id", "name") if name in found}
        if found.get(_FETCHED.get(tag, "")):
            self.fetched.append(found[_FETCHED[tag]])
        if tag == "a" and "href" in found:
            self.linked.append(found["href"])


def pages(site: Path) -> dict[Path, Links]:
    """Every page but that for wrong addresses, which only a server sends."""
    return {path: Links(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}


def test_every_link_within_the_site_leads_to_a_place(site: Path) -> None:
    found = pages(site)
    assert [target for path, page in found.items() for target in dead(path, page, found)] == []


def dead(path: Path, page: Links, found: dict[Path, Links]) -> Iterator[str]:
    """The links of a page to files or places that are not there."""
    for link in {*page.linked, *page.fetched}:
        if "://" in link or link.startswith("mailto:"):
            continue
        name, place = urldefrag(link)
        target = (path.parent / unquote(name)).resolve() if name else path
        there = (
            target in found and place in {"", *found[target].places} if target.suffix == ".html" else target.exists()
        )
        if not there:
            yield f"{path.name} -> {link}"


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = [link for page in pages(site).values() for link in page.fetched]
    styles = [url for path in site.rglob("*.css") for url in _URL.findall(path.read_text(encoding="utf-8"))]
    assert len(fetched) > 100 and len(styles) > 3
    assert [url for url in fetched + styles if re.match(r"(?:\w+:)?//", url) and not url.startswith("data:")] == []


def test_every_page_of_the_repository_is_in_the_site(site: Path, root: Path) -> None:
    docs = [path.relative_to(root / "docs").with_suffix(".html") for path in (root / "docs").rglob("*.md")]
    wanted = {*map(str, docs), "index.html", "contributing.html", "changelog.html"}
    home = Links(site / "index.html").linked
    assert {name for name in wanted if not (site / name).is_file()} == set()
    assert {name for name in wanted if not name.startswith("rules/")} <= {*home, "index.html"}


def test_links_out_of_the_documentation_name_files_that_are_there(site: Path, root: Path) -> None:
    base = "https://git.example/image-leak-auditor/blob/main/"
    found = {link for page in pages(site).values() for link in page.linked if link.startswith(base)}
    assert found
    assert [link for link in found if not (root / urldefrag(link)[0].removeprefix(base)).exists()] == []


def shape(html: str) -> dict[str, int]:
    """How many elements of each kind a page has."""
    return {name: len(re.findall(rf"<{name}[ >]", html)) for name in ("h1", "h2", "h3", "li", "pre", "tr", "code", "a")}


def test_the_site_reads_pages_as_repositories_show_them(site: Path, root: Path) -> None:
    """MkDocs' Markdown is older than CommonMark: a list behind a paragraph needs an empty line there."""
    from markdown import markdown

    reader = MarkdownIt("commonmark").enable("table")
    different = {}
    for path in [*root.glob("*.md"), *root.glob("docs/**/*.md")]:
        text = path.read_text(encoding="utf-8")
        theirs = shape(markdown(text, extensions=["toc", "tables", "fenced_code", "sane_lists"]))
        if theirs != shape(reader.render(text)):
            different[path.name] = theirs
    assert different == {}


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.mark.real
@pytest.mark.xdist_group("browser")
def test_the_search_works_without_a_server(site: Path, tab: Page) -> None:
    results = "[...document.querySelectorAll('#mkdocs-search-results a')].map(one => one.getAttribute('href'))"
    tab.open(site / "search.html", "?q=arg-secret")
    tab.settle(f"{results}.length > 0")
    assert "rules/arg-secret.html" in tab.run(f"{results}.slice(0, 3)")
    tab.run("document.getElementById('mkdocs-search-query').value = 'squas*: \"'")
    tab.run("document.getElementById('mkdocs-search-query').dispatchEvent(new Event('input'))")
    tab.settle(f"{results}.some(one => one.startsWith('rules/squash-as-fix'))")
    tab.run("document.getElementById('mkdocs-search-query').value = 'qqqzzz'")
    tab.run("document.getElementById('mkdocs-search-query').dispatchEvent(new Event('input'))")
    tab.settle("document.getElementById('mkdocs-search-results').textContent === 'No results found'")
    assert tab.complaints == []
    assert {url.partition(":")[0] for url in tab.requests} <= {"file", "data"}
