"""Secret files that a COPY of a folder takes along from the build context: they stay outside, by .dockerignore.

Only where nothing needs them: RUNs that read one get it as a mount, and one that the running container reads stays.
"""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes import deeds
from auditor.fixes.copied import Leaving
from auditor.fixes.leaving import BUILD_KINDS, cover, ignore_line, starts_with, too_many
from auditor.fixes.plan import Burnt, Plan, Refusal, Refused
from auditor.fixes.readers import may_read
from auditor.fixes.retire import lifetime
from auditor.fixes.script import acting
from auditor.fixes.serving import check_build, serve
from auditor.flow.contents import Taken
from auditor.sources.files import is_compose_name, is_dockerfile_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.fixes.retire import Lifetime
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile

_MAX_FILES = 3_000
_MAX_BYTES = 512 * 1024
_MAX_TOTAL = 32 * 1024 * 1024
_MOST_NAMES = 50
#: Kinds that tools find in the folder of a project, not only in a home.
_IN_PROJECTS = frozenset(
    "npmrc yarnrc nuget-config bundle-config composer-auth gradle-properties cargo-credentials terraform "
    "sentry-cli".split()
)
_DOTENV_KINDS = frozenset({"dotenv", "named-dotenv"})
#: Libraries and frameworks that read `.env` by themselves, as the files of a project name them.
_READ_DOTENV = (
    b"dotenv", b"decouple", b"environ.Env", b"load_env", b"react-scripts", b'"next"', b'"vite"', b'"nuxt', b"laravel/",
    b"symfony/", b"pipenv", b"bun run", b"env_file", b"envFile", b"EnvironmentFile",
)  # fmt: skip
#: What makes a version out of the history.
_READ_HISTORY = (
    b"setuptools_scm", b"setuptools-scm", b"hatch-vcs", b"versioneer", b"git rev-parse", b"git describe", b"git log",
    b"git-commit-id", b"vergen", b"git2", b"simple-git", b"MinVer", b"GitVersion", b"nerdbank",
)  # fmt: skip
#: Files that name others without reading them.
_SILENT = (
    ".md", ".rst", ".adoc", ".dockerignore", ".gitignore", ".npmignore", ".gitattributes", ".lock", "package-lock.json",
    "npm-shrinkwrap.json", "license", "dockerfile", ".dockerfile", "makefile", ".svg", ".png", ".jpg", ".example",
    ".sample",
)  # fmt: skip

#: `env_file` of a service, with the lines that belong to it: compose reads the file, not the container.
_ENV_FILE = Pattern(r"(?m)^(?P<indent>[ \t]+)env_file[ \t]*:.*(?:\n(?:(?P=indent)[ \t]+|(?P=indent)-[ \t]).*)*")


class _Namer(NamedTuple):
    """A file of the context that names another: its path, "" for none; `sure`: all of them could be searched."""

    path: str
    sure: bool


def plans(build: Build, form: str) -> Iterator[Plan | Refusal]:
    """One plan for all copies that take the same files along, or the reason against it. `form` is not used."""
    del form
    if build.context is None or any(too_many(build)):
        return
    for group in _groups(build):
        covers = tuple(taken.span for taken in group)
        try:
            plan = _plan(build, group)
        except Refused as refused:
            yield Refusal(covers, refused.reason)
        else:
            plan.covers += covers
            yield plan


def _groups(build: Build) -> list[list[Taken]]:
    """What is taken along, copies that have a file in common together."""
    groups: list[list[Taken]] = []
    for taken in [*build.taken, *_named_folders(build)]:
        if not taken.files:
            continue
        names = {name for name, _kind in taken.files}
        related = [g for g in groups if any(names & {name for name, _kind in other.files} for other in g)]
        groups = [g for g in groups if g not in related]
        groups.append([*(other for g in related for other in g), taken])
    return groups


def _named_folders(build: Build) -> Iterator[Taken]:
    """Folders that are called like one of credentials, with the files that they bring."""
    for file in build.facts.files:
        if file.how != "copied" or file.kind is None or file.kind.certainty != "folder" or file.evidence == "clean":
            continue
        inside = [
            (one.content, one.kind)
            for one in build.facts.files
            if one.how == "context" and one.kind is not None and one.span == file.span
        ]
        yield Taken(file.step, file.span, tuple(inside), False, True)


def _plan(build: Build, group: list[Taken]) -> Plan:
    names = list(dict.fromkeys(name for taken in group for name, _kind in taken.files))
    whole = Plan("", "nothing in the build or in the container reads what .dockerignore leaves out")
    if len(names) > _MOST_NAMES:
        raise Refused(f"{len(names)} files would have to be left out: name what the image needs instead")
    kinds = {name: kind.id for taken in group for name, kind in taken.files}
    namers = _namers(build, {name: _words(name, kinds[name]) for name in names})
    for name in names:
        line = ignore_line(build, name, ())
        if not line:
            raise Refused(f"{name} cannot be left out by a line of .dockerignore")
        whole.ignores.append(line)
        if name == ".git":
            _leave_history(build, group, whole, namers[name])
            continue
        for file in [f for f in build.facts.files if f.how == "context" and f.content == name]:
            _add(whole, _Taken(build, file, namers[name]).plan())
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    whole.title = f"{shown} {'stay' if len(names) > 1 else 'stays'} out of the build context"
    if len(whole.given) == 1 == len(names):
        whole.title = f"{whole.given[0].name} is given to the container when it starts, as {whole.given[0].path}"
    if not all(taken.whole for taken in group) and not whole.secrets and len(whole.given) < len(names):
        whole.weaken(
            Applicability.UNSAFE, "the folder is copied on purpose; programs outside of the context may read it"
        )
    return whole


