"""One file that calls builds, and one Dockerfile whose build arguments became secrets: the edits that go together."""

from __future__ import annotations

import shlex

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.callers.shapes import BuildChange as BuildChange
from auditor.fixes.callers.shapes import Caller as Caller
from auditor.fixes.callers.shapes import CallerEdits as CallerEdits
from auditor.flow.calling import kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.fixes.callers.work import Work


MAX_CHARS = 4 * 1024 * 1024


def change(caller: Caller, build: BuildChange) -> CallerEdits:
    """What to change in a file, by its kind (an unknown one is read as a script). Never raises on content."""
    if not (build.secrets or build.dropped) or not _may_build(caller.text):
        return CallerEdits()
    from auditor.fixes.callers.work import Work

    work = Work(caller, build)
    _changer(kinds.kind_of(caller.path))(work)
    return work.result()


def _changer(kind: str | None) -> Callable[[Work], None]:
    """What changes a kind of file; imported here, a run meets few kinds."""
    if kind == kinds.MAKEFILE:
        from auditor.fixes.callers.makefiles import change_makefile

        return change_makefile
    if kind == kinds.COMPOSE:
        from auditor.fixes.callers.composefile import change_compose

        return change_compose
    if kind == kinds.BAKE:
        from auditor.fixes.callers.bake import change_bake

        return change_bake
    if kind == kinds.CI:
        from auditor.fixes.callers.ci import change_ci

        return change_ci
    from auditor.fixes.callers.scripts import change_script

    return change_script


def _may_build(text: str) -> bool:
    """Whether anything in the text could be a build; also cuts off what is too large or no text at all."""
    if len(text) > MAX_CHARS or "\x00" in text:
        return False
    return any(word in text for word in ("build", "bud", "kaniko", "target", "bake"))


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
