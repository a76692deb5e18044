"""The commands as their parsers have them; what holds for the help of all."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from auditor.cli.generating.commands import FILES, FOLDERS, Command, all_commands, with_subcommands
from auditor.cli.main import COMMANDS, main
from auditor.core.configtexts import TEXTS
from auditor.core.errors import EXIT_CODES

EVERY = list(with_subcommands(all_commands()))
WIDTH = 80


def by_words(*words: str) -> Command:
    return next(command for command in EVERY if command.words == words)


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(argv) == 0
    return capsys.readouterr().out


def test_every_command_has_its_parser() -> None:
    for name in COMMANDS:
        build = import_module(f"auditor.cli.{name}").build_parser
        assert not inspect.signature(build).parameters and build().prog == f"audit {name}"


def test_subcommands_are_commands() -> None:
    assert [command.words for command in by_words("generate").subcommands] == [
        ("generate", "completion"), ("generate", "man"), ("generate", "schema"),
    ]  # fmt: skip
    assert by_words("generate", "completion").arguments[0].values.words == ("bash", "zsh", "fish")


@pytest.mark.parametrize("command", EVERY, ids=lambda command: " ".join(command.words))
def test_every_option_and_argument_says_what_it_does(command: Command) -> None:
    for argument in (*command.options, *command.arguments):
        assert argument.help, argument
        assert argument.help[-1] != ".", argument


@pytest.mark.parametrize("command", EVERY, ids=lambda command: " ".join(command.words))
def test_help_fits_a_terminal(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, *command.words, "--help").splitlines()
    assert [line for line in lines if len(line) > WIDTH] == []
    assert lines[0].startswith(f"usage: audit {' '.join(command.words)}")


def test_the_help_of_all_fits_a_terminal_and_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "--help")
    assert [line for line in out.splitlines() if len(line) > WIDTH] == []
    assert all(f"  {int(code):<3}  {meaning}\n" in f"{out}\n" for code, meaning in EXIT_CODES.items())


@pytest.mark.parametrize("command", EVERY, ids=lambda command: " ".join(command.words))
def test_exit_codes_of_a_command_are_those_of_all(command: Command) -> None:
    """A command may say more of a code, and only of codes there are; what 2 means is the same everywhere."""
    told = command.epilog.partition("exit codes:\n")[2].splitlines()
    codes = {int(line[2]): line[5:] for line in told if line[2:3].isdigit()}
    assert set(codes) <= set(map(int, EXIT_CODES))
    assert all(said.startswith("wrong usage") for code, said in codes.items() if code == 2)


def test_groups_come_in_the_same_order_everywhere() -> None:
    order = ["options", "report", "rules", "detection", "input"]
    for command in EVERY:
        titles = [group.title for group in command.groups if group.title in order]
        assert titles == sorted(titles, key=order.index), command.words


@pytest.mark.parametrize("command", EVERY, ids=lambda command: " ".join(command.words))
def test_options_with_a_word_for_a_path_are_completed_with_paths(command: Command) -> None:
    for option in (*command.options, *command.arguments):
        if option.metavar in ("FILE", "PATH"):
            assert option.values.paths == FILES
        if option.metavar == "DIR":
            assert option.values.paths == FOLDERS


def test_an_option_for_a_setting_is_called_alike_everywhere() -> None:
    known = {text.flags[-1]: text for text in TEXTS}
    for command in EVERY:
        for option in command.options:
            text = known.get(option.names[-1])
            # `audit config --format` and `audit wrap --platform` are options of their own.
            if text is not None and option.metavar and not option.metavar.startswith("{"):
                assert (option.names, option.metavar) == (text.flags, text.metavar), command.words
