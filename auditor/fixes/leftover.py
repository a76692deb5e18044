"""Files that commands with literal secrets leave behind: all commands that write one move into the RUNs that read it.

What several RUNs put into one file belongs together, so it is one plan's business: `aws configure set` twice, `>` and
`>>`. Where the file is read in the RUN that writes it, it only has to be gone, or as before, when that RUN ends.
"""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect import credfiles
from auditor.fixes import deeds as doing
from auditor.fixes import moving
from auditor.fixes.exposure import SETTING, check
from auditor.fixes.plan import Prelude, Refused
from auditor.fixes.readers import readers_of_file, relatives
from auditor.fixes.retire import lifetime
from auditor.fixes.script import acting, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.core.span import Span
    from auditor.fixes.deeds import Deed
    from auditor.fixes.plan import Change, Plan
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run
    from auditor.lang.shell.nodes import Command

_READING = frozenset({"read", "write", "test"})
_HANDED_ON = frozenset({"copy", "move", "pack", "inner"})


class Moved(NamedTuple):
    """Statements that run in another RUN from now on, in front of what that RUN does.

    `statements` are their places, the last one, of this kind (`lang.shell.chain`), writes the file. `folder` is where
    it has to run ("" for anywhere), `home` the RUN that it stood in.
    """

    run: Run
    statements: tuple[Span, ...]
    kind: str
    folder: str
    home: Run

    def preludes(self, source: Callable[[Span], str]) -> list[Prelude]:
        """What the RUN executes first; `source` gives a statement's text."""
        *before, last = [source(span) for span in self.statements]
        shown = [*(moving.moved(text, "", "") for text in before), moving.moved(last, self.kind, self.folder)]
        return [Prelude(self.run.step.instruction, text, SETTING + 1) for text in shown]


class Leaving(NamedTuple):
    """What a file's commands do from now on: `moved` to other RUNs, `gone` from the RUNs that they stood in."""

    moved: tuple[Moved, ...]
    gone: tuple[tuple[Run, Span], ...]
    changes: tuple[Change, ...]


class Writing(NamedTuple):
    """One command that writes the file: its RUN and its statement (None where statements cannot be told apart)."""

    run: Run
    file: LayerFile
    statement: Span | None
    kind: str


def leave(build: Build, path: str, files: Sequence[LayerFile], plan: Plan) -> Leaving:
    """How a file written or stored by these commands leaves every layer; the plan's applicability is lowered where
    that is guesswork. Raises Refused where the file has to stay, or where its commands cannot be moved."""
    return _Leaving(build, path, files, plan).leaving()


def _names(command: Command) -> set[str]:
    """The variables that a command uses, those inside its substitutions included."""
    found: set[str] = set()
    todo = [command]
    while todo:
        each = todo.pop()
        values = [a.value for a in each.assignments if a.value is not None]
        for word in (*each.words, *values, *(r.target for r in each.redirects)):
            found.update(use.name for use in word.variables())
            todo += [inner for part in word.substitutions() for inner in part.script.commands]
    return found


