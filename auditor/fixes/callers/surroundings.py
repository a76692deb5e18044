"""What `audit fix` writes into the shell texts of a file, and what it does about their variables.

A variable that nobody assigns comes from the environment, so `--secret env=NAME` finds it. One that the script assigns
without exporting it does not reach the builder: the call needs `NAME="$NAME"` before it.
"""

from __future__ import annotations

from auditor.core.record import NamedTuple
from auditor.fixes.callers.work import Draft
from auditor.flow.calling.units import ENVIRONMENT, Assignments, ShellText, is_typed


class Foreign(NamedTuple):
    """What an expression of the surrounding format becomes: `variable` of the environment to name in the call ("" if
    the value has to stand before the command), after the changes that the draft got."""

    variable: str


class Unit(ShellText):
    """One shell text of a file. `bare`: only the arguments of a command that something else puts together."""

    bare = False

    def foreign(self, raw: str, name: str, draft: Draft) -> Foreign:
        """How the value of an expression such as `${{ secrets.X }}` reaches the builder under a name."""
        return Foreign("")

    def supply(self, name: str, draft: Draft) -> None:
        """Let the environment of the command have a variable that nobody sets so far, where the file can do that."""

    def taken(self, draft: Draft) -> None:
        """The changes of a call in this text were taken."""


class Variables(Assignments):
    """The variables of all shell texts of one file, taken together."""

    def untype(self, variable: str, name: str, draft: Draft) -> str:
        """Take the typed values of a variable out of the file; the environment variable to set instead.

        That is `name`, as the build secret is documented, unless the script uses this name for something else. A value
        that cannot be taken out is a problem of the draft.
        """
        name = name if self.status(name) == ENVIRONMENT else variable
        for assigned in self.assigned.get(variable, []):
            if not is_typed(assigned) or assigned.value is None:
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
