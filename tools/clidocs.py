"""Writes the page `docs/cli.md` from the parsers of all commands. `--check` only says whether it is up to date."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from auditor.cli.generating.commands import all_commands, with_subcommands
from auditor.cli.main import help_text
from tools import onepage

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "cli.md")
NOTE = "<!-- Made from the commands by `python -m tools.clidocs`: edit their parsers, not this page. -->"
_INTRO = """\
What `audit --help` and `audit COMMAND --help` print. The same is in the manual page, `man audit`, which comes with the
wheel; `audit generate man` prints its source. `audit generate completion bash`, `zsh` or `fish` prints completions of
commands, options and their values; the wheel brings them to `share/` of the prefix that it is installed in, where
shells look for them if that is `/usr/local` or `~/.local`.

Settings that options have in common may stand in a file or in the environment: [configuration](configuration.md)."""


def page() -> str:
    """Text of the page."""
    parts = [NOTE, "# Commands", _INTRO, _block(help_text())]
    for command in with_subcommands(all_commands()):
        parts += [f"## audit {' '.join(command.words)}", _block(command.help_text)]
    return "\n\n".join(parts) + "\n"


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page, or with `--check` return 1 when it is stale."""
    return onepage.main(argv, "clidocs", __doc__, PAGE, page)


if __name__ == "__main__":
    raise SystemExit(main())