class _Leaving:
    def __init__(self, build: Build, path: str, files: Sequence[LayerFile], plan: Plan) -> None:
        self.build = build
        self.path = path
        self.plan = plan
        self.writings = [self._writing(file) for file in sorted(files, key=lambda f: f.extent.start)]
        kind = files[0].kind or credfiles.recognise(path)
        self.tools = readers_of_file(kind.id) if kind is not None else None
        if self.tools is None and files[0].how == "stored":
            self.tools = relatives(self._program())
        self.is_stored = any(file.how == "stored" for file in files)

    def leaving(self) -> Leaving:
        last = self.writings[-1]
        life = lifetime(self.build, self.path, last.file.step, self.tools, inside=last.run)
        if self.tools is None and not life.ended and last.run not in life.consumers:
            raise Refused(f"{self.path} is written for the container to read while it runs: mount it there instead")
        if life.unsafe:
            self.plan.weaken(Applicability.UNSAFE, life.unsafe)
        readers = self._readers_before(last)
        readers += [run for run in life.consumers if run not in readers and (run is not last.run or self._reads(run))]
        if not readers:
            self.plan.weaken(Applicability.UNSAFE, f"nothing in the build seems to read {self.path}, so it is left out")
        if self.is_stored and not self.path.endswith(moving.SURE_PLACES):
            self.plan.weaken(Applicability.UNSAFE, f"it relies on {self.path} being where the tool keeps it")
        changes: list[Change] = [*life.changes]
        moved: list[Moved] = []
        for run in readers:
            changes += self._guard(run)
            moved += [self._move(writing, run) for writing in self.writings if self._is_before(writing, run)]
        stay = [id(run) for run in readers]
        gone = [(w.run, self._statement(w)) for w in self.writings if id(w.run) not in stay]
        return Leaving(tuple(moved), tuple(gone), tuple(changes))

    # -- who writes ----------------------------------------------------------------------------------------------

    def _writing(self, file: LayerFile) -> Writing:
        runs = self.build.facts.runs
        run = next((one for one in runs if one.step.instruction is file.step.instruction), None)
        if run is None:
            raise Refused(f"{self.path} is written by an instruction that cannot be given a secret")
        check(run)
        for link, span in statements(run.step.instruction):
            if span.covers(file.extent.start) or span.covers(file.span.start):
                return Writing(run, file, span, link.kind)
        return Writing(run, file, None, "")

    def _program(self) -> str:
        first = self.writings[0]
        return next((e.name for e in acting(first.run) if e.command.span.start >= first.file.extent.start), "")

    def _statement(self, writing: Writing) -> Span:
        if writing.statement is None or writing.kind not in moving.MOVABLE:
            raise Refused(f"the command that writes {self.path} cannot be told from what stands around it")
        return writing.statement

    def _is_before(self, writing: Writing, run: Run) -> bool:
        mine, other = writing.run.step.instruction, run.step.instruction
        return mine is not other and mine.span.start < other.span.start

    # -- who reads -----------------------------------------------------------------------------------------------

    def _readers_before(self, last: Writing) -> list[Run]:
        """The RUNs up to the last one that writes which use the file, too."""
        first = self.writings[0].run.step
        between = range(first.instruction.span.start, last.run.step.instruction.span.start)
        runs = [r for r in self.build.facts.runs if r.step.stage == first.stage]
        return [run for run in runs if run.step.instruction.span.start in between and self._reads(run)]

    def _reads(self, run: Run) -> bool:
        """Whether anything in the RUN but what writes the file uses it."""
        mine = [w for w in self.writings if w.run is run]
        after = min((w.file.extent.end for w in mine), default=-1)
        found = [deed for deed in doing.deeds(run, self.path, self.tools, after) if not self._is_own(deed, mine)]
        if any(deed.kind in _HANDED_ON for deed in found):
            raise Refused(f"{self.path} is copied on or changed by other commands")
        return any(deed.kind in _READING for deed in found)

    def _is_own(self, deed: Deed, mine: Sequence[Writing]) -> bool:
        return any((w.statement or w.file.extent).covers(deed.span.start) for w in mine)

    # -- changes -------------------------------------------------------------------------------------------------

    def _move(self, writing: Writing, run: Run) -> Moved:
        statement = self._statement(writing)
        moving.check_words(self.path, writing.run, statement)
        moving.check_move(self.build, writing.file, writing.run, run, statement)
        places = self._with_assignments(writing.run, statement)
        stays = run.cwd == writing.run.cwd or moving.is_anywhere(self.build, writing.file, writing.run)
        return Moved(run, places, writing.kind, "" if stays else writing.run.cwd, writing.run)

    def _with_assignments(self, run: Run, statement: Span) -> tuple[Span, ...]:
        """A statement behind those that make the variables which it uses."""
        spans = [span for _link, span in statements(run.step.instruction)]
        made: dict[str, Span] = {}
        needed: dict[Span, set[str]] = {}
        for each in acting(run):
            place = next((span for span in spans if span.covers(each.command.span.start)), None)
            if place is None or place.start > statement.start:
                continue
            needed.setdefault(place, set()).update(_names(each.command))
            if each.command.assignments and place != statement:
                made.update((assignment.name, place) for assignment in each.command.assignments)
        found: list[Span] = []
        todo = [statement]
        while todo:
            span = todo.pop()
            if span not in found:
                found.append(span)
                todo += [made[name] for name in sorted(needed.get(span, ())) if name in made]
        return tuple(sorted(found))

    def _guard(self, run: Run) -> list[Change]:
        """What makes the file's state after the RUN that before it."""
        first = self.writings[0]
        own = [writing.file for writing in self.writings]
        kept = moving.may_exist(self.build, own, first.statement or first.file.extent)
        return moving.guard(self.build, first.file, run, may_exist=kept)
