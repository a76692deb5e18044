"""Words that must not occur in the repository: places of one machine, hosts of package registries."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {".git", ".venv", "__pycache__", "build", "dist", "_data", ".hypothesis"}
SKIPPED_ENDINGS = ("_cache", ".egg-info", ".whl", ".gz", ".pyc")

# Each word is written in pieces, so that this file does not hold it. A registry's manual may be cited: only the whole
# host counts, not one that ends like it.
HOSTS = [
    (r"registry\.", r"npmjs\.org"),
    (r"registry\.", r"yarnpkg\.com"),
    (r"npm\.pkg\.", r"github\.com"),
    (r"(?:test\.|upload\.)?pypi\.", r"(?:org|python\.org)"),
    (r"(?:files\.)?python", r"hosted\.org"),
    (r"rubygems\.", r"org"),
    (r"(?:static\.|index\.)?crates\.", r"io\b"),
    (r"(?:api|www)\.nuget\.", r"org"),
    (r"(?:repo\.)?packagist\.", r"org"),
    (r"repo1?\.maven", r"(?:\.apache)?\.org"),
    (r"proxy\.golang\.", r"org"),
    (r"plugins\.gradle\.", r"org"),
]
PLACES = [
    (r"/work/", r"(?:main|shared|\.library)\b"),
    (r"/tmp/", r"briefs"),
    (r"/root/", r"\.pyenv"),
    (r"\bco-authored-", r"by\b"),
]


def files(root: Path) -> Iterator[Path]:
    for folder, names, entries in os.walk(root):
        names[:] = sorted(name for name in names if name not in SKIPPED and not name.endswith(SKIPPED_ENDINGS))
        yield from (Path(folder, entry) for entry in sorted(entries) if not entry.endswith(SKIPPED_ENDINGS))


def hits(root: Path, words: list[tuple[str, ...]]) -> list[str]:
    choices = "|".join("".join(pieces) for pieces in words)
    pattern = re.compile(rf"(?<![\w.-])(?:{choices})".encode(), re.IGNORECASE)
    found = []
    for path in files(root):
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(root)}:{number}: {match[0].decode()}")
    return found


def test_no_host_of_a_package_registry() -> None:
    assert hits(ROOT, HOSTS) == []


def test_no_place_of_one_machine() -> None:
    assert hits(ROOT, PLACES) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [("see registry." + "npmjs.org/x", HOSTS), ("https://PYPI." + "org/simple", HOSTS), ("cd /work/" + "main", PLACES)],
)
def test_the_search_finds_them(tmp_path: Path, text: str, words: list[tuple[str, ...]]) -> None:
    (tmp_path / "a.md").write_text(f"first\n{text}\n")
    assert len(hits(tmp_path, words)) == 1


@pytest.mark.parametrize(
    "text",
    ["WORKDIR /work/app", "COPY main /work/maintain", "npm.registry.example", "https://guides.rubygems." + "org/"],
)
def test_the_search_leaves_look_alikes(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.md").write_text(text)
    assert hits(tmp_path, HOSTS + PLACES) == []
