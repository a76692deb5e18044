"""Files that a RUN writes a secret into: the command that writes moves into the RUNs that read it, and cleans up there.

`RUN npm config set ...=$NPM_TOKEN` and `RUN npm ci` become one layer in which the file is gone again when it ends.
What stood in the file before stays in it: it is put back, not deleted.
"""

from __future__ import annotations

from itertools import chain

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.detect import credfiles
from auditor.fixes import moving
from auditor.fixes.exposure import SETTING, check
from auditor.fixes.leaving import BUILD_KINDS
from auditor.fixes.plan import DropCommand, Prelude, Refused
from auditor.fixes.readers import may_read, readers_of_file, relatives
from auditor.fixes.retire import lifetime
from auditor.fixes.runtime import starts_one_of
from auditor.fixes.script import acting, statements

if TYPE_CHECKING:
    from auditor.fixes.plan import Change, Plan
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run

_BY_RUN = ("written", "stored")
#: Words of a tool's command that takes back what it was told.
_UNDOING = Pattern(r"unset|delete|rm|remove|logout|erase|--unset|--unset-all|--remove-section")


class Settled(NamedTuple):
    """What became of the files: RUNs in which they are written from now on, the statements that write them, and those
    of them that left their RUN."""

    consumers: tuple[Run, ...]
    statements: tuple[Span, ...]
    moved: tuple[Span, ...]


_NOTHING = Settled((), (), ())


def settle(build: Build, files: list[LayerFile], plan: Plan) -> Settled:
    """Add to the plan what keeps these files (written or stored by a RUN) out of every layer.

    Raises Refused where that is not possible or the file is there for the container to read.
    """
    for file in files:
        if not file.gone:
            _check_alone(build, file, files)
    parts = [_Settling(build, file, plan).run() for file in files if not file.gone]
    return Settled(*(tuple(chain.from_iterable(each)) for each in zip(*parts, strict=True))) if parts else _NOTHING


def _check_alone(build: Build, file: LayerFile, files: list[LayerFile]) -> None:
    """Raises Refused where a RUN that this plan is not about puts another secret into the same file."""
    for other in build.facts.files:
        same = other.path == file.path and other.leaks and not other.gone and other not in files
        if same and other.how in ("written", "stored") and other.step.instruction is not file.step.instruction:
            raise Refused(f"several RUNs put secrets into {file.path}, and the fix would part them")


