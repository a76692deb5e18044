"""Aliases of a shell text: `alias d=docker`, and what `d run` stands for."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.flow.calling.units import commands
from auditor.flow.expected import drop
from auditor.flow.flat import Flat
from auditor.lang.shell import reader

if TYPE_CHECKING:
    from auditor.flow.calling.units import ShellText
    from auditor.lang.shell.nodes import Word

_NAMED = Pattern(r"([\w.-]+)=")
_MAX_DEPTH = 4


class Aliases:
    """What the names of one text stand for; a name that is set twice stands for nothing."""

    def __init__(self, unit: ShellText) -> None:
        self._words: dict[str, tuple[Word, ...]] = {}
        for command in commands(unit.script) if "alias" in unit.text else ():
            for word in command.words[1:] if command.name == "alias" else ():
                match = _NAMED.match(word.rendered)
                if match is not None:
                    self._words[match[1]] = () if match[1] in self._words else _meant(drop(word, match.end()))

    def expanded(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """The words of a command as it is run; the same object where its first word is no alias."""
        seen: set[str] = set()
        while words and len(seen) < _MAX_DEPTH:
            name = words[0].literal or ""
            meant = self._words.get(name, ())
            if not meant or name in seen:
                break
            seen.add(name)
            words = (*meant, *words[1:])
        return words


def _meant(value: Word) -> tuple[Word, ...]:
    """The words of an alias that is a single command; none of any other."""
    flat = Flat([value])
    script = reader.read(flat.text, flat.source)
    only = script.commands[0] if len(script.commands) == 1 else None
    return only.words if only is not None and only.kind == "command" and not only.assignments else ()
