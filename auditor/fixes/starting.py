"""ENV secrets that the container needs when it starts: they leave the image and are given to the container.

Three ways, the first that certainly starts the container as before: the path of a file in NAME_FILE, where what starts
it reads that; an entrypoint that reads the mounted file and hands over; and the variable given from outside
(`docker run -e`), with which the configuration of the running container is what it was.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import MOUNTED, secret_id
from auditor.fixes import runtime
from auditor.fixes.filevars import file_variable
from auditor.fixes.groups import files_of, groups, is_key_file, too_many
from auditor.fixes.origins import origin
from auditor.fixes.ownruns import runs_own_code
from auditor.fixes.plan import DropPair, Plan, Refusal, Refused, Replace
from auditor.fixes.readers import mentions, readers_of_variable
from auditor.fixes.shims import Shim, added, before, reading_file
from auditor.fixes.starters import has_shell, is_watched, start
from auditor.fixes.variables import VariablePlanner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.fixes.origins import Configs, Origin
    from auditor.fixes.plan import Change
    from auditor.fixes.starters import Start
    from auditor.flow.build import Build
    from auditor.flow.facts import Run, Variable

_NAME = Pattern(r"[A-Za-z_][A-Za-z0-9_]*")


def plans(build: Build, form: str) -> Iterator[Plan | Refusal]:
    """One plan, or the reason against it, for every ENV secret that the container may read."""
    yield from planned(build, lambda group: StartingPlanner(build, group, form))


def planned(build: Build, planner_of: Callable[[list[Variable]], StartingPlanner]) -> Iterator[Plan | Refusal]:
    """What a planner, made for each group of variables, has to say of those that the container may read."""
    found = groups(build)
    if any(too_many(build, found)):
        return  # `variables` says so
    for group in found:
        if any(is_key_file(file) for file in files_of(build, group)):
            continue  # the ssh planner's
        planner = planner_of(group)
        if not planner.kept:
            continue  # needed in the build alone
        try:
            yield planner.plan()
        except Refused as refused:
            yield Refusal(tuple(planner.covers()), refused.reason)


class StartingPlanner(VariablePlanner):
    """Plans for one group: the RUNs that use it get it as a build secret, the container when it starts.

    `kept` are the variables of the image's configuration that the container may read, `certain` says that it does.
    """

    def __init__(self, build: Build, group: list[Variable], form: str, configs: Configs | None = None) -> None:
        super().__init__(build, group, form)
        self.named = self._is_named()
        self.how = start(build)
        self.origin = origin(build, configs)
        shipped = [v for v in group if v.kind == "environment" and v.step.ships]
        readings = [runtime.reads(build, v, self._is_used()) for v in shipped]
        is_read = any(reading.certainty != "no" for reading in readings)
        self.certain = any(reading.certainty == "yes" for reading in readings)
        self.kept = shipped if is_read else []

    def plan(self) -> Plan:
        """The plan. Raises Refused."""
        plan = super().plan()
        names = self.names()
        shown = ", ".join(names)
        verb = "is" if len(names) == 1 else "are"
        also = ", and is a build secret for the RUN instructions that use it" if plan.secrets else ""
        plan.title = f"{shown} {verb} given to the container when it starts{also}"
        if not self.is_meant(plan, names) or not self.give(plan, names):
            self._by_caller(plan, names)
        for v in self.group:
            if v.kind == "argument" and not plan.secrets:
                plan.notes.append(f"the build takes no --build-arg {v.name} any more")
        return plan

    def names(self) -> list[str]:
        """The variables that the container may read, each once."""
        return list(dict.fromkeys(v.name for v in self.kept))

    def is_meant(self, plan: Plan, names: list[str]) -> bool:
        """Whether it is meant for the container: else the build may be all that it is for."""
        return bool(names) and (self.certain or not plan.secrets)

    def give(self, plan: Plan, names: list[str]) -> bool:
        """Have the container start with the secrets; returns whether that could be done. Raises Refused."""
        return self._by_file(plan, names) or self._by_shim(plan, names)

    # -- what the base class asks --------------------------------------------------------------------------------

    def _check_run_time(self, used: bool, plan: Plan) -> None:
        """Being read at run time is what this plan is for."""

    def _reads_unasked(self, run: Run, name: str, named_elsewhere: bool) -> bool:
        if readers_of_variable(name) is not None:
            return super()._reads_unasked(run, name, named_elsewhere)
        # What `named_elsewhere` says changes while the RUNs are gone through; every one has to be told the same here.
        return not self.named and runs_own_code(self.build, run, name)

    def _is_used(self) -> bool:
        """Whether some RUN has a use for the group."""
        runs = self.build.facts.runs
        return self.named or any(self._reads_unasked(run, name, False) for run in runs for name in self._seen(run))

    def _is_named(self) -> bool:
        """Whether some RUN names a variable of the group: then that is where the build needs it."""
        return any(mentions(run, name) for run in self.build.facts.runs for name in self._seen(run))

    # -- the three ways ------------------------------------------------------------------------------------------

    def _by_file(self, plan: Plan, names: list[str]) -> bool:
        """`NAME_FILE` in place of `NAME`, where the entrypoint reads the file."""
        if len(self.kept) != 1 or not _NAME.fullmatch(names[0]) or is_watched(self.build, self.how, names[0]):
            return False
        v, name = self.kept[0], names[0]
        named = file_variable(self.build, self.how, name)
        others = [o for o in self.build.facts.variables if o.kind == "environment" and o is not v]
        if not named or v.pair.raw is None or any(o.name in (name, named) for o in others):
            return False
        path = f"{MOUNTED}/{secret_id(name)}"
        plan.changes = [c for c in plan.changes if not (isinstance(c, DropPair) and c.pair is v.pair)]
        plan.changes += [Replace(v.pair.name_span, named), Replace(v.pair.raw.whole, path)]
        plan.reason = f"what starts the container reads {name} from the file that {named} names"
        plan.notes.append(
            f'give the container {name} as the file {path}: `docker run -v "$PWD/{secret_id(name)}:{path}:ro" ...`, '
            f"or `secrets:` of compose or swarm.{self.readable()} {name} itself must not be set any more."
        )
        return True

    def _by_shim(self, plan: Plan, names: list[str]) -> bool:
        """The entrypoint, behind a shell that reads the mounted files and becomes it; the health check likewise."""
        if not all(_NAME.fullmatch(name) for name in names) or len(names) != len({secret_id(name) for name in names}):
            return False
        if not self.has_shell():
            return False
        try:
            body = "".join(reading_file(name, f"{MOUNTED}/{secret_id(name)}") for name in names)
            changes = self._shimmed(Shim(body), names)
        except Refused:
            return False
        if changes is None:
            return False
        plan.changes += changes
        files = ", ".join(f"{MOUNTED}/{secret_id(name)}" for name in names)
        shown = ", ".join(names)
        started = "the entrypoint" if self.how.entrypoint is not None else "the command"
        plan.reason = f"given {shown}, {started} starts with the same environment, arguments and process number"
        plan.notes.append(
            f"give the container {shown}: as {files} (`secrets:` of compose or swarm, "
            f"`docker run -v FILE:{MOUNTED}/{secret_id(names[0])}:ro ...`), or with "
            f"`docker run {_options(names)} ...`.{self.readable()} "
            "`docker exec` and another --entrypoint see only what -e gives."
        )
        return True

    def _shimmed(self, shim: Shim, names: list[str]) -> list[Change] | None:
        """The shim before what starts, and before a health check that may read one of the variables. Raises Refused."""
        node, health = self.how.entrypoint, self.how.health
        if node is not None:
            changes: list[Change | None] = [before(self.build, node, shim)]
        else:
            base = self.origin.base
            if base is None or base.entrypoint or not base.sure:
                return None
            changes = [*added(self.build, self.origin, shim)]
        if health is not None and any(is_watched(self.build, self.how, name) for name in names):
            changes.append(before(self.build, health, shim))
        found = [change for change in changes if change is not None]
        return found if len(found) == len(changes) else None

    def has_shell(self) -> bool:
        """Whether the image has /bin/sh for certain."""
        return shell_in(self.build, self.how, self.origin)

    def _by_caller(self, plan: Plan, names: list[str]) -> None:
        """Nothing in its place: who starts the container sets the variable."""
        shown = ", ".join(names)
        plan.reason = f"the container starts as before once it is given {shown} from outside"
        condition = "" if self.certain else ", if it reads that"
        plan.notes.append(
            f"give the container {shown}{condition}: `docker run {_options(names)} ...`, `docker run --env-file FILE "
            "...`, or `environment:` of compose with the value from outside the file."
        )

    def readable(self) -> str:
        """What the owner of a mounted file has to see to; "" for nothing."""
        user = self.how.user
        return "" if user in ("", "root", "0") else f" The file must be readable for the user {user}."


def shell_in(build: Build, how: Start, known: Origin) -> bool:
    """Whether the image has /bin/sh for certain: by what is built and started, or by what it is made from."""
    return has_shell(build, how) or (known.base is not None and known.base.shell)


def _options(names: list[str]) -> str:
    return " ".join(f"-e {name}" for name in names)
