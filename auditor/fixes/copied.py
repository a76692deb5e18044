"""One copied credential file on its way out of a build: the COPY goes, and the RUNs that read the file get a mount."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING
from auditor.fixes import deeds
from auditor.fixes.exposure import check
from auditor.fixes.folders import folder_at, keep_folder
from auditor.fixes.leaving import (
    BUILD_KINDS,
    KEY_KINDS,
    RUN_KINDS,
    UNASKED_KINDS,
    at_run_time,
    brought,
    cover,
    id_of,
    landing,
    starts_with,
    switches_user,
    without_source,
    written_on,
)
from auditor.fixes.plan import BuildSecret, DropPair, DropSource, Mount, Plan, Refused
from auditor.fixes.readers import mentions, readers_of_file
from auditor.fixes.retire import give, lifetime
from auditor.fixes.runtime import starts_one_of
from auditor.fixes.serving import check_build, serve
from auditor.fixes.users import numbers
from auditor.flow.paths import absolute
from auditor.lang.dockerfile.mounts import mount_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.fixes.plan import Change
    from auditor.fixes.retire import Lifetime
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run, Step

_ONBUILD = "it stands in an ONBUILD trigger: the fix would change what every child build has to provide"


class Leaving:
    """One copied file on its way out of the build; `mounted`: RUNs that need it find it as a mount at its place."""

    mounted = True
    required = True

    def __init__(self, build: Build, file: LayerFile) -> None:
        if file.step.onbuild:
            raise Refused(_ONBUILD)
        self.build = build
        self.file = file
        self.kind = file.kind.id if file.kind is not None else ""
        self.path = self._place()
        self.source = self._source()
        self.tools = readers_of_file(self.kind)
        self.name = self.source.rpartition("/")[2] or self.path.rpartition("/")[2]
        self.result = Plan(f"{self.name} is mounted instead of copied", "only the RUNs that read the file get it")
        self.lives: list[tuple[str, Lifetime]] = []
        if not file.leaks:
            self.result.weaken(Applicability.UNSAFE, "whether the file holds a credential is not known")

    def _place(self) -> str:
        """Where the file lies. Raises Refused."""
        return landing(self.build, self.file)

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        self._stays_put()
        self.result.changes += [*self._removal(), *self._names()]
        for path, life in self._follow():
            self.lives.append((path, life))
            self.result.changes += life.changes
            if life.unsafe:
                self.result.weaken(Applicability.UNSAFE, life.unsafe)
        check_build(self.build, self.file, self.path)
        read = any(self._is_read(path, life) for path, life in self.lives)
        self._run_time(read)
        for step, _span in self.file.carried:
            self._carried(step)
        getting = self._give() if read else []
        if not read and not self.result.given:
            self.result.title = f"{self.name} is not copied any more"
        writing = [run for path, life in self.lives for run in life.real if path == self.path]
        if read or self.result.applicability is Applicability.SAFE:  # else a mount makes it when the container starts
            keep_folder(self.build, self.file, self.path, getting, writing, self.result)
        cover(self.build, self.file, self.result)
        return self.result

    def _source(self) -> str:
        """The file on the host; "" where it is not known."""
        return "" if "$" in self.file.content else self.file.content.removeprefix("./")

    def _removal(self) -> list[Change]:
        """What keeps the file out of the layer."""
        return [without_source(self.file.step.instruction, self.file.content)]

    def _follow(self) -> Iterator[tuple[str, Lifetime]]:
        """The places where the file comes to lie, and what becomes of it there."""
        for path, step in [(self.path, self.file.step), *brought(self.build, self.file)]:
            yield path, lifetime(self.build, path, step, self.tools, mounted=self.mounted)

    def _names(self) -> Iterator[Change]:
        """Build arguments that were there to name the file go along with it."""
        node = self.file.step.instruction
        for origin in self.file.origins:
            v = origin.variable
            if v is None or v.step.onbuild or any(step.instruction is not node for step, _span in v.used):
                continue
            if not any(mentions(run, v.name) for run in self.build.facts.runs):
                self.result.covers.append(v.pair.span)
                yield DropPair(v.step.instruction, v.pair)

    def _stays_put(self) -> None:
        """Raises Refused where a RUN hands the content on."""
        goal = written_on(self.build, self.file)
        if goal:
            raise Refused(f"a RUN writes what is in it to {goal}")

    def _is_read(self, path: str, life: Lifetime) -> bool:
        """Whether a RUN reads the file, as far as can be said: a file for any program has to be named in one."""
        if not life.consumers:
            return False
        if self.tools is not None or life.ended or self.kind in UNASKED_KINDS or not self._ships():
            return True
        named = any(deeds.names_file(run, path) for run in life.consumers)
        if named and self.kind in KEY_KINDS and not life.ended:
            raise Refused(f"a RUN makes something of {path}, which may hold the secret, too")
        return named

    def _ships(self) -> bool:
        """Whether the file ends up in the image for the container to see."""
        if any(step.ships for step, _span in self.file.carried):
            return True
        return self.file.step.ships and not (self.lives and self.lives[0][1].ended)

    def _run_time(self, read: bool) -> None:
        """Whether the finished container may need it."""
        if not self._ships():
            if not read:
                self.result.reason = "nothing in the build reads the file"
            return
        try:
            if serve(self.build, self.file, self.path, [life for _path, life in self.lives], self.result):
                return
        except Refused as refused:
            at_run_time(self.result, self.path, refused.reason)
            return
        named = starts_with(self.build, self.path, environment=self.kind not in BUILD_KINDS)
        if named:
            at_run_time(self.result, self.path, f"{named} names it")
        elif self.kind in RUN_KINDS:
            at_run_time(self.result, self.path, "files of this kind are read while the container runs")
        elif not read and self.kind not in BUILD_KINDS:
            at_run_time(self.result, self.path, "no RUN reads it")
        elif not read and starts_one_of(self.build, self.tools):
            self.result.weaken(Applicability.UNSAFE, "no RUN reads it; what runs in the container may")
        elif not read:
            self.result.reason = "the file is for tools of a build, and no RUN reads it"
        elif self.kind not in BUILD_KINDS:
            self.result.weaken(Applicability.UNSAFE, "a program may read it while the container runs, too")

    def _carried(self, step: Step) -> None:
        """What a COPY --from does with the file: its name goes, and RUNs over there must not need it."""
        node = step.instruction
        cwd = folder_at(self.build, step)
        spans = [span for other, span in self.file.carried if other.instruction is node]
        for word in node.words[:-1]:
            if word.whole in spans and absolute(word.text, "/", "/root") == self.path:
                self.result.changes.append(DropSource(node, word.whole))
        base = self.path.rpartition("/")[2]
        for run in self.build.facts.runs:
            if run.step.stage == step.stage and run.step.instruction.span.start > node.span.start:
                found = deeds.deeds(run, f"{cwd or ''}/{base}", self.tools)
                if found:
                    raise Refused("a RUN of the stage that it is carried on to may need it")

    def _give(self) -> list[Run]:
        """Let the consumers have the file; returns those that get it as a mount at its own place."""
        secret = BuildSecret(id_of(self.path), "file", source=self.source, required=self.required)
        self.result.secrets.append(secret)
        users = numbers(self.build)
        getting: list[Run] = []
        for path, life in self.lives:
            for run in life.consumers:
                check(run)
                if not has_mount(run, path):
                    self.result.changes += changed_owner(run, give(run, secret, path, life, users))
                if run not in life.real:
                    getting.append(run)
                elif run.step.user:
                    self.result.weaken(Applicability.UNSAFE, f"{run.step.user} must be able to write {path}")
        return getting


def has_mount(run: Run, path: str) -> bool:
    """Whether a secret is mounted at the path already."""
    for flag in run.step.instruction.flags:
        if flag.name == "mount" and absolute(mount_fields(flag.value or "").get("target", ""), run.cwd, "/") == path:
            return True
    return False


def changed_owner(run: Run, changes: list[Change]) -> list[Change]:
    """The changes, with mounts that every user may read where commands of the RUN change theirs."""
    if run.step.user or not switches_user(run):
        return changes
    return [
        Mount(c.run, c.text.replace(",required=true", ",mode=0444,required=true")) if isinstance(c, Mount) else c
        for c in changes
    ]
