"""SSH keys that RUNs write from a variable: the writing goes, and so does the variable."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import secret_id
from auditor.fixes.agents import READERS, agent_serves, connects, starts_ssh, with_agent
from auditor.fixes.exposure import check, variable
from auditor.fixes.leaving import at_run_time, cover, starts_with
from auditor.fixes.plan import BuildSecret, Burnt, DropCommand, DropPair, Plan, Refused
from auditor.fixes.readers import mentions
from auditor.fixes.retire import lifetime
from auditor.fixes.script import acting, full_text, statements
from auditor.fixes.tracing import silenced
from auditor.fixes.users import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.span import Span
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run, Variable

#: A test for an empty value, or a default for one.
_MAY_BE_EMPTY = r"(?:-[nz]\s+\"?\$\{?%(name)s\b|\[\[?\s+\"?\$\{?%(name)s\}?\"?\s+\]|\$\{%(name)s:?[-+])"
_MOVABLE = frozenset({"command", "pipeline", "redirected_statement"})


def written_keys(build: Build) -> list[list[LayerFile]]:
    """Key files that RUNs write from variables, those of one variable together."""
    found: dict[int, list[LayerFile]] = {}
    for file in build.facts.files:
        if file.how != "written" or file.kind is None or not file.kind.ssh:
            continue
        roots = [origin.variable for origin in file.origins if origin.variable is not None]
        if roots and all(root.sensitive or root.suspect for root in roots):
            found.setdefault(id(_root(roots[0])), []).append(file)
    return list(found.values())


def _root(variable: Variable) -> Variable:
    """The declaration that a value comes from."""
    seen: set[int] = set()
    while len(variable.sources) == 1 and id(variable) not in seen:
        seen.add(id(variable))
        variable = variable.sources[0]
    return variable


class WrittenKey:
    """Keys written from one variable: the writing goes, and so does the variable."""

    def __init__(self, build: Build, files: list[LayerFile]) -> None:
        self.build = build
        self.files = files
        first = next(o.variable for o in files[0].origins if o.variable is not None)
        self.root = _root(first)
        self.group = [v for v in build.facts.variables if _root(v) is self.root or v.name == self.root.name]
        #: Whether a command makes the key of the variable's value: `base64 -d`, `tr`.
        self._is_made = False
        self.result = Plan(
            f"the key in {self.root.name} is used through the build's SSH agent",
            "git and ssh ask the agent for the key; known_hosts stays",
        )

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        self.result.covers += self.covers()
        consumers: dict[int, Run] = {}
        gone: dict[int, list[Span]] = {}
        kept = False
        for file in self.files:
            run = self._home(file)
            if not agent_serves(self.build, file.path):
                raise Refused(f"commands of the build name {file.path}, or do without an SSH agent")
            statement = self._statement(run, file)
            gone.setdefault(id(run.step.instruction), []).append(statement)
            self._is_made = self._is_made or not _writes_as_it_is(run, statement)
            self.result.changes.append(DropCommand(run.step.instruction, statement.start))
            life = lifetime(self.build, file.path, file.step, READERS, inside=run, mounted=False)
            self.result.changes += life.changes
            if life.unsafe:
                self.result.weaken(Applicability.UNSAFE, life.unsafe)
            consumers |= {id(each.step.instruction): each for each in life.consumers}
            kept = kept or (file.step.ships and not life.ended and not file.gone)
            cover(self.build, file, self.result)
        self._variables(gone)
        self._purpose([run for run in consumers.values() if connects(run)], kept)
        return self.result

    def covers(self) -> Iterator[Span]:
        """Where findings about the variable and its files begin."""
        members = {id(v) for v in self.group}
        for v in self.group:
            yield v.pair.span
            yield from (span for _step, span in v.used)
        for file in self.files:
            yield file.span
            yield file.extent
        for use in self.build.facts.uses:
            if any(id(origin.variable) in members for origin in use.origins):
                yield use.span

    def _home(self, file: LayerFile) -> Run:
        run = next((run for run in self.build.facts.runs if run.step.instruction is file.step.instruction), None)
        if run is None:
            raise Refused(f"{file.path} is written by an instruction that cannot be given a secret")
        check(run)
        return run

    def _statement(self, run: Run, file: LayerFile) -> Span:
        """The statement that writes the key and does nothing else."""
        for link, span in statements(run.step.instruction):
            if span.covers(file.extent.start) or span.covers(file.span.start):
                if link.kind in _MOVABLE:
                    return span
                break
        raise Refused(f"the command that writes {file.path} cannot be taken out of what stands around it")

    def _variables(self, gone: dict[int, list[Span]]) -> None:
        """Drop the declarations; raises Refused where something else uses the value."""
        members = {id(v) for v in self.group}
        for v in self.group:
            for step, _span in v.used:
                if step.instruction.keyword not in ("RUN", "ENV", "ARG"):
                    raise Refused(f"{v.name} is used in {step.instruction.keyword}, which no SSH agent can serve")
            self.result.changes.append(DropPair(v.step.instruction, v.pair))
            self.result.burnt.append(self._burnt(v))
        for run in self.build.facts.runs:
            for name in {v.name for v in self.group}:
                seen = run.sees(name)
                inside = gone.get(id(run.step.instruction), [])
                for at in mentions(run, name) if seen is not None and id(seen) in members else ():
                    if not any(span.covers(at) for span in inside):
                        raise Refused(f"{name} is used for more than writing a key")
        if any(v.step.onbuild for v in self.group):
            raise Refused("it stands in an ONBUILD trigger: every child build would have to change with it")

    def _purpose(self, consumers: list[Run], kept: bool) -> None:
        """Serve the RUNs that use the key; without any, it may have been for the container."""
        path = self.files[0].path
        named = starts_with(self.build, path, environment=True) or starts_ssh(self.build)
        if named and kept:
            at_run_time(self.result, path, f"{named} uses it")
        elif kept and not consumers:
            at_run_time(self.result, path, "no RUN reads it")
        if consumers:
            is_text = self.root.kind == "argument" and not self._is_made
            with_agent(self.build, consumers, self.result, name=self.root.name if is_text else "")
        else:
            self.result.title = f"{self.root.name} goes, and so does the key that is written from it"
            self.result.reason = self.result.reason if kept else "nothing in the build reads the key"

    def as_variable(self, form: str) -> Plan:
        """The plan for keys that their RUN removes again: the key stays a variable, as a build secret.

        Raises Refused. `form` is `file` or `env`.
        """
        v = self.root
        if len(self.group) != 1 or v.kind != "argument" or not all(file.gone for file in self.files):
            raise Refused(f"{v.name} is used for more than writing a key")
        made = Plan(
            f"{v.name} becomes a build secret", f"only RUN instructions use {v.name}, and each gets it for itself"
        )
        made.covers += self.covers()
        texts = [full_text(run.step.instruction) for run in self.build.facts.runs]
        optional = Pattern(_MAY_BE_EMPTY % {"name": v.name})
        required = not any(optional.search(text) for text in texts)
        secret = BuildSecret(secret_id(v.name), "variable", v.name, "", required, True)
        for run in self.build.facts.runs:
            if run.sees(v.name) is v and mentions(run, v.name):
                made.changes += silenced(self.build, run)
                made.changes += variable(run, secret, form=form, users=numbers(self.build))
        for step, _span in v.used:
            if step.instruction.keyword not in ("RUN", "ARG"):
                raise Refused(f"{v.name} is used in {step.instruction.keyword}, which cannot read a build secret")
        made.changes.append(DropPair(v.step.instruction, v.pair))
        made.secrets.append(secret)
        made.burnt.append(self._burnt(v))
        return made

    def _burnt(self, v: Variable) -> Burnt:
        where = "image history, build log and cache" if v.step.ships else "build log and cache"
        return Burnt(f"what was given as {v.name}", where, v.pair.span)


def _writes_as_it_is(run: Run, statement: Span) -> bool:
    """Whether a statement is one `echo` or `printf` of variables that are not changed on the way."""
    inside = [each for each in acting(run) if statement.covers(each.command.span.start)]
    return (
        len(inside) == 1
        and inside[0].name in ("echo", "printf")
        and not any(use.operator for word in inside[0].words for use in word.variables())
    )
