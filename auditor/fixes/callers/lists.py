"""Build arguments in a list that the script makes by itself: a string, an array, `set --`, the words after a function.

They are changed where the words can be told for certain: made once, by the script's own shell, before the one call that
uses them, and used by nothing else.
"""

from __future__ import annotations

import re

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.callers.held import Held, are_known, in_value, in_words, is_plain
from auditor.fixes.callers.surroundings import Unit, Variables
from auditor.flow.calling.units import commands
from auditor.lang.shell.nodes import VariableUse

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Work
    from auditor.flow.calling.units import Assigned
    from auditor.lang.shell.nodes import Command, Word

_COMMENT = Pattern(r"(?m)^[ \t]*#.*$")
_OWN = Pattern(r"\$(?:\{[#!]?)?[@*#1-9]")
_MOVES = frozenset({"shift", "getopts"})
_MAX_USES = 50
_MAX_CALLS = 50


class Lists:
    """The lists of one file."""

    def __init__(self, work: Work, variables: Variables) -> None:
        self._work = work
        self._variables = variables
        self._asked = work.fits({*work.variables, *work.build.dropped})
        self._calls = 0

    def held(self, unit: Unit, command: Command) -> list[Held]:
        """The arguments that a call gets out of lists that are known and that nothing else uses."""
        self._calls += 1
        if unit.bare or self._variables.open or not self._asked or self._calls > _MAX_CALLS:
            return []
        found: list[Held] = []
        uses = [(w, p) for w in command.words for p in w.parts if isinstance(p, VariableUse)]
        for word, use in uses[:_MAX_USES]:
            if use.name == "@":
                found += self._positional(unit, command) if word.source == '"$@"' else []
            elif word.source in _forms(use.name):
                found += self._variable(unit, command, use.name, word)
        return found if are_known(found, self._variables) else []

    def _variable(self, unit: Unit, command: Command, name: str, word: Word) -> list[Held]:
        assigned = self._variables.assigned.get(name, [])
        held: list[Held] = []
        if not self._is_private(unit, command, name) or len(assigned) > _MAX_USES:
            return []
        for one in assigned:
            if one.unit is not unit or one.value is None or one.at >= command.span.start:
                return []
            is_list = unit.text[one.value.span.start] == "("
            if is_list != ("[@]" in word.source):
                return []
            if held and not self._keeps(unit, one, name):
                return []
            found = in_value(self._work, unit, one.value)
            if found is None:
                return []
            held += found
        return held if held and self._are_plain(unit, name) else []

    def _keeps(self, unit: Unit, assigned: Assigned, name: str) -> bool:
        """Whether an assignment adds to what the variable holds."""
        value = assigned.value
        if value is None:
            return False
        uses = (p for p in value.parts if isinstance(p, VariableUse))
        return unit.text[value.span.start - 2 : value.span.start] == "+=" or any(
            use.name == name and unit.text[use.span.start : use.span.end] in _forms(name) for use in uses
        )

    def _are_plain(self, unit: Unit, name: str) -> bool:
        """Whether each assignment is a command of the script's own, not of a function or a branch."""
        own = [c for c in unit.script.commands if any(a.name == name for a in c.assignments)]
        return len(own) == len(self._variables.assigned[name]) and all(
            c.kind == "command" and not c.words and len(c.assignments) == 1 and is_plain(unit, c) for c in own
        )

    def _is_private(self, unit: Unit, command: Command, name: str) -> bool:
        """Whether nothing but its assignments and the call names a variable."""
        variables = self._variables
        if name in variables.exported or variables.exports_all or "IFS" in variables.assigned:
            return False
        spans = [unit.span(*command.span)]
        for one in variables.assigned.get(name, []):
            if one.value is not None:
                spans.append(one.unit.span(one.at, one.value.span.end))
        text = self._work.text
        comments = [m.span() for m in _COMMENT.finditer(text)]
        known = [*((s.start, s.end) for s in spans), *comments]
        places = [m.start() for m in re.finditer(rf"\b{re.escape(name)}\b", text)]
        once = sum(spans[0].start <= at < spans[0].end for at in places) == 1
        few = len(places) <= 4 * _MAX_USES and len(known) <= 100 * _MAX_USES
        return once and few and all(any(start <= at < end for start, end in known) for at in places)

    def _positional(self, unit: Unit, command: Command) -> list[Held]:
        if any(c is command for c in unit.script.commands):
            return self._set(unit, command)
        owners = [c for c in unit.script.commands if c.body is not None and any(d is command for d in c.body.commands)]
        return self._function(unit, command, owners[0]) if len(owners) == 1 and owners[0].name else []

    def _set(self, unit: Unit, command: Command) -> list[Held]:
        """`set --` before the call, with nothing in between that has the words or changes them."""
        held: list[Held] = []
        known: list[Command] = [command]
        first = command.span.start
        for one in unit.script.commands:
            if [w.source for w in one.words[:2]] == ["set", "--"] and one.span.start < command.span.start:
                known.append(one)
                found = in_words(self._work, unit, one.words, 2) if len(known) < _MAX_USES else None
                if found is None or not is_plain(unit, one) or (held and not _keeps_all(unit, one)):
                    return []
                first = min(first, one.span.start) if held or found else first
                held += found
            elif held and one is not command and (one.name in _MOVES or _sets(one) or one.kind == "for"):
                return []
        known += [c for c in unit.script.commands if c.body is not None]
        return held if _uses(unit, command) == 1 and not _uses_beside(unit, first, len(unit.text), known) else []

    def _function(self, unit: Unit, command: Command, owner: Command) -> list[Held]:
        """The words after the one call of a function that hands them to the build."""
        inner = [c for c in commands(unit.script) if owner.span.start < c.span.start < owner.span.end]
        others = any(c.body or c.kind == "for" or c.name in (*_MOVES, "set") for c in inner)
        if others or _uses(unit, command) != 1 or _uses_beside(unit, *owner.span, [command]):
            return []
        every = [c for c in commands(unit.script) if c.name == owner.name]
        calls = [c for c in every if c.kind == "command"]
        if len(every) != 2 or len(calls) != 1 or calls[0].words[0].source != owner.name:
            return []
        return in_words(self._work, unit, calls[0].words, 1) or []


def _forms(name: str) -> tuple[str, ...]:
    """How all of a list is written."""
    return f"${name}", f"${{{name}}}", f"${{{name}:-}}", f"${{{name}[@]}}", f'"${{{name}[@]}}"'


def _sets(command: Command) -> bool:
    """Whether `set` gives other positional parameters."""
    words = [w.source for w in command.words[1:]]
    return command.name == "set" and any((w[:1] not in ("-", "+") or w == "--") and w != "pipefail" for w in words)


def _uses(unit: Unit, command: Command) -> int:
    """How often a command's text has positional parameters."""
    return sum(1 for _ in _OWN.finditer(unit.text[command.span.start : command.span.end]))


def _keeps_all(unit: Unit, command: Command) -> bool:
    return _uses(unit, command) == 1 and any(w.source == '"$@"' for w in command.words)


def _uses_beside(unit: Unit, start: int, end: int, known: list[Command]) -> bool:
    """Whether a part of the text has positional parameters outside of some commands and of comments."""
    spans = [tuple(c.span) for c in known] + [m.span() for m in _COMMENT.finditer(unit.text)]
    places = [m.start() + start for m in _OWN.finditer(unit.text[start:end])]
    return len(places) > _MAX_USES or any(not any(a <= at < b for a, b in spans) for at in places)
