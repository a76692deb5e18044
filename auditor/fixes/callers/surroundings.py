"""What is known about the variables that a file's shell texts use: assigned, exported, literal, or of the environment.

A variable that nobody assigns comes from the environment, so `--secret env=NAME` finds it. One that the script assigns
without exporting it does not reach the builder: the call needs `NAME="$NAME"` before it.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.record import NamedTuple
from auditor.core.span import Span
from auditor.fixes.callers.work import Draft
from auditor.lang.derived import FOREIGN, Derived
from auditor.lang.shell import reader
from auditor.lang.shell.nodes import Command, Script, Substitution, Word

ENVIRONMENT, TYPED, OTHER = "environment", "typed", "other"

_EXPORTS = frozenset({"export"})
_SETS = frozenset({"read", "mapfile", "readarray", "getopts", "printf"})


class Foreign(NamedTuple):
    """What an expression of the surrounding format becomes: `variable` of the environment to name in the call ("" if
    the value has to stand before the command), after the changes that the draft got."""

    variable: str


class Unit:
    """One shell text of a file. `own` puts text into the notation of the place."""

    def __init__(self, file: str, derived: Derived) -> None:
        self.file = file
        self.derived = derived
        self.script: Script = reader.read(derived.text)

    @property
    def text(self) -> str:
        """What the shell reads."""
        return self.derived.text

    def own(self, text: str) -> str:
        """A text of ours in the notation of the file."""
        return text

    def raw(self, start: int, end: int) -> str:
        """A range as the file has it."""
        span = self.derived.span(start, end)
        return self.file[span.start : span.end]

    def span(self, start: int, end: int) -> Span:
        """The place of a range in the file."""
        return self.derived.span(start, end)

    def foreign(self, raw: str, name: str, draft: Draft) -> Foreign:
        """How the value of an expression such as `${{ secrets.X }}` reaches the builder under a name."""
        return Foreign("")

    def supply(self, name: str, draft: Draft) -> None:
        """Let the environment of the command have a variable that nobody sets so far, where the file can do that."""

    def taken(self, draft: Draft) -> None:
        """The changes of a call in this text were taken."""

    def value(self, raw: str) -> str | None:
        """The value of such an expression, where it is known: for paths and program names."""
        return None


class Assigned(NamedTuple):
    """`value` None: set by something else than an assignment, or bare."""

    unit: Unit
    value: Word | None
    at: int


class Variables:
    """The variables of all shell texts of one file, taken together."""

    def __init__(self, units: list[Unit]) -> None:
        self.assigned: dict[str, list[Assigned]] = {}
        self.exported: set[str] = set()
        self.open = False
        self.exports_all = False
        for unit in units:
            for command in commands(unit.script):
                self._command(unit, command)

    def _command(self, unit: Unit, command: Command) -> None:
        name = command.name
        texts = [word.rendered for word in command.words]
        if name in ("source", ".", "eval"):
            self.open = True
        elif texts[:2] in (["set", "-a"], ["set", "-o"]) and texts[1:] in (["-a"], ["-o", "allexport"]):
            self.exports_all = True
        elif command.kind == "command" and name in _SETS:
            for text in texts[1:]:
                self.assigned.setdefault(text, []).append(Assigned(unit, None, command.span.start))
        exports = name in _EXPORTS or (command.kind == "declare" and "x" in "".join(t for t in texts if t[:1] == "-"))
        for assignment in command.assignments:
            if assignment.value is not None or command.kind in ("for",):
                found = Assigned(unit, assignment.value, assignment.span.start)
                self.assigned.setdefault(assignment.name, []).append(found)
            if exports:
                self.exported.add(assignment.name)

    def status(self, name: str) -> str:
        """Where a variable's value comes from, and whether the builder sees it."""
        found = self.assigned.get(name, [])
        if not name.isidentifier():
            return OTHER
        if not found:
            return OTHER if self.open and not self.exports_all else ENVIRONMENT
        if all(_is_typed(a) or _is_self(a, name) for a in found):
            return TYPED if any(_is_typed(a) for a in found) else ENVIRONMENT
        return ENVIRONMENT if self.exports_all or name in self.exported else OTHER

    def only(self, name: str) -> Word | None:
        """The value of a variable that is assigned once."""
        found = self.assigned.get(name, [])
        return found[0].value if len(found) == 1 else None

    def untype(self, variable: str, name: str, draft: Draft) -> str:
        """Take the typed values of a variable out of the file; the environment variable to set instead.

        That is `name`, as the build secret is documented, unless the script uses this name for something else. A value
        that cannot be taken out is a problem of the draft.
        """
        name = name if self.status(name) == ENVIRONMENT else variable
        for assigned in self.assigned.get(variable, []):
            if not _is_typed(assigned) or assigned.value is None:
                continue
            unit, span = assigned.unit, assigned.value.span
            around = unit.text[span.start - 1 : span.start]
            quoted = unit.text[span.end - 1 : span.end] in "\"'" and unit.text[span.start] not in "\"'"
            if around != "=" or quoted:  # `export "NAME=value"`
                draft.fail(f"the value of {variable} stands in the script where it cannot be taken out")
                break
            draft.burnt.append((name, unit.span(span.start, span.end)))
            draft.replace(unit.span(span.start, span.end), unit.own('"${' + name + ':?}"'))
        draft.ask(name)
        return name


def _is_typed(assigned: Assigned) -> bool:
    literal = assigned.value.literal if assigned.value is not None else None
    return bool(literal) and FOREIGN not in (literal or "")


def _is_self(assigned: Assigned, name: str) -> bool:
    """`NAME="${NAME:?}"` and `NAME=$NAME` change nothing."""
    value = assigned.value
    return value is not None and value.source.strip("\"'") in ("${" + name + ":?}", "$" + name, "${" + name + "}")


def commands(script: Script) -> Iterator[Command]:
    """All commands of a script, those of functions and substitutions included."""
    todo = list(reversed(script.commands))
    while todo:
        command = todo.pop()
        yield command
        if command.body is not None:
            todo += reversed(command.body.commands)
        for inner in substitutions(command):
            todo += reversed(inner.script.commands)


def substitutions(command: Command) -> Iterator[Substitution]:
    """The command substitutions in a command's words, assignments and redirections."""
    for word in command.words:
        yield from word.substitutions()
    for assignment in command.assignments:
        if assignment.value is not None:
            yield from assignment.value.substitutions()
    for redirect in command.redirects:
        yield from redirect.target.substitutions()
