"""Writes the page `docs/formats.md` from `rules/secrets/`. `--check` only says whether it is up to date."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from auditor.core.rulefiles import compile_rules
from auditor.core.secretrules import CLASSES
from auditor.detect.verify import VERIFIERS
from auditor.run.formats import offline_check, public_prefixes
from tools import onepage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.ruledata import CompiledRules, Entry, ProviderEntry, SecretEntry

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "formats.md")
NOTE = "<!-- Made from rules/secrets/ by `python -m tools.formatdocs`: edit those files, not this page. -->"
_MOST_PREFIXES = 4

_FORMATS = """\
A value of these kinds gives itself away wherever it stands. *Prefix* is the part that everybody may know; reports show
it. *Offline check* says what confirms a value without asking anybody:

- **checksum**: the issuer put one into the value, and it is right;
- **structure**: the value can be read as what it claims to be;
- **facts**: what the value says about itself (its owner, its kind, when it ends) is read and reported. That proves
  nothing, or only some variants of the format have something that does.

A value that fails its check is still reported, with lower confidence. *Documented* is the owner's own page about the
format, or about how its API authenticates."""
_SERVICES = """\
Keys of these services look like any other random value. They are recognised by the service's name near them, or in the
name of the variable that holds them, together with their shape. *Announced by* are those names; a space stands for
nothing or for one of `-`, `_` and `.`. A shape is a class of characters with one or more lengths, or a regular
expression; several are joined by `|`:

{classes}
- `onecase`: hexadecimal digits, or letters and digits of one case
- `uuid`, `jwt`: what these are elsewhere
- `common`: 32, 40 or 64 letters and digits, a UUID or a JWT; for services that do not say how long their keys are"""


def page(compiled: CompiledRules) -> str:
    """Text of the page."""
    formats, providers = compiled["running"]["tables"]["secrets"], compiled["providers"]["providers"]
    docs = compiled["docs"]["tables"]
    verified = sum(row["id"] in VERIFIERS for row in formats)
    classes = "\n".join(f"- `{name}`: `{characters}`" for name, characters in CLASSES.items())
    parts = [
        NOTE,
        "# What is recognised",
        f"{len(formats):,} token formats, {verified:,} of them checked offline, and {len(providers):,} kinds of keys "
        "that only the name of their service tells.",
        "## Token formats",
        _FORMATS,
        onepage.table(
            ("Format", "What it is", "Prefix", "Offline check", "Documented"),
            (_format(row, docs["secrets"][row["id"]]) for row in sorted(formats, key=lambda row: row["id"])),
        ),
        "## Services",
        _SERVICES.format(classes=classes),
        onepage.table(
            ("Key", "Service", "Announced by", "Shape", "Documented"),
            (_provider(row, docs["providers"][row["id"]]) for row in sorted(providers, key=lambda row: row["id"])),
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _format(row: SecretEntry, docs: Entry) -> tuple[str, ...]:
    return (_code(row["id"]), _plain(row["title"]), _prefixes(row, docs), offline_check(row["id"], docs), _source(docs))


def _provider(row: ProviderEntry, docs: Entry) -> tuple[str, ...]:
    shape = row.get("shape") or row["pattern"]
    return (_code(row["id"]), _plain(row["title"]), ", ".join(row["names"]), _code(shape), _source(docs))


def _prefixes(row: SecretEntry, docs: Entry) -> str:
    return ", ".join(map(_code, public_prefixes(row, docs)[:_MOST_PREFIXES]))


def _source(docs: Entry) -> str:
    return f"<{docs['source']}>"


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    ticks = "``" if "`" in text else "`"
    space = " " if "`" in text else ""
    return f"{ticks}{space}{_plain(text)}{space}{ticks}"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page, or with `--check` return 1 when it is stale."""
    return onepage.main(argv, "formatdocs", __doc__, PAGE, lambda: page(compile_rules(os.path.join(ROOT, "rules"))))


if __name__ == "__main__":
    raise SystemExit(main())
