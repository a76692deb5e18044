"""Build arguments and environment variables that carry a secret through the build: they become build secrets."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes import runtime
from auditor.fixes.bases import lacks_shell
from auditor.fixes.exposure import DERIVED, check, variable
from auditor.fixes.given import default_of, secret_of
from auditor.fixes.groups import expanded_in, files_of, groups, is_key_file, too_many
from auditor.fixes.keeping import settle_kept
from auditor.fixes.ownruns import runs_own_code
from auditor.fixes.plan import BuildSecret, Burnt, DropPair, Plan, Prelude, Refusal, Refused
from auditor.fixes.readers import mentions, readers_of_variable, runs_reader
from auditor.fixes.script import acting
from auditor.fixes.script import statements as statements_of
from auditor.fixes.tracing import silenced
from auditor.fixes.users import numbers
from auditor.fixes.written import Settled, settle
from auditor.flow.variables import unquoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.flow.build import Build
    from auditor.flow.facts import Run, Step, Variable

_NAME = Pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_ALIAS = Pattern(r"\$(?:\{(?P<braced>\w+)\}|(?P<plain>\w+))")
#: A value that double quotes in a shell read as the builder does.
_PLAIN_VALUE = Pattern(r"(?:[^\"'`\\$]|\$\{\w+\}|\$\w+)*")
_EXPLAINED = frozenset({"ENV", "ARG", "RUN"})


def plans(build: Build, form: str) -> Iterator[Plan | Refusal]:
    """One plan, or the reason against it, for every secret that ARG or ENV hold."""
    found = groups(build)
    for refusal in too_many(build, found):
        yield refusal
        return
    for group in found:
        if any(is_key_file(file) for file in files_of(build, group)):
            continue  # the ssh planner's
        planner = VariablePlanner(build, group, form)
        try:
            yield planner.plan()
        except Refused as refused:
            yield Refusal(tuple(planner.covers()), refused.reason)


class VariablePlanner:
    """Plans for one group: which declarations go, which RUNs get the secret."""

    def __init__(self, build: Build, group: list[Variable], form: str) -> None:
        self.build = build
        self.group = group
        self.form = form
        self.members = {id(v): v for v in group}
        self.users = numbers(build)
        self.made: dict[str, BuildSecret] = {}
        self.roots = [v for v in group if not any(id(s) in self.members for s in v.sources)]
        self.files = files_of(build, group)
        self.downloads = list(self._downloads())
        self._defaults: dict[str, str] = {}

    def covers(self) -> Iterator[Span]:
        """Where findings about these variables begin."""
        for v in self.group:
            yield v.pair.span
            yield from (span for step, span in v.used if step.instruction.keyword != "RUN")
        for file in self.files:
            yield file.span
            yield file.extent
            yield from (span for _step, span in [*file.removed, *file.carried])
        for use in self.build.facts.uses:
            if any(id(origin.variable) in self.members for origin in use.origins):
                yield use.span

    def plan(self) -> Plan:
        """The plan. Raises Refused."""
        names = list(dict.fromkeys(v.name for v in self.roots))
        if not names:
            raise Refused("the variables are made of one another")
        self._check_uses()
        shown = ", ".join(names)
        verb = "becomes a build secret" if len(names) == 1 else "become build secrets"
        plan = Plan(f"{shown} {verb}", f"only RUN instructions use {shown}, and each of them gets it for itself")
        plan.covers += self.covers()
        moved = self._settle(plan)
        needs = self._needs(moved)
        self._check_run_time(bool(needs or self.downloads), plan)
        self._download(plan)
        for run, wanted in needs:
            settle_kept(self.build, run, wanted, plan)
            self._expose(run, wanted, plan)
        for v in self.group:
            plan.changes.append(DropPair(v.step.instruction, v.pair))
            if v.literal is not None and v.literal.level in ("secret", "weak"):
                where = f"{v.step.instruction.keyword} in the Dockerfile, image history"
                plan.burnt.append(Burnt(f"the value of {v.name}", where, v.pair.span))
            elif v in self.roots and v.kind == "argument":
                where = "image history, build log and cache" if v.step.ships else "build log and cache"
                plan.burnt.append(Burnt(f"what was given as {v.name}", where, v.pair.span))
        if needs or self.downloads:
            plan.secrets += [self._secret(name) for name in names]
        else:
            plan.title = f"{shown} goes: nothing in the build uses it"
            if plan.applicability is Applicability.SAFE:
                where = next((file.path for file in self.files), "")
                plan.reason = f"no RUN reads {where}, where it was written to" if where else "no instruction reads it"
        return plan

    def _settle(self, plan: Plan) -> Settled:
        """Take care of the files that would keep the value all the same."""
        kept = [file for file in self.files if not file.gone]
        for file in kept:
            if file.how == "inline":
                raise Refused(f"{file.path} is a heredoc of COPY that the builder fills in, which no secret can be")
            if file.how == "cloned":
                from auditor.fixes.urls import clone_change  # start-up: git clones with credentials only

                plan.changes += clone_change(self.build, file)
                shown = ", ".join(dict.fromkeys(v.name for v in self.roots))
                note = (
                    f"git is given {shown} in a setting, whose name ends at a `=`: give it with %3D in the place of one"
                )
                plan.notes += [note] if note not in plan.notes else []
        return settle(self.build, [file for file in kept if file.how in ("written", "stored")], plan)

    # -- conditions ----------------------------------------------------------------------------------------------

    def _check_uses(self) -> None:
        """Raises Refused where something that cannot be given a secret needs the value."""
        for name in dict.fromkeys(v.name for v in self.group):
            if not _NAME.fullmatch(name):  # in `export NAME=` and in printed commands it would mean something else
                raise Refused(f"{name} is no name that a shell takes for a variable")
            keyword = expanded_in(self.build, name, [step.instruction for step, _v in self.downloads])
            if keyword:
                raise Refused(f"{name} is used in {keyword}, which cannot read a build secret")
        for v in self.group:
            if v.step.onbuild:
                raise Refused("it stands in an ONBUILD trigger: every child build would have to change with it")
            for step, _span in v.used:
                keyword = step.instruction.keyword
                if keyword not in _EXPLAINED | runtime.STARTING and (step, v) not in self.downloads:
                    raise Refused(f"{v.name} is used in {keyword}, which cannot read a build secret")
            if v.kind == "environment" and v not in self.roots and not _PLAIN_VALUE.fullmatch(_raw(v)):
                raise Refused(f"the value of {v.name} is made in a way that a shell would read differently")

    def _check_run_time(self, used: bool, plan: Plan) -> None:
        for v in self.group:
            if v.kind != "environment":
                continue
            reading = runtime.reads(self.build, v, used)
            if reading.certainty == "yes":
                raise Refused(
                    f"{v.name} is read while the container runs ({reading.where}): give it there, not in the image"
                )
            if reading.certainty == "unknown" and not used:
                raise Refused(f"no RUN uses {v.name}: the container seems to read it while it runs; give it there")
            if reading.certainty == "unknown":
                plan.weaken(
                    Applicability.UNSAFE, f"whether the container reads {v.name} while it runs cannot be seen here"
                )

    def _downloads(self) -> Iterator[tuple[Step, Variable]]:
        """ADD instructions that fetch a URL with one of the variables as its credential: a RUN can do that."""
        for v in self.group:
            for step, _span in v.used:
                if step.instruction.keyword == "ADD" and self._passes_on(v):
                    from auditor.fixes.additions import is_download  # start-up: for an ADD with credentials only

                    if is_download(self.build, step, v.name):
                        yield step, v

    def _download(self, plan: Plan) -> None:
        for step, v in self.downloads:
            from auditor.fixes.additions import download_with  # start-up: for an ADD with credentials only

            download_with(self.build, step, v.name, self._secret(self._root_of(v).name), plan)

    # -- RUNs ----------------------------------------------------------------------------------------------------

    def _needs(self, settled: Settled) -> list[tuple[Run, list[str]]]:
        """RUNs and the names that each needs, in order of declaration."""
        consumers, statements, moved = settled
        explicit: dict[int, list[str]] = {}
        visible = [(run, self._seen(run)) for run in self.build.facts.runs]
        for run, names in visible:
            for name in names:
                if any(not any(span.covers(at) for span in moved) for at in mentions(run, name)):
                    explicit.setdefault(id(run), []).append(name)
        wanted = {name for span in statements for run, names in visible for name in names if _inside(run, name, span)}
        for run in consumers:
            for name in wanted:
                if name not in explicit.setdefault(id(run), []):
                    explicit[id(run)].append(name)
        named = {name for names in explicit.values() for name in names}
        named |= {name for run, names in visible for name in names if mentions(run, name)}  # also in what moved or went
        named |= {v.name for _step, v in self.downloads}
        for run, names in visible:
            if moved and {span for _link, span in statements_of(run.step.instruction)} <= {*moved}:
                continue  # nothing of it stays
            for name in names:
                if name not in explicit.get(id(run), []) and self._reads_unasked(run, name, name in named):
                    explicit.setdefault(id(run), []).append(name)
        order = list(dict.fromkeys(v.name for v in self.group))
        return [(run, sorted(explicit[id(run)], key=order.index)) for run, _names in visible if explicit.get(id(run))]

    def _seen(self, run: Run) -> list[str]:
        """Names under which a RUN sees a member."""
        names = dict.fromkeys(v.name for v in self.group)
        return [name for name in names if (v := run.sees(name)) is not None and id(v) in self.members]

    def _reads_unasked(self, run: Run, name: str, named_elsewhere: bool) -> bool:
        """Whether a RUN that does not name the variable may get it through the environment all the same."""
        tools = readers_of_variable(name)
        if not named_elsewhere:
            return runs_reader(run, tools)
        if self.files:
            return False
        if tools is not None and any(each.name in tools for each in acting(run)):
            return True
        return self.build.context is not None and runs_own_code(self.build, run, name)

    def _expose(self, run: Run, names: list[str], plan: Plan) -> None:
        """Give a RUN what it needs: the roots as secrets, what is made of them by an export of its own."""
        check(run)
        if run.step.instruction.json and self.form == "file" and lacks_shell(self.build, run.step.stage):
            raise Refused("the image has no shell that could read the secret for an exec-form RUN")
        if any(mentions(run, name) for name in names):
            plan.changes += silenced(self.build, run)
        for v in self._with_sources(run, names):
            if self._passes_on(v):
                root = self._root_of(v)
                given = self._secret(root.name)
                plan.changes += variable(
                    run, given, form=self.form, name=v.name, users=self.users, default=self._default(root.name)
                )
            else:
                plan.changes.append(Prelude(run.step.instruction, f'export {v.name}="{_raw(v)}"', DERIVED))

    def _passes_on(self, v: Variable) -> bool:
        """Whether it holds a secret as it was given, under whatever name."""
        return v in self.roots or v.pair.raw is None or _ALIAS.fullmatch(_raw(v)) is not None

    def _with_sources(self, run: Run, names: list[str]) -> list[Variable]:
        """The variables of these names, behind those that they are made of."""
        found: dict[int, Variable] = {}

        def add(name: str, depth: int) -> None:
            v = run.sees(name)
            if v is None or depth > len(self.group):
                raise Refused(f"{name} cannot be followed to where it is declared")
            if not self._passes_on(v):
                for source in v.sources:
                    if id(source) in self.members:
                        if source.name == name:
                            raise Refused(f"{name} is made of a build argument of the same name")
                        add(source.name, depth + 1)
            found[id(v)] = v

        for name in names:
            add(name, 0)
        return list(found.values())

    def _root_of(self, v: Variable) -> Variable:
        seen: set[int] = set()
        while v not in self.roots and id(v) not in seen:
            seen.add(id(v))
            v = next((s for s in v.sources if id(s) in self.members), v)
        return v

    def _secret(self, name: str) -> BuildSecret:
        if name not in self.made:
            self.made[name] = secret_of(self.build, self.group, name)
        return self.made[name]

    def _default(self, name: str) -> str:
        if name not in self._defaults:
            self._defaults[name] = default_of(self.build, self.group, name)
        return self._defaults[name]


def _raw(v: Variable) -> str:
    return unquoted(v.pair.raw).text if v.pair.raw is not None else ""


def _inside(run: Run, name: str, span: Span) -> bool:
    return any(span.covers(at) for at in mentions(run, name))
