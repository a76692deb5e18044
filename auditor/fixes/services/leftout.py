"""Files with secrets that a build takes along: a line of its ignore file keeps them out of the image.

The container gets them from compose, at run time; only where something of the image names its copy is that not enough.
"""

from __future__ import annotations

import os.path

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.context import named_in
from auditor.fixes.leaving import ignore_line
from auditor.fixes.plan import Refusal, Refused
from auditor.fixes.services.plan import IgnorePlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.flow.place import Place
    from auditor.flow.secretfiles import SecretFile
    from auditor.flow.services import ComposeFacts

_TRACKED = (
    "git tracks the file: take it out with `git rm --cached {}`, exclude it in .gitignore, and replace the value, since"
    " the history keeps it"
)
_SIZE = "what the secret should hold cannot be known"
_MOUNT = "what the service needs of {} cannot be seen: give it a credential of its own as a secret"


def plans(facts: ComposeFacts, place: Place) -> Iterator[IgnorePlan | Refusal]:
    """A plan, or the reason against one, for every file that leaks, and the reasons against changing mounts."""
    for mount in facts.mounted:
        yield Refusal((mount.node.span,), _MOUNT.format(mount.source))
    for one in facts.files:
        where = (one.node.span,)
        if one.problem == "tracked":
            yield Refusal(where, _TRACKED.format(one.path))
        elif one.problem == "context":
            try:
                yield _plan(one, place)
            except Refused as refused:
                yield Refusal(where, refused.reason)
        else:
            yield Refusal(where, _SIZE)


def _plan(one: SecretFile, place: Place) -> IgnorePlan:
    build = one.build
    assert build is not None
    assert build.context is not None
    path = os.path.relpath(place.full(one.path), build.context.root).replace(os.sep, "/")
    if one.named:
        raise Refused(f"the Dockerfile of {one.service} copies it by name: what needs it in the image cannot be seen")
    line = ignore_line(build, path, ())
    if not line:
        raise Refused(f"{one.path} cannot be left out by a line of .dockerignore")
    base = path.rpartition("/")[2]
    if any(base in run.step.instruction.body.text for run in build.facts.runs):
        raise Refused(f"a RUN in the Dockerfile of {one.service} names it")
    reason = "compose gives it to the container, and nothing in the build context names its copy"
    doubt = _doubt(one, path, place)
    return IgnorePlan(
        one,
        line,
        Applicability.UNSAFE if doubt else Applicability.SAFE,
        f"{one.path} stays out of the build context of {one.service}",
        doubt or reason,
        (f"images of {one.service} that were built so far still hold {one.path}: remove them, also from registries.",),
    )


def _doubt(one: SecretFile, path: str, place: Place) -> str:
    """What cannot be seen; "" where the image can do without its copy for certain."""
    assert one.build is not None
    assert one.build.context is not None
    own = os.path.relpath(place.path, one.build.context.root).replace(os.sep, "/")
    namer, sure = named_in(one.build, path, own)
    if namer:
        return f"{namer} names it, and may read the copy in the image"
    if not sure:
        return "not all files of the context could be searched for its name"
    return "a program may read the copy in the image by itself" if one.kind == "env_file" else ""
