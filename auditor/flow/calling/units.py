"""The shell texts of a file, their commands, and what is known about the variables that they use.

A variable that nobody assigns comes from the environment. One that the script assigns without exporting it does not
reach the programs that it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.core.span import Span
from auditor.lang.derived import FOREIGN, Derived
from auditor.lang.shell import reader
from auditor.lang.shell.nodes import Command, Script, Substitution, Word

ENVIRONMENT, TYPED, OTHER = "environment", "typed", "other"
#: What stands in every text that calls a container tool, by its name or by a variable for it.
TELLING = Pattern(r"(?i)docker|podman|buildah|nerdctl|skopeo|kaniko|finch|container|engine|oci|login|build-arg")

_EXPORTS = frozenset({"export"})
_SETS = frozenset({"read", "mapfile", "readarray", "getopts", "printf"})


class ShellText:
    """One shell text of a file."""

    def __init__(self, file: str, derived: Derived) -> None:
        self.file = file
        self.derived = derived
        self.script: Script = reader.read(derived.text)

    @property
    def text(self) -> str:
        """What the shell reads."""
        return self.derived.text

    def raw(self, start: int, end: int) -> str:
        """A range as the file has it."""
        span = self.derived.span(start, end)
        return self.file[span.start : span.end]

    def span(self, start: int, end: int) -> Span:
        """The place of a range in the file."""
        return self.derived.span(start, end)

    def own(self, text: str) -> str:
        """A text of ours in the notation of the file."""
        return text

    def value(self, raw: str) -> str | None:
        """The value of an expression of the surrounding format, where it is known: for paths and program names."""
        return None


class Assigned(NamedTuple):
    """`value` None: set by something else than an assignment, or bare."""

    unit: ShellText
    value: Word | None
    at: int


class Assignments:
    """The variables of all shell texts of one file, taken together."""

    def __init__(self, units: Iterable[ShellText]) -> None:
        self.assigned: dict[str, list[Assigned]] = {}
        self.exported: set[str] = set()
        self.open = False
        self.exports_all = False
        for unit in units:
            for command in commands(unit.script):
                self._command(unit, command)

    def _command(self, unit: ShellText, command: Command) -> None:
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
        if all(is_typed(a) or _is_self(a, name) for a in found):
            return TYPED if any(is_typed(a) for a in found) else ENVIRONMENT
        return ENVIRONMENT if self.exports_all or name in self.exported else OTHER

    def only(self, name: str) -> Word | None:
        """The value of a variable that is assigned once."""
        found = self.assigned.get(name, [])
        return found[0].value if len(found) == 1 else None


def is_typed(assigned: Assigned) -> bool:
    """Whether the value is a text that stands there."""
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
