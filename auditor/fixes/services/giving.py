"""Lets the services of a compose file that run an image have the files that its containers need when they start."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.callers.composefile import ComposeFile
from auditor.fixes.callers.composeparts import ids_of
from auditor.fixes.callers.composetop import TopSecrets
from auditor.fixes.callers.shapes import CallerEdits
from auditor.fixes.callers.work import Draft, Work
from auditor.fixes.plan import Refused
from auditor.fixes.services.writing import Writer
from auditor.lang.compose.nodes import Alias, Scalar
from auditor.lang.compose.services import read_compose
from auditor.lang.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.fixes.callers.shapes import BuildChange, Caller
    from auditor.fixes.plan import Given
    from auditor.lang.compose.services import ComposeText, Service

_MOST = 512 * 1024


def give_files(caller: Caller, build: BuildChange, given: Sequence[Given]) -> CallerEdits:
    """What to change in a compose file so that its services that build the Dockerfile get these files as secrets.

    Never raises on content.
    """
    work = Work(caller, build._replace(sole=False))  # a service of something else may be without a key
    if "build" not in caller.text or len(caller.text) > _MOST:
        return work.result()
    try:
        file = read_compose(caller.text)
    except Unreadable as error:
        work.problem(0, error.reason)
        return work.result()
    if file.top is None or not file.modern:
        return work.result()
    services = _ours(work, file, ComposeFile(work, file.top, alone=len(file.documents) == 1))
    if services:
        _give(work, file, services, given)
    return work.result()


def _ours(work: Work, file: ComposeText, composed: ComposeFile) -> list[Service]:
    found = []
    for service in file.services:
        build = file.inherited(service.node, "build")
        if build is None or isinstance(build, Alias) or (isinstance(build, Scalar) and build.null):
            continue
        if composed.is_ours(build, set(), service.key.span.start):
            found.append(service)
    return found


def _give(work: Work, file: ComposeText, services: list[Service], given: Sequence[Given]) -> None:
    writer = Writer(file)
    first = services[0].key.span.start
    assert file.top is not None
    paths, draft = TopSecrets(file.top, writer.sheet, alone=len(file.documents) == 1), Draft()
    try:
        writer.check(service.node for service in services)
        for service in services:
            known = ids_of(service.node.get("secrets"))
            for one in given:
                if one.name not in known:
                    writer.give(service.node, one.name, f"file: {paths.path(one.source, work, draft)}")
        draft.edits += writer.finish()
    except Refused as refused:
        draft.fail(refused.reason)
    work.take(first, draft)
