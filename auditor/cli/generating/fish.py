"""Completions for fish, from 3.0 on."""

from __future__ import annotations

import re

from auditor import __version__
from auditor.cli.generating.commands import FILES, FOLDERS, with_subcommands
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.cli.generating.commands import Argument, Command, Values

_HEAD = """\
# Completions of audit {version} for fish. Made by `audit generate completion fish`.

function __audit_command
    set -l command audit
    for word in (commandline -opc)[2..-1]
        if contains -- "$command $word" {commands}
            set command "$command $word"
        end
    end
    echo $command
end

function __audit_is
    test (__audit_command) = "$argv"
end

complete -c audit -f
complete -c image-leak-auditor -w audit
complete -c audit -n '__audit_is audit' -s h -l help -d 'show this help'
complete -c audit -n '__audit_is audit' -s V -l version -d 'show the version'
"""
_UNSAFE = re.compile(r"[^A-Za-z0-9@%+:,./_-]")


def render(commands: Sequence[Command]) -> str:
    """The script."""
    every = list(with_subcommands(commands))
    known = " ".join(_quoted(" ".join(("audit", *command.words))) for command in every)
    lines = [_HEAD.format(version=__version__, commands=known)]
    lines += (_word("", command) for command in commands)
    for command in every:
        lines += _lines(command)
    return "".join(lines)


def _lines(command: Command) -> Iterator[str]:
    here = " ".join(command.words)
    yield from (_word(here, below) for below in command.subcommands)
    for option in command.options:
        names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
        value = f" {_value(option.values)}" if option.metavar else ""
        yield f"{_start(here)} {names}{value} -d {_quoted(option.help)}\n"
    for argument in command.arguments:
        yield from _argument(here, argument)


def _argument(here: str, argument: Argument) -> Iterator[str]:
    values = argument.values
    if values.words or values.paths:
        yield f"{_start(here)} {_value(values).removeprefix('-x ').removeprefix('-r ')}\n"


def _word(here: str, below: Command) -> str:
    return f"{_start(here)} -a {_words([below.words[-1]])} -d {_quoted(below.line or below.about)}\n"


def _start(here: str) -> str:
    return f"complete -c audit -n {_quoted(f'__audit_is audit {here}'.strip())}"


def _value(values: Values) -> str:
    if values.words and values.joined:
        words = " ".join(map(_escaped, values.words))
        return f"-x -a {_quoted(f'(__fish_append , {words})')}"
    if values.words:
        return f"-x -a {_words(values.words)}"
    return {FILES: "-r -F", FOLDERS: "-x -a '(__fish_complete_directories)'"}.get(values.paths, "-x")


def _words(words: Sequence[str]) -> str:
    return _quoted(" ".join(map(_escaped, words)))


def _escaped(word: str) -> str:
    """A word that fish does not expand when it reads the list of words."""
    return _UNSAFE.sub(lambda found: f"\\{found[0]}", " ".join(word.split()))


def _quoted(text: str) -> str:
    inner = " ".join(text.split()).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{inner}'"
