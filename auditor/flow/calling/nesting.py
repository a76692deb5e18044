"""Scripts inside of a script: what another shell gets as a word or on its input, here or on another machine."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.flow import commands as known_commands
from auditor.flow import outputs
from auditor.flow.calling.units import commands
from auditor.flow.flat import Flat
from auditor.flow.script import nested_text
from auditor.lang.shell import reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.lang.shell.nodes import Command, Script, Word

_MAX_DEPTH = 4


def every(script: Script, depth: int = 0) -> Iterator[tuple[Command, bool]]:
    """The commands of a script, those of nested scripts (`sh -c`, `ssh host '...'`) included and marked."""
    for command in commands(script):
        yield command, depth > 0
        words = known_commands.program(command.words)
        if not words or command.kind != "command" or depth >= _MAX_DEPTH:
            continue
        flat = nested_text(command, words) or _remote(command, words)
        if flat is not None and flat.text:
            yield from every(reader.read(flat.text, flat.source), depth + 1)


def _remote(command: Command, words: tuple[Word, ...]) -> Flat | None:
    """`ssh host 'docker ...'`, or the same on its input."""
    if known_commands.base_name(words[0]) != "ssh":
        return None
    if len(words) > 2 and "docker" in words[-1].rendered and " " in words[-1].rendered:
        return Flat([words[-1]])
    text = outputs.input_words(command)
    return Flat(text, "\n") if text else None
