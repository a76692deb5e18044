"""Package caches that a layer keeps: a cache mount on the RUN that fills them."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes import exposure
from auditor.fixes.plan import Mount, Plan, Refusal, Refused
from auditor.fixes.script import acting, full_text
from auditor.flow import commands
from auditor.flow.caches import managers
from auditor.flow.paths import absolute, covers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.fixes.plan import Change
    from auditor.flow.build import Build
    from auditor.flow.facts import CacheUse, Run
    from auditor.lang.shell.nodes import Word

#: Managers that must not be run twice at a time on one cache.
_LOCKED = frozenset({"apt"})
_OFFLINE = ("--offline", "--prefer-offline", "--no-download", "--frozen-cache", "GOFLAGS=-mod=mod", "GOPROXY=off")
#: Programs that work with what a manager fetched, besides the manager.
_ALSO = {"apt": ("apt-get", "apt", "aptitude", "apt-cache"), "maven": ("mvn", "mvnw", "java"), "gradle": ("gradlew",)}


class _Later(NamedTuple):
    """A RUN as one that comes later: where, what it says, the words of its command line, the programs it calls."""

    start: int
    instruction: int
    text: str
    words: frozenset[str]
    called: frozenset[str]


class _Runs:
    """All RUNs of a build, and for each cache the last ones that matter to it."""

    def __init__(self, runs: list[_Later]) -> None:
        self._runs = runs
        self._last: dict[tuple[str, str], tuple[int, int]] = {}

    def last(self, build: Build, use: CacheUse, names: set[str]) -> tuple[int, int]:
        """Where the last RUN begins that works with the cache's folder, and the last one that may (-1: none)."""
        key = use.manager, use.folder
        if key not in self._last:
            filled = {id(cache.step.instruction) for cache in build.facts.caches if cache.manager == use.manager}
            refusing = weakening = -1
            for run in self._runs:
                is_called = not run.called.isdisjoint(names)
                if use.folder in run.text or (is_called and any(flag in run.text for flag in _OFFLINE)):
                    refusing = max(refusing, run.start)
                if run.instruction not in filled and (is_called or not run.words.isdisjoint(names)):
                    weakening = max(weakening, run.start)
            self._last[key] = refusing, weakening
        return self._last[key]


def plans(build: Build, _form: str = "file") -> Iterator[Plan | Refusal]:
    """A plan for each RUN and cache folder that a shipped layer keeps."""
    runs = {id(run.step.instruction): run for run in build.facts.runs}
    seen: dict[tuple[int, str], Plan] = {}
    # Once for all plans: a file of a thousand RUNs has a thousand plans.
    later = _Runs([_later(run) for run in build.facts.runs] if build.facts.caches else [])
    for use in build.facts.caches:
        if not use.step.ships or use.step.onbuild:
            continue
        run = runs.get(id(use.step.instruction))
        key = (id(use.step.instruction), use.folder)
        if key in seen:
            seen[key].covers.append(use.span)
            continue
        try:
            plan = _plan(build, use, run, later)
        except Refused as refused:
            yield Refusal((use.span,), refused.reason)
            continue
        seen[key] = plan
    yield from seen.values()


def _later(run: Run) -> _Later:
    node = run.step.instruction
    text = full_text(node)
    called = frozenset(each.name for each in acting(run))
    return _Later(node.span.start, id(node), text, frozenset(text.split()), called)


def _plan(build: Build, use: CacheUse, run: Run | None, later: _Runs) -> Plan:
    if run is None:
        raise Refused("the instruction is not followed")
    exposure.check(run)
    if not use.folder.startswith("/") or any(char in use.folder for char in ",\"'$ \\~"):
        raise Refused("the folder of the cache is not known")
    plan = Plan(f"{use.manager}'s cache is mounted", "the layer keeps what was installed, without the cache")
    plan.covers.append(use.span)
    _judge(build, use, run, plan, later)
    plan.changes.append(Mount(run.step.instruction, _flag(use.manager, use.folder, run)))
    return plan


def filled(run: Run, words: tuple[Word, ...]) -> list[Change]:
    """Mounts for the caches that a command fills which a plan uncovers; `words` are the command's."""
    name = commands.base_name(words[0]) if words else ""
    found: list[Change] = []
    for row in managers().get(name, ()):
        if any(commands.matches(argv, words) for argv in row.argv) and not any(w.rendered in row.off for w in words):
            folder = absolute(row.folder, run.cwd, run.home)
            found.append(Mount(run.step.instruction, _flag(row.title, folder, run)))
    return found


def _flag(manager: str, folder: str, run: Run) -> str:
    fields = [f"type=cache,target={folder}", *_owner(run)]
    if manager in _LOCKED:
        fields.append("sharing=locked")
    return "--mount=" + ",".join(fields)


def _owner(run: Run) -> list[str]:
    """A cache folder is root's unless it says otherwise."""
    owner = exposure.readable(run.step)
    return ["mode=0777"] if owner == ["mode=0444"] else owner


def _judge(build: Build, use: CacheUse, run: Run, plan: Plan, runs: _Runs) -> None:
    """Lower the plan where a later step may rely on the cache in the layer. Raises Refused where one does."""
    position = run.step.instruction.span.start
    names = {name for name, rows in managers().items() if any(row.title == use.manager for row in rows)}
    names.update(_ALSO.get(use.manager, ()))
    refusing, weakening = runs.last(build, use, names)
    if refusing > position:
        raise Refused(f"a later step works with what is in {use.folder}")
    if weakening > position:
        plan.weaken(Applicability.UNSAFE, f"a later RUN uses {use.manager} and may need what is in the cache")
    for node in build.document.instructions:
        if node.keyword in ("COPY", "ADD") and node.flag("from") is not None:
            if any(covers(word.text, use.folder) or covers(use.folder, word.text) for word in node.words[:-1]):
                raise Refused(f"a later step copies what is in {use.folder}")
        elif node.keyword in ("CMD", "ENTRYPOINT") and names & {arg.rpartition("/")[2] for arg in node.args[:1]}:
            plan.weaken(Applicability.UNSAFE, f"the container starts {use.manager}, which may need the cache")
