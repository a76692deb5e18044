"""SSH keys that a build copies or writes: they stay outside, and RUNs that use git or ssh get the build's agent.

A key under a name that ssh does not look for by itself, or that a command names, becomes a mounted file instead: the
commands stay as they are then.
"""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes import deeds
from auditor.fixes.copied import Leaving
from auditor.fixes.exposure import check
from auditor.fixes.exposure import ssh as agent
from auditor.fixes.files import Folder, by_source, several, stands_for_several, together
from auditor.fixes.leaving import at_run_time, cover, starts_with
from auditor.fixes.plan import BuildSecret, Burnt, DropCommand, DropPair, Plan, Refusal, Refused
from auditor.fixes.readers import may_read, mentions, readers_of_file
from auditor.fixes.retire import lifetime
from auditor.fixes.script import acting, full_text, statements
from auditor.fixes.users import numbers
from auditor.lang.dockerfile.mounts import mount_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.core.span import Span
    from auditor.fixes.retire import Lifetime
    from auditor.fixes.script import Acting
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run, Variable

#: Keys that ssh tries without being told.
_DEFAULT_NAMES = ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "identity")
#: With one of these, ssh does not ask the agent that a build offers, or asks another one.
_NO_AGENT = Pattern(r"IdentitiesOnly|IdentityAgent|ssh-agent|ssh-add|SSH_AUTH_SOCK|GIT_SSH_COMMAND|core\.sshCommand")
#: What git does without asking another machine.
_LOCAL = frozenset(
    "config init add commit tag checkout switch branch log show status diff describe rev-parse rev-list reset clean "
    "apply am merge rebase stash ls-files version --version".split()
)
_MOVABLE = frozenset({"command", "pipeline", "redirected_statement"})
_NOTE = "give the build an SSH agent: docker build --ssh default, or --ssh default=KEYFILE"
_READERS = readers_of_file("ssh-key")


def plans(build: Build, form: str) -> Iterator[Plan | Refusal]:
    """Plans for keys that are copied, then for those that a RUN writes from a variable. `form` is not used."""
    del form
    for files in by_source(build, ssh=True):
        yield from together(build, files, [_attempt(build, file) for file in files])
    for group in _written(build):
        try:
            yield _Written(build, group).plan()
        except Refused as refused:
            yield Refusal(tuple(file.span for file in group), refused.reason)


def _attempt(build: Build, file: LayerFile) -> Plan | Refusal:
    try:
        if stands_for_several(build, file):
            return _Folder(build, file).plan()
        return (_Served if _agent_serves(build, file.path) else _Key)(build, file).plan()
    except Refused as refused:
        return Refusal((file.span,), refused.reason)


class _Folder(Folder):
    """A whole folder that nothing in the build uses."""

    def _base(self) -> str:
        return "id_rsa"

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        made = super().plan()
        if made.secrets:
            raise Refused(several(self.file))
        made.reason = "no RUN uses git or ssh; what runs in the container may"
        return made


def _agent_serves(build: Build, path: str) -> bool:
    """Whether ssh finds the key by itself and would take one of the agent as well."""
    folder, _slash, base = path.rpartition("/")
    if base not in _DEFAULT_NAMES or not folder.endswith("/.ssh"):
        return False
    if any(goal.endswith("/.ssh/config") for _step, goal, _source, _span in build.facts.placed):
        return False  # what it says about keys is not known
    nodes = [node.child or node for stage in build.stages for node in stage.instructions]
    if any(_NO_AGENT.search(full_text(node)) for node in nodes if node.keyword in ("RUN", "ENV", "COPY")):
        return False
    return not any(_names_key(run, path) for run in build.facts.runs)


def _names_key(run: Run, path: str) -> bool:
    """Whether a command of the RUN that is more than `chmod` or `rm` names the key."""
    if run.step.instruction.json:
        return False
    text = full_text(run.step.instruction)
    found = deeds.deeds(run, path, frozenset())
    return (
        any(deed.kind in ("read", "inner") for deed in found)
        and deeds.names(text, path, run.cwd)
        and not _makes(run, path)
    )


def _makes(run: Run, path: str) -> bool:
    return any(deed.kind == "write" for deed in deeds.deeds(run, path, frozenset()))


class _Key(Leaving):
    """A copied key that becomes a mounted file."""

    def _run_time(self, read: bool) -> None:
        """A key that the build needs is for the build, unless something that starts the container names it."""
        named = starts_with(self.build, self.path, environment=True)
        if self._ships() and (named or not read):
            at_run_time(self.result, self.path, f"{named} names it" if named else "no RUN reads it")
        elif not read:
            self.result.reason = "nothing in the build reads the file"


