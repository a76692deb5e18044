"""The commands with their options, as their argument parsers have them, and what each option's value can be."""

from __future__ import annotations

import argparse
from importlib import import_module

from auditor.cli.main import COMMANDS
from auditor.core.configtexts import TEXTS, choices
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.wrappers import wrapper_ids
from auditor.detect.detection import SECOND_OPINION
from auditor.run.selection import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FILES, FOLDERS = "files", "folders"
_PATHS = {"FILE": FILES, "FILE.json": FILES, "PATH": FILES, "DOCKERFILE": FILES, "TARGET": FILES, "DIR": FOLDERS}


class Values(NamedTuple):
    """What an option or argument can be: some `words`, or `paths` (FILES, FOLDERS or ""). `joined`: several words with
    commas between them. Without words and paths it is any text."""

    words: tuple[str, ...] = ()
    paths: str = ""
    joined: bool = False


class Argument(NamedTuple):
    """An option, or a positional argument, which has no names. `metavar` is "" for an option without a value;
    `times` is "" for one value, "?" for one that may be left out, "*" for any number, "+" for at least one."""

    names: tuple[str, ...]
    help: str
    metavar: str
    values: Values
    times: str = ""


class Group(NamedTuple):
    """Options under one heading."""

    title: str
    about: str
    options: Sequence[Argument]


class Command(NamedTuple):
    """One command: the words that call it, what it does in a line, in its help, and after its options. `help_text` is
    all that `--help` prints."""

    words: tuple[str, ...]
    line: str
    about: str
    epilog: str
    arguments: Sequence[Argument]
    groups: Sequence[Group]
    subcommands: Sequence[Command]
    help_text: str

    @property
    def options(self) -> list[Argument]:
        """The options of all groups."""
        return [option for group in self.groups for option in group.options]


def all_commands() -> list[Command]:
    """Every command in the order of `audit --help`."""
    return [
        command_of(import_module(f"auditor.cli.{name}").build_parser(), (name,), COMMANDS[name]) for name in COMMANDS
    ]


def with_subcommands(commands: Sequence[Command]) -> Iterator[Command]:
    """The commands, each followed by its subcommands."""
    for command in commands:
        yield command
        yield from with_subcommands(command.subcommands)


def command_of(parser: argparse.ArgumentParser, words: tuple[str, ...], line: str) -> Command:
    """A command as its parser has it."""
    arguments: list[Argument] = []
    subcommands: list[Command] = []
    groups: list[Group] = []
    for group in parser._action_groups:
        options = [_argument(action, words, parser) for action in group._group_actions if action.option_strings]
        if options:
            groups.append(Group(str(group.title or ""), str(group.description or ""), options))
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            lines = {choice.dest: _help(choice, parser) for choice in action._choices_actions}
            for name, below in action.choices.items():
                subcommands.append(command_of(below, (*words, name), lines.get(name, "")))
        elif not action.option_strings:
            arguments.append(_argument(action, words, parser))
    about, epilog = str(parser.description or ""), str(parser.epilog or "")
    return Command(words, line, about, epilog, arguments, groups, subcommands, parser.format_help())


def _argument(action: argparse.Action, words: tuple[str, ...], parser: argparse.ArgumentParser) -> Argument:
    takes = action.nargs != 0
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if takes and not metavar:
        metavar = f"{{{','.join(map(str, action.choices))}}}" if action.choices else action.dest.upper()
    times = str(action.nargs) if action.nargs in ("?", "*", "+") else ""
    if action.option_strings:
        # What may be given several times. `append` has no public class.
        times = "*" if isinstance(action, argparse._AppendAction) else ""
    names, said = tuple(action.option_strings), _help(action, parser)
    return Argument(names, said, metavar if takes else "", _values(action, words), times)


def _help(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    """The help on one line, with what argparse puts into it."""
    return " ".join(parser._get_formatter()._expand_help(action).split()) if action.help else ""


def _values(action: argparse.Action, words: tuple[str, ...]) -> Values:
    if action.choices:
        return Values(tuple(map(str, action.choices)))
    name = action.option_strings[-1] if action.option_strings else action.dest
    if (found := _special(words[0], name)) is not None:
        return found
    for text in TEXTS:
        if name == text.flags[-1] and not text.is_flag:
            if text.option.kind == "names":
                return Values(_rule_names(), joined=True)
            if known := choices(text.option.kind):
                return Values(known)
    return Values(paths=_PATHS.get(str(action.metavar), ""))


def _special(command: str, name: str) -> Values | None:
    """What neither the parser nor the table of settings tells."""
    if (command, name) == ("fix", "--format"):
        from auditor.cli.fixoutput import FORMATS

        return Values(FORMATS)
    if (command, name) == ("fix", "--wrapper"):
        return Values(tuple(wrapper_ids()))
    if (command, name) == ("wrap", "--with"):
        return Values(("file", "swarm", *wrapper_ids()))
    if (command, name) == ("explain", "names"):
        return Values((*all_rules(), SECOND_OPINION, *wrapper_ids()))
    return None


def _rule_names() -> tuple[str, ...]:
    rules = all_rules().values()
    return ("all", *sorted({rule.family for rule in rules} | {rule.id for rule in rules}))
