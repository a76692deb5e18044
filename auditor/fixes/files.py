"""Credential files that COPY or ADD brings by name: dropped, and mounted for the RUNs that read them."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING
from auditor.fixes import deeds
from auditor.fixes.exposure import check
from auditor.fixes.folders import folder_at, keep_folder
from auditor.fixes.leaving import (
    BUILD_KINDS,
    RUN_KINDS,
    cover,
    id_of,
    ignore_line,
    starts_with,
    switches_user,
    without_source,
    written_on,
)
from auditor.fixes.plan import BuildSecret, DropSource, Mount, Plan, Refusal, Refused
from auditor.fixes.readers import readers_of_file
from auditor.fixes.retire import give, lifetime
from auditor.flow.paths import absolute
from auditor.lang.dockerfile.mounts import mount_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.fixes.plan import Change
    from auditor.fixes.retire import Lifetime
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run, Step

_AT_RUN_TIME = "the container needs it while it runs: leave it out of the image and mount it there"


def plans(build: Build, form: str) -> Iterator[Plan | Refusal]:
    """Plans for credential files that a COPY or ADD names; those of one source come as one plan. `form` is not used."""
    del form
    by_source: dict[str, list[LayerFile]] = {}
    for file in build.facts.files:
        if file.how == "copied" and file.kind is not None and not file.kind.ssh and _is_worth_it(file):
            by_source.setdefault(file.content, []).append(file)
    for files in by_source.values():
        outcomes = [_attempt(build, file) for file in files]
        made = [outcome for outcome in outcomes if isinstance(outcome, Plan)]
        if len(made) == len(outcomes):
            yield _as_one(build, files, made)
        else:
            yield from outcomes


def _is_worth_it(file: LayerFile) -> bool:
    """Whether there is a finding to answer. A folder whose files are known is for the context's planner."""
    assert file.kind is not None
    return file.evidence != "clean" and not file.kind.wrapper and file.kind.certainty != "folder"


def _as_one(build: Build, files: list[LayerFile], made: list[Plan]) -> Plan:
    """One plan of those for all copies of a source, which keeps the source out of the build context, too."""
    whole = made[0]
    for plan in made[1:]:
        whole.changes += plan.changes
        whole.covers += plan.covers
        whole.burnt += plan.burnt
        whole.secrets += [secret for secret in plan.secrets if secret not in whole.secrets]
        whole.notes += [note for note in plan.notes if note not in whole.notes]
        whole.weaken(plan.applicability, plan.reason)
    line = ignore_line(build, files[0].content, [file.step.instruction for file in files])
    if line:
        whole.ignores.append(line)
    return whole


def _attempt(build: Build, file: LayerFile) -> Plan | Refusal:
    try:
        return _Leaving(build, file).plan()
    except Refused as refused:
        return Refusal((file.span,), refused.reason)


class _Leaving:
    """One copied file on its way out of the build."""

    def __init__(self, build: Build, file: LayerFile) -> None:
        assert file.kind is not None
        self.build = build
        self.file = file
        self.kind = file.kind.id
        self.path = file.path
        self.source = "" if "$" in file.content else file.content.removeprefix("./")
        self.tools = readers_of_file(self.kind)
        name = self.source.rpartition("/")[2] or "the file"
        self.result = Plan(f"{name} is mounted instead of copied", "only the RUNs that read the file get it")

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        self._copyable()
        life = lifetime(self.build, self.path, self.file.step, self.tools)
        read = bool(life.consumers) and self._is_read(life)
        self._run_time(life, read)
        self.result.changes.append(without_source(self.file.step.instruction, self.file.content))
        self.result.changes += life.changes
        if life.unsafe:
            self.result.weaken(Applicability.UNSAFE, life.unsafe)
        for step, _span in self.file.carried:
            self._carried(step)
        if read:
            self._mounts(life)
        keep_folder(self.build, self.file, self.path, self._mounting(life) if read else (), self.result)
        cover(self.build, self.file, self.result)
        return self.result

    def _copyable(self) -> None:
        file = self.file
        if file.step.onbuild:
            raise Refused("it stands in an ONBUILD trigger: the fix would change what every child build has to provide")
        if not file.leaks:
            raise Refused("it is not known whether the file holds a credential: give the build context along")
        if _is_folder(self.build, file):
            raise Refused(f"{file.content} stands for several files: name the one that holds the credential")
        goal = written_on(self.build, file)
        if goal:
            raise Refused(f"a RUN writes what is in it to {goal}")

    def _is_read(self, life: Lifetime) -> bool:
        """Whether a RUN reads the file, as far as can be said: of a file for any program, one has to name it."""
        if self.tools is not None or life.ended:
            return True
        return any(deeds.names_file(run, self.path) for run in life.consumers)

    def _run_time(self, life: Lifetime, read: bool) -> None:
        """Whether the finished container may need it."""
        shipped = self.file.step.ships and not life.ended
        carried = any(step.ships for step, _span in self.file.carried)
        if not (shipped or carried):
            if not read:
                self.result.reason = "nothing in the build reads the file"
            return
        named = starts_with(self.build, self.path, environment=self.kind not in BUILD_KINDS)
        if named:
            raise Refused(f"{named} names it, so {_AT_RUN_TIME}")
        if self.kind in RUN_KINDS:
            raise Refused(_AT_RUN_TIME)
        if not read and self.kind not in BUILD_KINDS:
            raise Refused(f"no RUN reads it, so {_AT_RUN_TIME}")
        if not read:
            self.result.weaken(Applicability.UNSAFE, "no RUN reads it; what runs in the container may")
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

    def _mounting(self, life: Lifetime) -> list[Run]:
        return [run for run in life.consumers if run not in life.real]

    def _mounts(self, life: Lifetime) -> None:
        secret = BuildSecret(id_of(self.path), "file", source=self.source)
        self.result.secrets.append(secret)
        for run in life.consumers:
            check(run)
            if not has_mount(run, self.path):
                self.result.changes += changed_owner(run, give(run, secret, self.path, life, _users(self.build)))
            if run in life.real and run.step.user:
                self.result.weaken(Applicability.UNSAFE, f"{run.step.user} must be able to write {self.path}")


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


def _is_folder(build: Build, file: LayerFile) -> bool:
    """Whether the source is a folder or a pattern, as far as can be seen."""
    source = file.content
    if source.endswith("/") or any(c in source for c in "*?[") or source.strip("./") == "":
        return True
    if build.context is not None:
        return build.context.select(source) not in ([], [source.removeprefix("./")])
    base = source.rpartition("/")[2].lower()
    return base in _FOLDERS and "$" not in source


_FOLDERS = frozenset(
    ".ssh .aws .azure .docker .kube .gnupg .gcloud .config .m2 .gradle .nuget .cargo .terraform.d secrets secret "
    "credentials certs ssl tls keys private".split()
)


def _users(build: Build) -> Mapping[str, str] | None:
    del build
    return None
