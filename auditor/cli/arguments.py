"""What the commands' argument parsers have in common."""

from __future__ import annotations

import argparse

_COLUMNS = 80


class _Formatter(argparse.RawDescriptionHelpFormatter):
    # A fixed width: asking for the terminal's would import shutil on every start, and help would vary.
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_COLUMNS, max_help_position=30)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        # As Python 3.13 does, so that help is the same everywhere: the value stands once.
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"

    def _split_lines(self, text: str, width: int) -> list[str]:
        import textwrap  # start-up: help only

        # The names of options and formats are not cut at their hyphens.
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


def parser(command: str, description: str, *, epilog: str = "") -> argparse.ArgumentParser:
    """A parser for `audit COMMAND`; its errors exit with code 2."""
    return argparse.ArgumentParser(
        prog=f"audit {command}",
        description=description,
        epilog=epilog or None,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )


def subcommand(
    below: argparse._SubParsersAction[argparse.ArgumentParser], name: str, line: str
) -> argparse.ArgumentParser:
    """A parser for `audit COMMAND NAME`, which is told of in one line."""
    return below.add_parser(
        name, help=line, description=f"{line[:1].upper()}{line[1:]}.", formatter_class=_Formatter, allow_abbrev=False
    )