class _Settling:
    def __init__(self, build: Build, file: LayerFile, plan: Plan) -> None:
        self.build = build
        self.file = file
        self.plan = plan
        self.path = file.path
        self.home_run = self._run()
        kind = file.kind or credfiles.recognise(file.path)
        self.kind = kind.id if kind is not None else ""
        self.tools = readers_of_file(self.kind)
        if self.tools is None and file.how == "stored":
            self.tools = relatives(self._program())

    def run(self) -> Settled:
        check(self.home_run)
        statement, kind = self._statement()
        life = lifetime(self.build, self.path, self.file.step, self.tools, inside=self.home_run)
        if self.tools is None and not life.ended:
            raise Refused(f"{self.path} is written for the container to read while it runs: mount it there instead")
        if life.unsafe:
            self.plan.weaken(Applicability.UNSAFE, life.unsafe)
        if self.file.how == "stored" and not self.path.endswith(moving.SURE_PLACES):
            self.plan.weaken(Applicability.UNSAFE, f"it relies on {self.path} being where the tool keeps it")
        if not self._is_placed():  # else it is there again when the RUNs end, and removed as before
            self.plan.changes += life.changes
        elif life.ended and any(
            f.leaks and f.path == self.path and f.how not in _BY_RUN for f in self.build.facts.files
        ):
            raise Refused(f"{self.path} is copied into the image first, and what removes it is for both")
        here = any(run is self.home_run for run in life.consumers)
        others = [run for run in life.consumers if run is not self.home_run and self._reads(run)]
        if not life.consumers and (self.kind not in BUILD_KINDS or starts_one_of(self.build, self.tools)):
            self.plan.weaken(Applicability.UNSAFE, f"nothing in the build seems to read {self.path}, so it is left out")
        if here:
            self.plan.changes += self._guard(self.home_run)
        if others:
            self._move(statement, kind, others)
        if not here:
            self.plan.changes.append(DropCommand(self.home_run.step.instruction, statement.start))
        consumers = (*others, self.home_run) if here else tuple(others)
        return Settled(consumers, (statement,), () if here else (statement,))

    def _reads(self, run: Run) -> bool:
        """Whether a RUN does more than undo what was stored; the commands that undo it go, since nothing stays."""
        if self.file.how != "stored":
            return True
        family = relatives(self._program())
        parts: dict[int, list[bool]] = {}
        spans = [span for _link, span in statements(run.step.instruction)]
        for each in acting(run):
            undoes = each.name in family and any(_UNDOING.fullmatch(word.rendered) for word in each.words[1:])
            at = next((span.start for span in spans if span.covers(each.command.span.start)), -1)
            if undoes or may_read(each.name, self.tools):
                parts.setdefault(at, []).append(undoes)
        gone = [at for at, undoing in parts.items() if all(undoing) and at >= 0]
        self.plan.changes += [DropCommand(run.step.instruction, at) for at in gone]
        return len(gone) < len(parts) or not parts

    def _program(self) -> str:
        """The program that stores the credential."""
        inside = (each.name for each in acting(self.home_run) if each.command.span.start >= self.file.extent.start)
        return next(inside, "")

    def _run(self) -> Run:
        for run in self.build.facts.runs:
            if run.step.instruction is self.file.step.instruction:
                return run
        raise Refused(f"{self.path} is written by an instruction that cannot be given a secret")

    def _statement(self) -> tuple[Span, str]:
        """The statement that writes the file, by its place in the Dockerfile, and its kind."""
        at = self.file.extent.start
        for link, span in statements(self.home_run.step.instruction):
            if span.covers(at) or span.covers(self.file.span.start):
                if link.kind not in moving.MOVABLE:
                    raise Refused(f"{self.path} is written inside a construct of the shell that cannot be taken apart")
                return span, link.kind
        raise Refused(f"the command that writes {self.path} cannot be told from what stands around it")

    def _guard(self, run: Run) -> list[Change]:
        """What makes the file's state after the RUN that before it."""
        statement, _kind = self._statement()
        kept = moving.may_exist(self.build, [self.file], statement) or self._is_placed()
        return moving.guard(self.build, self.file, run, may_exist=kept)

    def _is_placed(self) -> bool:
        """Whether a COPY or ADD brings it first."""
        facts = self.build.facts
        if any(f.path == self.path and f.how not in _BY_RUN for f in facts.files):
            return True
        return any(path == self.path for _step, path, _source, _span in facts.placed)

    def _move(self, statement: Span, kind: str, others: list[Run]) -> None:
        """Put the statement in front of what the consumers run."""
        home, text = self.home_run, self.build.document.text[statement.start : statement.end]
        moving.check_words(self.path, home, statement)
        self._check_assigned(statement)
        for run in others:
            moving.check_move(self.build, self.file, home, run, statement)
            stays = run.cwd == home.cwd or moving.is_anywhere(self.build, self.file, home)
            self.plan.changes += self._guard(run)
            shown = moving.moved(text, kind, "" if stays else home.cwd)
            self.plan.changes.append(Prelude(run.step.instruction, shown, SETTING + 1))

    def _check_assigned(self, statement: Span) -> None:
        """Raises Refused for a statement that uses a variable which its RUN makes."""
        assigned: set[str] = set()
        for each in acting(self.home_run):
            inside = statement.covers(each.command.span.start)
            if inside and any(use.name in assigned for word in each.command.words for use in word.variables()):
                raise Refused(f"{self.path} is written from a variable that the RUN itself makes")
            assigned |= {assignment.name for assignment in each.command.assignments}
