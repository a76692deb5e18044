"""Options that several commands share. Imported only where there are options to read."""

from __future__ import annotations

from auditor.core.configtexts import text_of
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_setting(group: argparse._ActionsContainer, key: str, help: str = "") -> None:
    """An option for a setting; `help` where a command says it in other words than `core.configtexts`."""
    text = text_of(key)
    said = help or text.help
    where = text.option.attribute
    if text.is_flag:
        group.add_argument(*text.flags, dest=where, action="store_true", default=None, help=said)
    else:
        action = "append" if text.is_list else "store"
        group.add_argument(*text.flags, dest=where, action=action, metavar=text.metavar, help=said)


def add_report_options(p: argparse.ArgumentParser) -> None:
    """What is reported, where to, and when that is a failure."""
    group = p.add_argument_group("report")
    for key in ("format", "min-severity", "fail-on", "exit-zero", "color", "show-secrets", "quiet", "verbose"):
        add_setting(group, key)


def add_rule_options(p: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Which rules count; the group, for more of them."""
    group = p.add_argument_group("rules", "NAMES are rule ids, families or prefixes, separated by commas")
    for key in ("select", "extend-select", "ignore", "require-ignore-reason"):
        add_setting(group, key)
    return group


def add_baseline_option(group: argparse._ArgumentGroup) -> None:
    """What is accepted already."""
    add_setting(group, "baseline")


def add_search_options(group: argparse._ArgumentGroup, *, stdin_filename: str) -> None:
    """Which files are read, and with which settings; `stdin_filename` is what standard input is called by default."""
    add_setting(group, "exclude")
    add_setting(group, "stdin-filename", f"{text_of('stdin-filename').help} (default: {stdin_filename})")
    group.add_argument("--config", metavar="FILE", help="use this configuration file")
    group.add_argument(
        "--isolated", action="store_true", help="use no configuration file; for trees that you do not trust"
    )
