"""One file that calls builds, and one Dockerfile whose build arguments became secrets: the edits that go together."""

from __future__ import annotations

import shlex

from auditor.core.edit import Edit
from auditor.core.record import NamedTuple
from auditor.fixes.callers import kinds
from auditor.fixes.plan import BuildSecret, Burnt


class Caller(NamedTuple):
    """A file that may call a build: absolute path, the path as shown to the user, decoded text."""

    path: str
    display: str
    text: str


class BuildChange(NamedTuple):
    """What became of a Dockerfile.

    `dockerfile` and `context` are absolute ("" unknown). `secrets`: what the build has to be given from now on.
    `dropped`: names of build arguments that the Dockerfile no longer declares. `sole`: it is the only Dockerfile among
    the paths given, so that a call whose Dockerfile cannot be told may be taken for its own if the arguments fit.
    """

    dockerfile: str
    context: str
    secrets: tuple[BuildSecret, ...]
    dropped: frozenset[str]
    sole: bool


class CallerEdits(NamedTuple):
    """Edits of one file. `matched`: calls that build this Dockerfile, changed or not; `problems`: a sentence, with the
    line, for each of them that could not be changed; `burnt`: literal values that stood there."""

    edits: tuple[Edit, ...] = ()
    matched: int = 0
    problems: tuple[str, ...] = ()
    burnt: tuple[Burnt, ...] = ()
    notes: tuple[str, ...] = ()


MAX_CHARS = 4 * 1024 * 1024


def change(caller: Caller, build: BuildChange) -> CallerEdits:
    """What to change in a file, by its kind (an unknown one is read as a script). Never raises on content."""
    if not (build.secrets or build.dropped) or not _may_build(caller.text):
        return CallerEdits()
    from auditor.fixes.callers.work import Work

    work = Work(caller, build)
    kind = kinds.kind_of(caller.path) or kinds.SCRIPT
    if kind == kinds.MAKEFILE:
        from auditor.fixes.callers.makefiles import change_makefile as run
    elif kind == kinds.COMPOSE:
        from auditor.fixes.callers.composefile import change_compose as run
    elif kind == kinds.BAKE:
        from auditor.fixes.callers.bake import change_bake as run
    elif kind == kinds.CI:
        from auditor.fixes.callers.ci import change_ci as run
    else:
        from auditor.fixes.callers.scripts import change_script as run
    run(work)
    return work.result()


def _may_build(text: str) -> bool:
    """Whether anything in the text could be a build; also cuts off what is too large or no text at all."""
    if len(text) > MAX_CHARS or "\x00" in text:
        return False
    return any(word in text for word in ("build", "bud", "kaniko", "target"))


def command(build: BuildChange, dockerfile: str, context: str, tag: str = "") -> str:
    """The command line that builds the Dockerfile from now on; paths as shown to the user."""
    from auditor.fixes.callers.needs import flags

    words = ["docker", "build", *flags(build.secrets, context or ".", build.context)]
    if tag:
        words += ["-t", shlex.quote(tag)]
    base = context.rstrip("/") or "."
    default = "Dockerfile" if base == "." else f"{base}/Dockerfile"
    if dockerfile not in ("", default, f"./{default}"):
        words += ["-f", shlex.quote(dockerfile)]
    return " ".join([*words, shlex.quote(context or ".")])
