"""Writes the page `docs/wrappers.md` from `rules/wrappers/`. `--check` only says whether it is up to date."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from auditor.core.rulefiles import compile_rules
from auditor.core.wrappers import EXEC, SHIM, Wrapping
from tools import onepage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.core.wrapperdata import CredentialEntry, WrapperEntry

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "wrappers.md")
NOTE = "<!-- Made from rules/wrappers/ by `python -m tools.wrapperdocs`: edit those files, not this page. -->"

_INTRO = """\
A wrapper starts a program with secrets in its environment that it fetches from a secret manager. `audit fix --wrapper
NAME` has a container do that: what `ENV` holds becomes a reference, or goes, and what the container starts is wrapped.

    audit fix --diff --wrapper ksm --map MYSQL_PASSWORD=keeper://RECORD_UID/field/password

- `--map VAR=REFERENCE` says what the wrapper calls the value; it may be repeated. Without it a marked placeholder
  stands in its place, which takes `--unsafe-fixes`.
- The wrapper's own credential is a file of the running container, below `/run/secrets`. It is never an `ARG`, an `ENV`
  or a file of a layer: with it goes everything that it opens.
- What the base image starts has to be known, since a new `ENTRYPOINT` clears its `CMD`: from the Dockerfile, from the
  table of official images, or from `--base-config FILE`, the output of `docker image inspect IMAGE`.
- A `HEALTHCHECK` that needs a value is wrapped, too. `docker exec` and another `--entrypoint` get references only."""
_FORMS = """\
There are two forms, `--wrapper-form shim` and `--wrapper-form exec`. The *shim* is a line of POSIX shell in the
`ENTRYPOINT`: it asks for each value, takes the wrapper's credential out of the environment, and becomes the program,
which is the container's first process: it gets signals itself, and its exit code is the container's. A value that is
not to be had ends the start with a message. In the *plain* form (`exec`) the wrapper starts the program. Many stay as
its parent: the table says what becomes of signals and exit codes then. The shim is the default, unless the wrapper
becomes the program itself, or cannot print one value."""
_SIGNALS = {
    "kept": "reach the program",
    "forwarded": "are forwarded",
    "delayed": "are forwarded late",
    "dropped": "**do not reach it**",
}


def page(wrappers: Sequence[WrapperEntry]) -> str:
    """Text of the page."""
    rows = sorted(wrappers, key=lambda row: row["id"])
    header = ("Name", "Takes", "Default form", "Plain form", "Stays as parent", "Signals", "Exit code", "Runs with")
    parts = [NOTE, "# Wrappers", _INTRO, "## Forms", _FORMS, onepage.table(header, map(_row, rows)), "## Each of them"]
    for row in rows:
        parts += _section(row)
    return "\n\n".join(parts) + "\n"


def _row(row: WrapperEntry) -> tuple[str, ...]:
    plain = row["passes"] != "none"
    form = {SHIM: "shim", EXEC: "plain"}[Wrapping(row, {}).way] if plain or "resolve" in row else "none"
    return (
        f"[`{row['id']}`](#{row['id']})",
        {"references": "references in `ENV`", "names": "values by name", "configuration": "a whole project"}[
            row["takes"]
        ],
        form,
        _code(" ".join(row["argv"])) if plain else "none",
        ("yes" if row["process"] == "fork" else "no") if plain else "",
        _SIGNALS[row["signals"]] if plain else "",
        ("kept" if row["exit_code"] == "kept" else "**1 for any failure**") if plain else "",
        ", ".join(row["libc"]),
    )


def _section(row: WrapperEntry) -> Iterator[str]:
    yield f"### {row['id']}"
    measured = "; its behaviour was measured" if row.get("measured") else ""
    yield f"[{row['title']}]({row['homepage']}){measured}."
    lines = []
    if row["takes"] != "configuration":
        lines.append(f"- Reference: {_code(row['reference'])}")
    if "resolve" in row:
        lines.append(f"- One value: {_code(' '.join(row['resolve']))}")
    lines += [f"- Credential: {_credential(one)}" for one in row["credential"]]
    if "environment" in row:
        lines.append(f"- Set in the plain form: {', '.join(map(_code, row['environment']))}")
    if "cli_image" in row:
        lines.append(
            f"- Its image {_code(row['cli_image'])} brings it in the volume {_code(row.get('cli_volume', ''))}"
        )
    lines += [f"- {trap[:1].upper() if not trap.startswith('`') else trap[:1]}{trap[1:]}." for trap in row["traps"]]
    yield "\n".join(lines)
    yield "How it comes into an image, before any secret is in reach:"
    yield f"```dockerfile\n{row['install'].strip()}\n```"


def _credential(one: CredentialEntry) -> str:
    ways = [_code(one["variable"])] if "variable" in one else []
    if "file_variable" in one:
        what = "the folder of" if one["file_is"] == "folder" else "the path of"
        ways.append(f"{_code(one['file_variable'])}, {what} the file {_code(one['file_name'])}")
    with_it = f", with {', '.join(map(_code, one['settings']))}" if "settings" in one else ""
    return f"{one['title']}: {', or '.join(ways)}{with_it}"


def _code(text: str) -> str:
    return f"`{text}`"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page, or with `--check` return 1 when it is stale."""
    rules = os.path.join(ROOT, "rules")
    return onepage.main(argv, "wrapperdocs", __doc__, PAGE, lambda: page(compile_rules(rules)["wrappers"]["wrappers"]))


if __name__ == "__main__":
    raise SystemExit(main())
