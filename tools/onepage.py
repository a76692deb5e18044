"""Writes a generated page of `docs/`, or says that it is stale: the command line of the tools that make one."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


def main(argv: Sequence[str] | None, tool: str, about: str | None, path: str, page: Callable[[], str]) -> int:
    """Write what `page` makes to `path`, or with `--check` return 1 when that is not what stands there."""
    parser = argparse.ArgumentParser(prog=f"python -m tools.{tool}", description=about)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the page is stale")
    options = parser.parse_args(argv)
    wanted = page()
    if _read(path) == wanted:
        return 0
    folder, name = os.path.split(path)
    shown = f"docs/schemas/{name}" if os.path.basename(folder) == "schemas" else f"docs/{name}"
    sys.stdout.write(f"{'stale' if options.check else 'written'}: {shown}\n")
    if options.check:
        return 1
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(wanted)
    return 0


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; the cells stand as they are."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
