"""Folders of the image being built: which are there without a file that leaves it, and who has to make them then."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING
from auditor.fixes import deeds
from auditor.fixes.exposure import SETTING
from auditor.fixes.plan import Drop, Prelude, Refused, Replace
from auditor.fixes.script import acting
from auditor.flow.paths import absolute, covers, home_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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


def is_folder(build: Build, step: Step, path: str) -> bool:
    """Whether a path is a folder for certain when an instruction copies something to it."""
    place = step.instruction.span.start
    if path in _ALWAYS or any(cwd is not None and covers(path, cwd) for cwd in _workdirs(build, step.stage, place)):
        return True
    stages = {at for at, _nodes in _lineage(build, step.stage)}
    for other, goal, source, _span in build.facts.placed:
        before = other.stage in stages and other.instruction.span.start < place
        if before and (covers(path, goal.rpartition("/")[0] or "/") or (goal == path and source.endswith("/"))):
            return True
    return any(
        run.step.stage in stages
        and run.step.instruction.span.start < place
        and (run.home == path or deeds.makes_folder(run, path, place, sure=True))
        for run in build.facts.runs
    )


def stands(build: Build, stage: int, folder: str, place: int, *, besides: str) -> bool:
    """Whether a folder is there at a place of a stage without the file `besides`: something else makes it."""
    if folder in _ALWAYS or folder.startswith("/usr/") or folder in _homes(build, stage, place):
        return True
    if any(cwd is not None and covers(folder, cwd) for cwd in _workdirs(build, stage, place)):
        return True
    stages = {at for at, _nodes in _lineage(build, stage)}
    facts = build.facts
    put = [(step, path) for step, path, _source, _span in facts.placed]
    # A file that lies at the very place of the folder is the folder, copied whole.
    put += [(f.step, f.path) for f in facts.files if f.path not in (besides, besides.rpartition("/")[0])]
    if any(s.stage in stages and s.instruction.span.start < place and covers(folder, path) for s, path in put):
        return True
    return any(
        run.step.stage in stages
        and run.step.instruction.span.start < place
        and (run.home == folder or deeds.makes_folder(run, folder, place))
        for run in facts.runs
    )


def keep_folder(
    build: Build, file: LayerFile, path: str, getting: Iterable[Run], writing: Iterable[Run], plan: Plan
) -> None:
    """See to the folder that the COPY made on its way: `getting` are the RUNs whose mount makes it, too; those that are
    `writing` put a file into it.

    A folder is made before what the plan puts into it, so that its changes come first.
    """
    folder = path.rpartition("/")[0] or "/"
    step = file.step
    place = step.instruction.span.start
    whole = Drop(step.instruction)
    if whole not in plan.changes or stands(build, step.stage, folder, place, besides=path):
        return
    owner = step.instruction.flag("chown") or ""
    mounted = {id(run.step.instruction) for run in getting}
    needing = {id(run.step.instruction) for run in writing}
    for run in build.facts.runs:
        node = run.step.instruction
        if run.step.stage != step.stage or node.span.start < place:
            continue
        if id(node) in mounted:
            if owner:  # the mount would make it for root
                _make_instead(build, step, folder, owner, plan)
            return
        if stands(build, step.stage, folder, node.span.start, besides=path):
            break
        if deeds.makes_folder(run, folder, node.span.end, sure=True):
            break
        if id(node) in needing or deeds.mentions_folder(run, folder):
            is_owner = _is(owner, run.step) if owner else not run.step.user
            if is_owner and not node.json and _may_make(build, folder, run.step.user):
                plan.changes.insert(0, Prelude(node, f"mkdir -p {quoted(folder)}", SETTING))
            else:
                _make_instead(build, step, folder, owner, plan)
            return
    if owner and not _is(owner, step):
        _make_instead(build, step, folder, owner, plan)


def _make_instead(build: Build, step: Step, folder: str, owner: str, plan: Plan) -> None:
    """In place of the COPY, a RUN that makes the folder as the builder did: by root, what is missing for the owner."""
    user, whole = _user(build, step), Drop(step.instruction)
    made = _owned(owner)
    if step.dialect != "posix" or user is None or made is None:
        plan.weaken(Applicability.UNSAFE, f"nothing but the COPY makes {folder}" + (f" for {owner}" if owner else ""))
        return
    place = step.instruction.span.start
    parts = folder.strip("/").split("/")
    paths = ["/" + "/".join(parts[: n + 1]) for n in range(len(parts))]
    missing = [p for p in paths if not (p in _ALWAYS or _is_made(build, step, p, place))]
    if not missing:
        return
    if made and _is(owner, step) and _may_make(build, folder, step.user):
        text = f"RUN mkdir -p {quoted(folder)}"
    else:
        text = "RUN " + _making([quoted(path) for path in missing], made)
        text = f"USER 0:0\n{text}\nUSER {user}" if user else text
    plan.changes[plan.changes.index(whole)] = Replace(step.instruction.span, text)


def _user(build: Build, step: Step) -> str | None:
    """The USER of an instruction as it is written ("" for root); None where a variable of another stage says it."""
    found = ""
    for index, nodes in _lineage(build, step.stage):
        here = index == step.stage
        for node in nodes:
            if node.keyword == "USER" and node.args and (not here or node.span.start < step.instruction.span.start):
                found = node.args[0] if here or "$" not in node.args[0] else "$"
    return None if found == "$" else found if step.user else ""


def _making(paths: Sequence[str], owner: str) -> str:
    """A command that makes those of the folders that are not there, each inside the one before it."""
    at = paths[0] if len(paths) == 1 else '"$d"'
    one = f"mkdir {at}"
    if owner:
        one = f"{{ {one} && chown {owner} {at}; }}"
    if len(paths) == 1:
        return f"[ -d {at} ] || {one}"
    return f"for d in {' '.join(paths)}; do [ -d {at} ] || {one} || exit 1; done"


def _owned(owner: str) -> str | None:
    """An owner of `--chown` as `chown` takes it ("" for root); None for one that cannot be told.

    A number alone is user and group; a name alone comes with the group that the user has.
    """
    if owner in ("", "root", "0", "root:root", "0:0"):
        return ""
    user, colon, group = owner.partition(":")
    if not all(part.replace("-", "").replace("_", "").isalnum() for part in (user, group or "x")):
        return None
    return owner if colon and group else f"{user}:{user}" if user.isdigit() else f"{user}:"


def _is_made(build: Build, step: Step, path: str, place: int) -> bool:
    """Whether a folder is there for certain when the COPY comes: working directories are made, homes may not be."""
    return any(cwd is not None and covers(path, cwd) for cwd in _workdirs(build, step.stage, place)) or any(
        run.step.stage == step.stage
        and run.step.instruction.span.start < place
        and deeds.makes_folder(run, path, place, sure=True)
        for run in build.facts.runs
    )


def _may_make(build: Build, folder: str, user: str) -> bool:
    """Whether a user can make a folder for certain: in a home that belongs to it, one that came with the user."""
    return not user or (covers(home_of(user), folder) and _has_home(build, user))


def _has_home(build: Build, user: str) -> bool:
    """Whether a RUN makes the user together with a home."""
    for run in build.facts.runs:
        for each in acting(run):
            texts = [word.rendered for word in each.words]
            makes = each.name == "adduser" and not {"-H", "--no-create-home"} & set(texts)
            if user in texts[1:] and (makes or (each.name == "useradd" and {"-m", "--create-home"} & set(texts))):
                return True
    return False


def _is(owner: str, step: Step) -> bool:
    """Whether `--chown` names the user, and no other group, that an instruction runs as."""
    user, _colon, group = owner.partition(":")
    return user == (step.user or "root") and group in ("", user)


def _homes(build: Build, stage: int, place: int) -> set[str]:
    """Homes of the users by name that a stage has worked as up to a place."""
    found: set[str] = set()
    for index, nodes in _lineage(build, stage):
        for node in nodes:
            if node.keyword == "USER" and node.args and (index != stage or node.span.start < place):
                found.add(home_of(node.args[0]))
    return found - {"/"}


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
