"""Secrets that an instruction itself puts into a file of a layer: heredocs, and build secrets copied out of a mount."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes import deeds
from auditor.fixes.copied import Leaving
from auditor.fixes.exposure import check
from auditor.fixes.leaving import BUILD_KINDS, at_run_time, cover
from auditor.fixes.plan import Drop, DropCommand, Mount, Plan, Refusal, Refused, Replace
from auditor.fixes.readers import readers_of_file
from auditor.fixes.retire import lifetime
from auditor.fixes.script import script_text, statements
from auditor.fixes.written import settle
from auditor.lang.shell import heredocs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.fixes.plan import Change
    from auditor.fixes.retire import Lifetime
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run

_LIVE = ("secret", "weak")


def plans(build: Build, form: str) -> Iterator[Plan | Refusal]:
    """Plans for files whose content stands in the Dockerfile, or comes from a secret mount. `form` is not used."""
    del form
    for file in build.facts.files:
        if file.gone or not file.leaks:
            continue
        try:
            plan = _plan(build, file)
        except Refused as refused:
            yield Refusal((file.span, *(lit.span for lit in file.literals)), refused.reason)
        else:
            if plan is not None:
                yield plan


def _plan(build: Build, file: LayerFile) -> Plan | None:
    """The plan for one file; None where it is for another planner. Raises Refused."""
    if file.how == "written" and any(origin.kind == "mount" for origin in file.origins):
        return _copied_out(build, file)
    if any(origin.sensitive for origin in file.origins):
        return None
    if file.how == "inline":
        return _Inline(build, file).plan()
    is_for_tools = file.kind is not None and file.kind.id in BUILD_KINDS
    if file.how == "written" and is_for_tools and any(lit.level in _LIVE for lit in file.literals):
        return _WrittenOut(build, file).plan()
    return None


class _Inline(Leaving):
    """A heredoc of COPY."""

    def _place(self) -> str:
        return self.file.path

    def _source(self) -> str:
        return ""

    def _removal(self) -> list[Change]:
        node = self.file.step.instruction
        if len(node.words) != 2:
            raise Refused("the COPY writes several files")
        return [Drop(node)]

    def _follow(self) -> Iterator[tuple[str, Lifetime]]:
        yield self.path, lifetime(self.build, self.path, self.file.step, self.tools)

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        made = super().plan()
        made.covers += [literal.span for literal in self.file.literals]
        if made.secrets:
            made.title = f"{self.name} is mounted instead of written"
            made.notes.append(f"put what {self.path} holds into a file beside the build, with a new credential")
        else:
            made.title = f"{self.name} is not written any more"
        return made


class _WrittenOut(_Inline):
    """A credential file that a heredoc inside a RUN writes, with the credential in the text."""

    def _run(self) -> Run:
        for run in self.build.facts.runs:
            if run.step.instruction is self.file.step.instruction:
                check(run)
                return run
        raise Refused(f"{self.path} is written by an instruction that cannot be given a secret")

    def _removal(self) -> list[Change]:
        """The lines of a simple command with its heredoc."""
        node, text = self.file.step.instruction, self.build.document.text
        script = script_text(node)
        bare, bodies = heredocs.extract(script.text)
        for body in bodies.values():
            start = script.text.rfind("\n", 0, body.word) + 1
            line_end = script.text.find("\n", body.word)
            end = script.text.find("\n", body.end)
            whole = Span(script.source(start), script.source(end) + 1 if end >= 0 else script.source(body.end))
            if not whole.covers(self.file.extent.start):
                continue
            command = bare[start:line_end]
            if any(mark in command for mark in ("|", "&", ";", "(", "{")) or text[whole.start - 1] != "\n":
                break
            return [Replace(whole, "")]
        raise Refused(f"the command that writes {self.path} cannot be taken out of what stands around it")

    def _follow(self) -> Iterator[tuple[str, Lifetime]]:
        run = self._run()
        yield self.path, lifetime(self.build, self.path, self.file.step, self.tools, inside=run, written=False)


def _copied_out(build: Build, file: LayerFile) -> Plan:
    """A build secret that a RUN copies to a layer: the copy lasts as long as the RUNs that read it."""
    home = next((run for run in build.facts.runs if run.step.instruction is file.step.instruction), None)
    if home is None:
        raise Refused(f"{file.path} is written by an instruction that cannot be changed")
    name = file.path.rpartition("/")[2]
    plan = Plan(f"{name} is gone when the RUNs end that read it", "a secret mount is there for each RUN that needs it")
    cover(build, file, plan)
    plan.covers.append(file.extent)
    tools = readers_of_file(file.kind.id) if file.kind is not None else None
    life = lifetime(build, file.path, file.step, tools, inside=home)
    is_read = tools is not None or life.ended or any(deeds.names_file(run, file.path) for run in life.consumers)
    if life.consumers and is_read:
        settled = settle(build, [file], plan)
        if file.kind is not None and file.kind.ssh and any(run is not home for run in settled.consumers):
            raise Refused(f"the key is used by other RUNs: mount it at {file.path} there, with target=")
        flags = [f for f in home.step.instruction.flags if f.name == "mount" and "type=secret" in (f.value or "")]
        for run in settled.consumers:
            if run is not home:
                plan.changes += [Mount(run.step.instruction, flag.text) for flag in flags]
        return plan
    plan.changes += [*life.changes, _statement(home, file)]
    plan.title = f"{name} is not written any more"
    if life.ended or not file.step.ships:
        plan.reason = "nothing in the build reads the file"
    else:
        at_run_time(plan, file.path, "no RUN reads it")
    plan.weaken(Applicability.UNSAFE if life.unsafe else Applicability.SAFE, life.unsafe)
    return plan


def _statement(home: Run, file: LayerFile) -> DropCommand:
    """The statement that writes the file, to be left out."""
    for link, span in statements(home.step.instruction):
        if span.covers(file.extent.start) or span.covers(file.span.start):
            if link.kind in ("command", "pipeline", "redirected_statement"):
                return DropCommand(home.step.instruction, span.start)
            break
    raise Refused(f"the command that writes {file.path} cannot be taken out of what stands around it")
