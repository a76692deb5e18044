"""Completions for zsh: `_audit` in a folder of `fpath`, or sourced."""

from __future__ import annotations

import re

from auditor import __version__
from auditor.cli.generating.bash import quoted
from auditor.cli.generating.commands import FILES, FOLDERS
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.cli.generating.commands import Argument, Command, Values

_HEAD = """\
#compdef audit image-leak-auditor
# Completions of audit {version} for zsh. Made by `audit generate completion zsh`.
"""
_TAIL = """
if [ "$funcstack[1]" = _audit ]; then
    _audit "$@"
else
    compdef _audit audit image-leak-auditor
fi
"""
_CHOOSING = """
{function}() {{
    local curcontext="$curcontext" state line ret=1
    typeset -A opt_args
    local -a commands=(
{listed}
    )
    _arguments -C {specs} '1: :->command' '*:: :->rest' && ret=0
    case $state in
        command) _describe -t commands command commands && ret=0 ;;
        rest)
            case $words[1] in
{calls}
            esac
            ;;
    esac
    return ret
}}
"""
_UNSAFE = re.compile(r"[^A-Za-z0-9@%+,./_-]")
_TOP = "'(- *)'{-h,--help}'[show this help]' '(- *)'{-V,--version}'[show the version]'"


def render(commands: Sequence[Command]) -> str:
    """The script."""
    functions = "".join(part for command in commands for part in _functions(command))
    return _HEAD.format(version=__version__) + functions + _choosing("_audit", _TOP, commands) + _TAIL


def _functions(command: Command) -> Iterator[str]:
    """The functions of a command and its subcommands."""
    for below in command.subcommands:
        yield from _functions(below)
    specs = [_option(option) for option in command.options]
    if command.subcommands:
        yield _choosing(_name(command), " ".join(specs), command.subcommands)
        return
    specs += [_positional(argument) for argument in command.arguments]
    body = " \\\n".join(f"        {spec}" for spec in specs)
    yield f"\n{_name(command)}() {{\n    _arguments \\\n{body}\n}}\n"


def _choosing(function: str, specs: str, commands: Sequence[Command]) -> str:
    listed = [f"        {_described(one)}" for one in commands]
    calls = [f"                {quoted(one.words[-1])}) {_name(one)} && ret=0 ;;" for one in commands]
    return _CHOOSING.format(function=function, specs=specs, listed="\n".join(listed), calls="\n".join(calls))


def _described(command: Command) -> str:
    """A command and what it does, as `_describe` reads them."""
    name = _escaped(command.words[-1], ":")
    return _quoted(f"{name}:{_plain(command.line or command.about)}")


def _name(command: Command) -> str:
    return "_".join(("_audit", *(re.sub(r"\W", "_", word) for word in command.words)))


def _option(option: Argument) -> str:
    """The specification of an option as `_arguments` reads it."""
    about = f"[{_escaped(_plain(option.help), '[]')}]"
    value = f":{_escaped(option.metavar, ':')}:{_action(option.values)}" if option.metavar else ""
    names = [_with_value(name) if option.metavar else name for name in option.names]
    several = "*" if option.times == "*" else ""
    if "--help" in option.names:
        return f"'(- *)'{{{','.join(names)}}}{_quoted(about)}"
    if len(names) == 1:
        return _quoted(f"{several}{names[0]}{about}{value}")
    others = several or f"({' '.join(option.names)})"
    return f"{_quoted(others)}{{{','.join(names)}}}{_quoted(about + value)}"


def _with_value(name: str) -> str:
    return f"{name}=" if name.startswith("--") else f"{name}+"


def _positional(argument: Argument) -> str:
    start = {"*": "*:", "+": "*:", "?": "::"}.get(argument.times, ":")
    return _quoted(f"{start}{_escaped(argument.metavar, ':')}:{_action(argument.values)}")


def _action(values: Values) -> str:
    if values.words:
        words = " ".join(_UNSAFE.sub(lambda found: f"\\{found[0]}", word) for word in values.words)
        return f"_values -s , name {words}" if values.joined else f"({words})"
    return {FILES: "_files", FOLDERS: "_files -/"}.get(values.paths, " ")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str, characters: str) -> str:
    """The text with a backslash before itself and each of these characters."""
    return "".join(f"\\{char}" if char in characters or char == "\\" else char for char in text)


def _quoted(text: str) -> str:
    inner = text.replace("'", "'\\''")
    return f"'{inner}'"
