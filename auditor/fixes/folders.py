"""Folders of the image being built: which are there without a file that leaves it, and who has to make them then."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING
from auditor.fixes import deeds
from auditor.fixes.exposure import SETTING
from auditor.fixes.plan import Prelude, Refused
from auditor.flow.paths import absolute, covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.fixes.plan import Plan
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run, Step
    from auditor.lang.dockerfile.nodes import Instruction

#: Folders that every Linux image has.
_ALWAYS = frozenset("/ /root /etc /tmp /usr /var /opt /home /srv /bin /lib /run /mnt /var/lib /etc/ssl".split())


def quoted(path: str) -> str:
    """A path as a shell word that may stand inside single quotes, too.

    Raises Refused for one that would need quoting: no credential file is called like that.
    """
    if not all(c.isalnum() or c in "/._-+@%,:=" for c in path):
        raise Refused("the file's path has characters that would have to be quoted")
    return path


def folder_at(build: Build, step: Step) -> str | None:
    """The working directory at an instruction; None where a variable decides it."""
    return ["/", *_workdirs(build, step.stage, step.instruction.span.start)][-1]


def stands(build: Build, stage: int, folder: str, place: int, *, besides: str) -> bool:
    """Whether a folder is there at a place of a stage without the file `besides`: something else makes it."""
    if folder in _ALWAYS or folder.startswith("/usr/"):
        return True
    if any(cwd is not None and covers(folder, cwd) for cwd in _workdirs(build, stage, place)):
        return True
    stages = {at for at, _nodes in _lineage(build, stage)}
    facts = build.facts
    put = [(step, path) for step, path, _source, _span in facts.placed]
    put += [(file.step, file.path) for file in facts.files if file.path != besides]
    if any(s.stage in stages and s.instruction.span.start < place and covers(folder, path) for s, path in put):
        return True
    return any(
        run.step.stage in stages
        and run.step.instruction.span.start < place
        and (run.home == folder or deeds.makes_folder(run, folder, place))
        for run in facts.runs
    )


def keep_folder(build: Build, file: LayerFile, path: str, getting: Iterable[Run], plan: Plan) -> None:
    """See to the folder that the COPY made on its way: `getting` are the RUNs whose mount makes it, too."""
    folder = path.rpartition("/")[0] or "/"
    step = file.step
    if stands(build, step.stage, folder, step.instruction.span.start, besides=path):
        return
    if step.instruction.flag("chown"):
        plan.weaken(Applicability.UNSAFE, f"the COPY made {folder} for another owner than root")
    mounted = {id(run.step.instruction) for run in getting}
    for run in build.facts.runs:
        node = run.step.instruction
        if run.step.stage != step.stage or node.span.start < step.instruction.span.start:
            continue
        if id(node) in mounted or stands(build, step.stage, folder, node.span.start, besides=path):
            return
        if deeds.makes_folder(run, folder, node.span.end, sure=True):
            return
        if deeds.mentions_folder(run, folder):
            if run.step.user or node.json:
                plan.weaken(Applicability.UNSAFE, f"nothing but the COPY makes {folder}")
            plan.changes.append(Prelude(node, f"mkdir -p {quoted(folder)}", SETTING))
            return


def _workdirs(build: Build, stage: int, place: int) -> Iterator[str | None]:
    """The working directories that a stage has had up to a place, in order."""
    cwd: str | None = "/"
    for index, nodes in _lineage(build, stage):
        for node in nodes:
            if index == stage and node.span.start >= place:
                return
            if node.keyword == "WORKDIR" and node.args:
                where = node.args[0]
                cwd = None if "$" in where or (cwd is None and where[:1] != "/") else absolute(where, cwd or "/", "")
                yield cwd


def _lineage(build: Build, stage: int) -> list[tuple[int, tuple[Instruction, ...]]]:
    """A stage and those that it is built from, the lowest first."""
    found: list[tuple[int, tuple[Instruction, ...]]] = []
    at: int | None = stage
    while at is not None and 0 <= at < len(build.stages) and all(at != known for known, _nodes in found):
        found.insert(0, (at, build.stages[at].instructions))
        at = build.stages[at].base_stage
    return found
