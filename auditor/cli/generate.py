"""`audit generate completion SHELL | man | schema`: texts that are made from the program itself."""

from __future__ import annotations

import sys

from auditor.cli.arguments import parser, subcommand
from auditor.core.errors import ExitCode
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_EPILOG = """\
To complete in the shell that runs:
  bash   source <(audit generate completion bash)
  zsh    source <(audit generate completion zsh)      (after compinit)
  fish   audit generate completion fish | source
Packages and pip put these files and the manual page below share/ of the prefix.
"""
SHELLS = ("bash", "zsh", "fish")


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises SystemExit (wrong arguments, --help)."""
    arguments = build_parser().parse_args(argv)
    if arguments.what == "completion":
        made = completion(arguments.shell)
    elif arguments.what == "man":
        made = manual()
    else:
        made = schema()
    sys.stdout.write(made)
    return ExitCode.CLEAN


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser("generate", "Print what is made from the program itself.", epilog=_EPILOG)
    below = p.add_subparsers(dest="what", metavar="WHAT", required=True, title="what there is")
    shell = subcommand(below, "completion", "print completions for a shell")
    shell.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    subcommand(below, "man", "print the manual page, for man -l")
    subcommand(below, "schema", "print the JSON Schema of the configuration file, for editors")
    return p


def completion(shell: str) -> str:
    """The script of completions for one of SHELLS."""
    from auditor.cli.generating.commands import all_commands  # start-up: --help and wrong arguments need no commands

    if shell == "bash":
        from auditor.cli.generating.bash import render
    elif shell == "zsh":
        from auditor.cli.generating.zsh import render
    else:
        from auditor.cli.generating.fish import render
    return render(all_commands())


def manual() -> str:
    """The manual page audit(1)."""
    from auditor.cli.generating.commands import all_commands  # start-up: as above
    from auditor.cli.generating.man import render

    return render(all_commands())


def schema() -> str:
    """The JSON Schema of the configuration file, version 1."""
    from auditor.core.config import resolve
    from auditor.report.configschema import render  # start-up: as above
    from auditor.run.selection import all_rules

    return render({rule.id: rule.title for rule in all_rules().values()}, resolve({}))
