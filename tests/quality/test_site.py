"""The documentation site: it builds without a warning, needs no network, and is searched without a server."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from tests.report.html.browser import Page, browser

#: What a browser fetches by itself.
_FETCHED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
_URL = re.compile(r"(?:url\(|@import)\s*[\"']?([^\"')]+)")


@pytest.fixture(scope="session")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("mkdocs is not installed")
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


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
