"""`--build-arg` outside of a call: in a variable that the call's command line is made of, or out of reach."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.fixes.callers import needs
from auditor.fixes.callers.surroundings import Unit, Variables
from auditor.flow.calling.units import ENVIRONMENT, commands
from auditor.lang.shell.nodes import VariableUse

if TYPE_CHECKING:
    from auditor.fixes.callers.calls import Call
    from auditor.fixes.callers.work import Work
    from auditor.lang.shell.nodes import Command

_ARGUMENT = Pattern(
    r"--build-arg(?:=|[ \t]+)(?P<quote>\\?[\"'])?(?P<name>[A-Za-z_]\w*)"
    r"(?P<value>=(?P<inner>\\?\")?(?:\$\$?\{?(?P<shell>[A-Za-z_]\w*)\}?|\$\((?P<make>[A-Za-z_]\w*)\))(?(inner)(?P=inner)))?"
    r"(?(quote)(?P=quote))(?=[\s)\"'\\]|$)"
)
_MENTION = Pattern(r"--build-arg(?:=|[ \t]+)\\?[\"']?(?P<name>[A-Za-z_]\w*)")
_GIVEN = Pattern(r"--secret(?:=|[ \t]+)\\?[\"']?(?:[\w=.,/-]+,)?id=(?P<id>[\w.-]+)|--ssh(?:=|[ \t]+)(?P<ssh>[\w.-]+)")
_COMMENT = Pattern(r"[ \t]*(?:#|//|@?echo\b)")


class Held(NamedTuple):
    """A build argument in the value of a variable; `source`: the variable that its own value comes from."""

    name: str
    span: Span
    source: str


class Carried:
    """The arguments of one file that variables hold."""

    def __init__(self, work: Work, variables: Variables) -> None:
        self._work = work
        self._variables = variables
        self._held: dict[str, list[Held]] = {}
        self._given: dict[str, set[str]] = {}

    def read(self, unit: Unit) -> None:
        """Look through the assignments of a shell text."""
        for command in commands(unit.script):
            for assignment in command.assignments:
                if assignment.value is not None and not command.words:
                    self.hold(assignment.name, unit.span(*assignment.value.span))

    def hold(self, variable: str, span: Span) -> None:
        """Look through the value of a variable."""
        text = self._work.text[span.start : span.end]
        for match in _ARGUMENT.finditer(text):
            if self._work.gone(match["name"]):
                place = Span(span.start + match.start(), span.start + match.end())
                source = match["shell"] or match["make"] or match["name"]
                self._held.setdefault(variable, []).append(Held(match["name"], place, source))
        given = {match["id"] or match["ssh"] for match in _GIVEN.finditer(text)}
        if given or variable in self._held:
            self._given.setdefault(variable, set()).update(given)

    def _used(self, unit: Unit, command: Command) -> set[str]:
        """The variables that hold something and stand in a call."""
        names = {p.name for word in command.words for p in word.parts if isinstance(p, VariableUse)}
        raw = unit.raw(*command.span)
        return {n for n in self._given if n in names or f"$({n})" in raw or f"${{{n}}}" in raw}

    def names(self, unit: Unit, command: Command) -> set[str]:
        """Names of the arguments that a call gets this way."""
        return {held.name for used in self._used(unit, command) for held in self._held.get(used, [])}

    def ids(self, unit: Unit, command: Command, call: Call) -> frozenset[str]:
        """Change those arguments; the ids that the call has then."""
        draft = call.draft
        used = sorted(self._used(unit, command))
        ids = {secret for name in used for secret in self._given[name]}
        for held in (h for name in used for h in self._held.get(name, [])):
            secret = self._work.secret_of(held.name)
            self._work.seen.append(held.span)
            if secret is None or self._variables.status(held.source) != ENVIRONMENT:
                draft.fail(f"{held.name} comes out of a variable; pass it as a build secret there")
                continue
            ids.add(secret.id)
            call.name(held.source)
            draft.replace(held.span, needs.from_variable(secret, held.source))
        return frozenset(ids)

    def finish(self) -> None:
        """Report what is left."""
        work = self._work
        matches = {match.start(): match for match in _MENTION.finditer(work.text) if work.gone(match["name"])}
        for match in map(matches.__getitem__, work.unseen(matches)):
            line = work.text.rfind("\n", 0, match.start()) + 1
            if _COMMENT.match(work.text, line) or not (work.build.sole or work.matched):
                continue
            work.problem(match.start(), f"{match['name']} is passed as a build argument where it cannot be changed")