def _add(whole: Plan, plan: Plan) -> None:
    whole.changes += plan.changes
    whole.covers += plan.covers
    whole.secrets += [secret for secret in plan.secrets if secret not in whole.secrets]
    whole.burnt += [one for one in plan.burnt if one.what not in {other.what for other in whole.burnt}]
    whole.notes += plan.notes
    whole.edits += plan.edits
    whole.given += plan.given
    whole.weaken(plan.applicability, plan.reason)
    if plan.secrets or plan.given:
        whole.reason = plan.reason


class _Taken(Leaving):
    """One file that came along with a folder."""

    def __init__(self, build: Build, file: LayerFile, namer: _Namer) -> None:
        super().__init__(build, file)
        self.namer = namer

    def _place(self) -> str:
        return self.file.path

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        namer = self.namer
        self._stays_put()
        life = lifetime(self.build, self.path, self.file.step, self.tools)
        self.lives.append((self.path, life))
        self.result.changes += life.changes
        if life.unsafe:
            self.result.weaken(Applicability.UNSAFE, life.unsafe)
        check_build(self.build, self.file, self.path)
        read = self._is_read(self.path, life) or (bool(life.consumers) and bool(namer.path) and not self._ships())
        self._needed(read, namer)
        for step, _span in self.file.carried:
            self._carried(step)
        if read:
            self._give()
        cover(self.build, self.file, self.result)
        return self.result

    def _is_read(self, path: str, life: Lifetime) -> bool:
        """Whether a RUN reads it: one that names it, or a tool that looks into the folders of projects."""
        if life.consumers and self.kind in _IN_PROJECTS:
            return True
        return any(deeds.names_file(run, path) for run in life.consumers)

    def _needed(self, read: bool, namer: _Namer) -> None:
        """Raises Refused where the container reads it."""
        if not self._ships():
            return
        if serve(self.build, self.file, self.path, [life for _path, life in self.lives], self.result):
            return
        named = starts_with(self.build, self.path, environment=self.kind not in BUILD_KINDS)
        where = named or namer.path
        if where and self.kind not in BUILD_KINDS:
            raise Refused(f"{self.source} is named in {where}: the container may need it while it runs")
        if not namer.sure and self.kind not in BUILD_KINDS:
            self.result.weaken(Applicability.UNSAFE, "not all files of the context could be searched for its name")
        if read and self.kind not in BUILD_KINDS:
            self.result.weaken(Applicability.UNSAFE, "a program may read it while the container runs, too")


def _words(name: str, kind: str) -> tuple[bytes, ...]:
    """What else tells that a file reads it: names of what looks for such files."""
    return _READ_HISTORY if name == ".git" else _READ_DOTENV if kind in _DOTENV_KINDS else ()


def _leave_history(build: Build, group: list[Taken], plan: Plan, namer: _Namer) -> None:
    """Whether the build can do without `.git`. Raises Refused."""
    first = min(taken.span.start for taken in group)
    stages = {taken.step.stage for taken in group}
    for run in build.facts.runs:
        node = run.step.instruction
        if run.step.stage in stages and node.span.start < first:
            continue
        names = [each.name for each in acting(run)]
        if "git" in names:
            raise Refused("a RUN uses git, which may need .git")
        unknown = next((name for name in names if may_read(name, None)), "")
        if unknown or node.json:
            plan.weaken(Applicability.UNSAFE, f"what {unknown or 'a RUN'} makes may depend on .git")
    if namer.path:
        raise Refused(f".git is needed: {namer.path} asks for it")
    plan.burnt.append(Burnt("what the history of .git holds", "in a layer", group[0].span))


def named_in(build: Build, name: str, own: str) -> tuple[str, bool]:
    """The first file of the context, other than `own`, that has a file's name in it ("": none), and whether all of them
    could be searched."""
    return _namers(build, {name: (), own: ()})[name]


def _namers(build: Build, wanted: Mapping[str, tuple[bytes, ...]]) -> dict[str, _Namer]:
    """For every file of `wanted`, the first file of the context that has its name, or one of its words, in it."""
    context = build.context
    assert context is not None
    bases = {name: name.rpartition("/")[2].encode("utf-8", "surrogateescape") for name in wanted}
    dockerfile = build.path.replace("\\", "/").rpartition("/")[2].lower()
    found: dict[str, _Namer] = {}
    paths = context.select(".")
    budget = _MAX_TOTAL
    for path in paths[:_MAX_FILES]:
        last = path.rpartition("/")[2].lower()
        is_silent = last == dockerfile or last.endswith(_SILENT) or is_dockerfile_name(path)
        if path in wanted or is_silent or "/.git/" in f"/{path}":
            continue
        data = context.read(path, _MAX_BYTES) or b""
        if is_compose_name(path):
            data = _ENV_FILE.sub("", data.decode("latin-1")).encode("latin-1")
        budget -= len(data)
        for name, words in wanted.items():
            if name not in found and (_has_name(data, bases[name]) or any(word in data for word in words)):
                found[name] = _Namer(path, True)
        if budget <= 0 or len(found) == len(wanted):
            break
    sure = len(paths) <= _MAX_FILES and budget > 0
    return {name: found.get(name, _Namer("", sure)) for name in wanted}


def _has_name(data: bytes, name: bytes) -> bool:
    """Whether a text has the name, not as a part of a longer one."""
    at = data.find(name)
    while at >= 0:
        before, behind = data[max(at - 1, 0) : at], data[at + len(name) : at + len(name) + 1]
        if not _joins(before, b"-_") and not _joins(behind, b"-_.*"):
            return True
        at = data.find(name, at + 1)
    return False


def _joins(char: bytes, marks: bytes) -> bool:
    return bool(char) and (char.isalnum() or char in marks)
