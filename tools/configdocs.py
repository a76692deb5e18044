"""Writes the tables of `docs/configuration.md` and the schema `docs/schemas/config-1.schema.json` from the settings.

`--check` only says whether both are up to date.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from auditor.cli.generate import schema
from auditor.cli.generating.commands import all_commands
from auditor.core.config import resolve
from auditor.core.configtexts import (
    SEVERITY_ABOUT,
    SEVERITY_EXAMPLE,
    SEVERITY_KEY,
    TEXTS,
    VARIABLES,
    choices,
    plain_value,
    text_of,
)
from auditor.report.configschema import NAME
from auditor.report.settings import toml_value
from tools import onepage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from auditor.core.configtexts import Text

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "configuration.md")
SCHEMA = os.path.join(ROOT, "docs", "schemas", NAME)
#: Commands that have such options and no settings: `audit config` has all, `audit wrap` reads no configuration.
_OWN_WAY = ("config", "wrap")
#: Of others the words are listed that they can be.
_KINDS = {
    "threshold": "severity, or `never`",
    "severity": "severity",
    "flag": "true or false",
    "names": "list of rules",
    "globs": "list of globs",
    "formats": "list of formats",
    "file": "path",
    "files": "list of paths",
    "text": "text",
    "number": "whole number",
}


def page() -> str:
    """Text of the page, with its tables as they should be."""
    with open(PAGE, encoding="utf-8", newline="") as file:
        text = file.read()
    for name, table in (("settings", _settings()), ("command line", _own()), ("variables", _variables())):
        start, end = f"<!-- {name}: made by `python -m tools.configdocs` -->\n", f"<!-- end of {name} -->"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"{PAGE}: no table {name}")
        text = f"{before}{start}\n{table}\n\n{end}{after}"
    return text


def _settings() -> str:
    usual = resolve({})
    rows = []
    for text in TEXTS:
        if text.option.shared:
            default = plain_value(usual, text.option)
            shown = "" if default in ("", []) else f"`{toml_value(default)}`"
            kind = _KINDS.get(text.option.kind) or ", ".join(f"`{word}`" for word in choices(text.option.kind))
            rows.append((f"`{text.key}`", kind, shown, f"`{toml_value(text.example)}`", text.about, _commands(text)))
    example = f"`{toml_value(SEVERITY_EXAMPLE)}`"
    rows.append((f"`{SEVERITY_KEY}`", "table", "", example, SEVERITY_ABOUT, _commands(text_of("min-severity"))))
    return _table(("Setting", "Value", "Default", "Example", "What it does", "Heeded by"), rows)


def _own() -> str:
    rows = ((f"`{text.flags[-1]}`", text.about) for text in TEXTS if not text.option.shared)
    return _table(("Option", "What it does"), rows)


def _variables() -> str:
    return _table(("Variable", "What it is"), ((f"`{name}`", about) for name, about in VARIABLES.items()))


def _commands(text: Text) -> str:
    names = []
    for command in all_commands():
        options = {option.names for option in command.options if not option.metavar.startswith("{")}
        if command.words[0] not in _OWN_WAY and text.flags in options:
            names.append(command.words[0])
    return ", ".join(names)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return onepage.table(header, ([cell.replace("|", "\\|") for cell in cells] for cells in rows))


def main(argv: Sequence[str] | None = None) -> int:
    """Write what is stale, or with `--check` return 1 when something is."""
    made: tuple[tuple[str, Callable[[], str]], ...] = ((PAGE, page), (SCHEMA, schema))
    return max(onepage.main(argv, "configdocs", __doc__, path, text) for path, text in made)


if __name__ == "__main__":
    raise SystemExit(main())
