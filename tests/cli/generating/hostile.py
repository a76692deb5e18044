"""A command whose help has everything in it that shells and roff take for something else."""

from __future__ import annotations

from auditor.cli.arguments import parser, subcommand
from auditor.cli.generating.commands import Command, command_of

#: Runs wherever a shell expands it.
TEXT = "'\"; $(touch pwned) `touch pwned` \\ [a]:{b} % \\fB .TH é\t<(touch pwned) !!"
WORD = "a$(touch pwned)b"


def hostile() -> list[Command]:
    """`audit hostile`, which has a subcommand, options and arguments."""
    help_text = TEXT.replace("%", "%%")
    p = parser("hostile", TEXT, epilog=f".{TEXT}\n'{TEXT}\n  {TEXT}\n")
    p.add_argument("--value", choices=(WORD, "plain"), help=help_text)
    p.add_argument("--text", metavar="'X:[Y]", help=f".{help_text}")
    group = p.add_argument_group(TEXT, TEXT)
    group.add_argument("-s", "--several", action="append", metavar="FILE", help=f"'{help_text}")
    below = p.add_subparsers(dest="what", metavar="WHAT")
    subcommand(below, "more", help_text).add_argument("word", choices=(WORD, "plain"), help=help_text)
    return [command_of(p, ("hostile",), TEXT)]