class _Served(_Key):
    """A copied key that the agent takes the place of."""

    mounted = False

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        made = super().plan()
        if made.secrets:
            made.title = f"{self.name} is used through the build's SSH agent"
            made.reason = "git and ssh ask the agent for the key; known_hosts stays"
        return made

    def _is_read(self, path: str, life: Lifetime) -> bool:
        return path == self.path and any(_connects(run) for run in life.consumers)

    def _give(self) -> list[Run]:
        _with_agent(self.build, self.lives[0][1].consumers, self.result, self.source)
        return []


def _connects(run: Run) -> bool:
    """Whether a RUN has a command that may open a connection with the key: not `git config` and its like."""
    return run.step.instruction.json or any(
        may_read(each.name, _READERS) and not (each.name == "git" and _subcommand(each) in _LOCAL)
        for each in acting(run)
    )


def _subcommand(each: Acting) -> str:
    """What git is to do: its first word that is neither an option nor an option's value."""
    before = ""
    for word in each.words[1:]:
        text = word.rendered
        if not text.startswith("-") and before not in ("-C", "-c"):
            return text
        before = text
    return ""


def _with_agent(build: Build, runs: Iterable[Run], plan: Plan, source: str = "") -> None:
    """Give those RUNs the agent that may connect somewhere; `source` is the key's file on the host, if it is known."""
    users = numbers(build)
    for run in runs:
        if not _connects(run):
            continue
        flags = [mount_fields(f.value or "") for f in run.step.instruction.flags if f.name == "mount"]
        if not any(fields.get("type") == "ssh" for fields in flags):
            plan.changes.append(agent(run, users))
    plan.secrets.append(BuildSecret("default", "ssh", source=source))
    plan.notes.append(_NOTE)


def _written(build: Build) -> list[list[LayerFile]]:
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


class _Written:
    """Keys written from one variable: the writing goes, and so does the variable."""

    def __init__(self, build: Build, files: list[LayerFile]) -> None:
        self.build = build
        self.files = files
        first = next(o.variable for o in files[0].origins if o.variable is not None)
        self.root = _root(first)
        self.group = [v for v in build.facts.variables if _root(v) is self.root or v.name == self.root.name]
        self.result = Plan(
            f"the key in {self.root.name} is used through the build's SSH agent",
            "git and ssh ask the agent for the key; known_hosts stays",
        )

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        consumers: dict[int, Run] = {}
        gone: dict[int, list[Span]] = {}
        kept = False
        for file in self.files:
            run = self._home(file)
            if not _agent_serves(self.build, file.path):
                raise Refused(f"commands of the build name {file.path}, or do without an SSH agent")
            statement = self._statement(run, file)
            gone.setdefault(id(run.step.instruction), []).append(statement)
            self.result.changes.append(DropCommand(run.step.instruction, statement.start))
            life = lifetime(self.build, file.path, file.step, _READERS, inside=run, mounted=False)
            self.result.changes += life.changes
            if life.unsafe:
                self.result.weaken(Applicability.UNSAFE, life.unsafe)
            consumers |= {id(each.step.instruction): each for each in life.consumers}
            kept = kept or (file.step.ships and not life.ended and not file.gone)
            cover(self.build, file, self.result)
            self.result.covers.append(file.extent)
        self._variables(gone)
        self._purpose([run for run in consumers.values() if _connects(run)], kept)
        return self.result

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
            self.result.covers.append(v.pair.span)
            where = "image history, build log and cache" if v.step.ships else "build log and cache"
            self.result.burnt.append(Burnt(f"what was given as {v.name}", where, v.pair.span))
        for run in self.build.facts.runs:
            for name in {v.name for v in self.group}:
                seen = run.sees(name)
                inside = gone.get(id(run.step.instruction), [])
                for at in mentions(run, name) if seen is not None and id(seen) in members else ():
                    if not any(span.covers(at) for span in inside):
                        raise Refused(f"{name} is used for more than writing a key")
        for use in self.build.facts.uses:
            if any(id(origin.variable) in members for origin in use.origins):
                self.result.covers.append(use.span)
        for v in self.group:
            self.result.covers += [span for _step, span in v.used]
        if any(v.step.onbuild for v in self.group):
            raise Refused("it stands in an ONBUILD trigger: every child build would have to change with it")

    def _purpose(self, consumers: list[Run], kept: bool) -> None:
        """Serve the RUNs that use the key; without any, it may have been for the container."""
        path = self.files[0].path
        named = starts_with(self.build, path, environment=True)
        if named and kept:
            at_run_time(self.result, path, f"{named} names it")
        elif kept and not consumers:
            at_run_time(self.result, path, "no RUN reads it")
        if consumers:
            _with_agent(self.build, consumers, self.result)
        else:
            self.result.title = f"{self.root.name} goes, and so does the key that is written from it"
            self.result.reason = self.result.reason if kept else "nothing in the build reads the key"
