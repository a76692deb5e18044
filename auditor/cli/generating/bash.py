"""Completions for bash, from 3.2 on; other files of completions are not needed."""

from __future__ import annotations

import re

from auditor import __version__
from auditor.cli.generating.commands import FILES, FOLDERS, with_subcommands
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.cli.generating.commands import Command, Values

_HEAD = """\
# Completions of audit {version} for bash. Made by `audit generate completion bash`.

_audit_words() {{
    local word
    for word in "$@"; do
        if [[ $word == "$cur"* ]]; then COMPREPLY+=("$word"); fi
    done
}}

_audit_joined() {{
    local word before=
    if [[ $cur == *,* ]]; then before=${{cur%,*}},; fi
    for word in "$@"; do
        if [[ $before$word == "$cur"* ]]; then COMPREPLY+=("$before$word"); fi
    done
}}

_audit_paths() {{
    local path
    compopt -o filenames 2>/dev/null
    while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$1" -- "$cur")
}}

_audit() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command= index
    COMPREPLY=()
    # Readline takes = and : for words of their own.
    if [[ $cur == ':' || $previous == ':' ]]; then
        cur=${{cur#:}}
        _audit_paths -f
        return
    elif [[ $cur == '=' ]]; then
        cur=
    elif [[ $previous == '=' ]] && ((COMP_CWORD > 1)); then
        previous=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    for ((index = 1; index < COMP_CWORD; index++)); do
        case "$command ${{COMP_WORDS[index]}}" in
            {commands}) command="${{command:+$command }}${{COMP_WORDS[index]}}" ;;
        esac
    done
    case "$command $previous" in
"""
_OPTIONS = """\
    esac
    if [[ $cur == -* ]]; then
        case "$command" in
"""
_ARGUMENTS = """\
        esac
        return
    fi
    case "$command" in
"""
_TAIL = """\
    esac
}

complete -F _audit audit image-leak-auditor
"""
_SAFE = re.compile(r"[A-Za-z0-9@%+:,./_-]+")


def render(commands: Sequence[Command]) -> str:
    """The script, to be sourced or put into a folder of completions."""
    every = list(with_subcommands(commands))
    parts = [_HEAD.format(version=__version__, commands=" | ".join(quoted(_path(command)) for command in every))]
    parts += (f"        {' | '.join(names)}) {action} ;;\n" for action, names in _option_values(every))
    parts.append(_OPTIONS)
    top = ("-h", "--help", "-V", "--version")
    parts.append(f"            '') {_words(top)} ;;\n")
    for command in every:
        names = [name for option in command.options for name in option.names]
        parts.append(f"            {quoted(' '.join(command.words))}) {_words(names)} ;;\n")
    parts.append(_ARGUMENTS)
    parts.append(f"        '') {_words(command.words[0] for command in commands)} ;;\n")
    for command in every:
        if actions := list(_argument_values(command)):
            parts.append(f"        {quoted(' '.join(command.words))}) {'; '.join(actions)} ;;\n")
    return "".join([*parts, _TAIL])


def _path(command: Command) -> str:
    """The command before its last word, and that word: as the loop over the words of a line compares them."""
    return f"{' '.join(command.words[:-1])} {command.words[-1]}"


def _option_values(commands: Iterable[Command]) -> Iterator[tuple[str, list[str]]]:
    """What completes a value, and the options whose value it is."""
    found: dict[str, list[str]] = {}
    for command in commands:
        for option in command.options:
            if option.metavar:
                names = (quoted(f"{' '.join(command.words)} {name}") for name in option.names)
                found.setdefault(f"{_action(option.values)}return", []).extend(names)
    yield from found.items()


def _argument_values(command: Command) -> Iterator[str]:
    if command.subcommands:
        yield _words(below.words[-1] for below in command.subcommands)
    for argument in command.arguments:
        if action := _action(argument.values).removesuffix("; "):
            yield action


def _action(values: Values) -> str:
    """The call that completes such a value, with what leads to the next command; "" for any text."""
    if values.words:
        return f"{'_audit_joined' if values.joined else '_audit_words'} {' '.join(map(quoted, values.words))}; "
    return {FILES: "_audit_paths -f; ", FOLDERS: "_audit_paths -d; "}.get(values.paths, "")


def _words(words: Iterable[str]) -> str:
    return f"_audit_words {' '.join(map(quoted, words))}"


def quoted(word: str) -> str:
    """A word as a shell takes it for itself."""
    if _SAFE.fullmatch(word):
        return word
    inner = " ".join(word.splitlines()).replace("'", "'\\''")
    return f"'{inner}'"
