"""Hooks of MkDocs for `make site`: pages that lie beside `docs/`, links that lead out of it, the list of rules."""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: Files at the top of the repository -> the pages that they are in the site.
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
_RULES, _STYLES = "rules/", "css/site.css"
_FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the page of each rule where the navigation has the folder of them."""
    names = sorted(name for name in os.listdir(os.path.join(config.docs_dir, _RULES)) if name != "index.md")
    config.nav = _with_pages(config.nav, [{name.removesuffix(".md"): f"{_RULES}{name}"} for name in names])
    return config


def _with_pages(nav: Any, pages: list[dict[str, str]]) -> Any:
    if isinstance(nav, list):
        return [_with_pages(entry, pages) for entry in nav]
    if isinstance(nav, dict):
        return {title: _with_pages(entry, pages) for title, entry in nav.items()}
    return pages if nav == _RULES else nav


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie beside `docs/`, and our styles."""
    files.append(File.generated(config, _STYLES, abs_src_path=os.path.join(ROOT, "tools", "site.css")))
    for name, uri in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=os.path.join(ROOT, name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """A page whose links, which are right in the repository, are right in the site. Code blocks stay."""
    uri = page.file.src_uri
    source = next((name for name, made in PAGES.items() if made == uri), f"docs/{uri}")

    def linked(match: re.Match[str]) -> str:
        return _target(posixpath.normpath(posixpath.join(posixpath.dirname(source), match[1])), uri, config)

    parts, end = [], 0
    for block in _FENCED.finditer(markdown):
        parts += [_LINK.sub(linked, markdown[end : block.start()]), block[0]]
        end = block.end()
    return "".join([*parts, _LINK.sub(linked, markdown[end:])])


def _target(path: str, uri: str, config: MkDocsConfig) -> str:
    """The link on page `uri` to a file of the repository. One that is not there is left for `--strict` to refuse."""
    inside = PAGES.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else "")
    if not inside and os.path.exists(os.path.join(ROOT, path)):
        return f"{config.repo_url}/blob/main/{path}"
    return posixpath.relpath(inside or path, posixpath.dirname(uri) or ".")


def on_post_build(config: MkDocsConfig) -> None:
    """Replace the search by one that also works from `file://` addresses."""
    folder = os.path.join(config.site_dir, "search")
    with open(os.path.join(folder, "search_index.json"), encoding="utf-8") as file:
        pages = json.load(file)["docs"]
    with open(os.path.join(folder, "index.js"), "w", encoding="utf-8") as file:
        file.write(f"const searchPages = {json.dumps(pages)};\n")
    shutil.copy(os.path.join(ROOT, "tools", "sitesearch.js"), os.path.join(folder, "main.js"))
    for name in ("search_index.json", "worker.js"):
        os.remove(os.path.join(folder, name))
