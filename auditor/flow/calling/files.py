"""Reads a file that calls container tools, by its kind: script, Makefile, CI file, Jenkinsfile, bake file."""

from __future__ import annotations

import os.path

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import LineIndex
from auditor.flow.calling import kinds, look
from auditor.flow.calling.units import Assignments, ShellText
from auditor.flow.calling.uses import Use, Uses
from auditor.lang.derived import plain
from auditor.lang.unreadable import Unreadable as Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_CHARS = 5 * 1024 * 1024


class CallFacts(NamedTuple):
    """What a file does with container tools; `path` is how the file is shown, `kind` one of `kinds`. `limits` say what
    was not read. `size`: how many commands there are, and how many nodes of YAML."""

    path: str
    kind: str
    text: str
    lines: LineIndex
    uses: tuple[Use, ...]
    limits: tuple[str, ...]
    size: tuple[int, int]


class Gathered:
    """What the readers of the kinds add to."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.uses: list[Use] = []
        self.limits: list[str] = []
        self.commands = 0
        self.nodes = 0

    def shell(self, units: Iterable[ShellText], variables: Assignments | None = None) -> Uses:
        """Read the texts that share their variables."""
        units = list(units)
        uses = Uses(variables if variables is not None else Assignments(units))
        for unit in units:
            if unit.script.truncated:
                self.limits.append("a shell script in it is too large or too deeply nested to follow")
            self.commands += look.read(uses, unit)
        if uses.cut:
            self.limits.append("more secrets are handed over in it than are reported")
        self.uses += uses.found
        return uses


def read(path: str, text: str, kind: str) -> CallFacts:
    """The facts of one file. Raises Unreadable; never anything else for what the file contains."""
    if len(text) > _MAX_CHARS:
        raise Unreadable("the file is too large")
    gathered = Gathered(path, text)
    _READERS[kind](gathered)
    uses = tuple(sorted(gathered.uses, key=lambda use: use.span))
    limits, size = tuple(dict.fromkeys(gathered.limits)), (gathered.commands, gathered.nodes)
    return CallFacts(path, kind, text, LineIndex(text), uses, limits, size)


def _script(into: Gathered) -> None:
    into.shell([ShellText(into.text, plain(into.text))])


def _makefile(into: Gathered) -> None:
    from auditor.flow.calling.makefiles import read_into  # start-up: each kind needs its reader alone

    read_into(into)


def _ci(into: Gathered) -> None:
    if os.path.basename(into.path).startswith("Jenkinsfile"):
        from auditor.flow.calling.jenkins import read_into  # start-up: as above
    else:
        from auditor.flow.calling.workflows import read_into  # start-up: as above

    read_into(into)


def _bake(into: Gathered) -> None:
    from auditor.flow.calling.bakefiles import read_into  # start-up: as above

    read_into(into)


_READERS = {kinds.SCRIPT: _script, kinds.MAKEFILE: _makefile, kinds.CI: _ci, kinds.BAKE: _bake}
