"""Credentials that a RUN fetches itself and leaves in a file: every RUN that reads the file fetches its own."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.exposure import check
from auditor.fixes.leftover import leave
from auditor.fixes.plan import Burnt, DropCommand, Mount, Plan, Refusal, Refused
from auditor.fixes.tracing import silenced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.core.span import Span
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run


def plans(build: Build) -> Iterator[Plan | Refusal]:
    """A plan, or the reason against one, for each file that holds nothing but what commands of its RUNs print."""
    files: dict[str, list[LayerFile]] = {}
    for file in build.facts.files:
        if file.how in ("written", "stored") and not file.gone:
            files.setdefault(file.path, []).append(file)
    for path, group in files.items():
        origins = [origin for file in group for origin in file.origins if origin.sensitive]
        if not origins or any(o.kind != "fetched" for o in origins) or any(file.literals for file in group):
            continue
        covers = [span for file in group for span in (file.span, file.extent)]
        covers += [span for file in group for _step, span in [*file.removed, *file.carried]]
        try:
            yield _plan(build, path, group, covers)
        except Refused as refused:
            yield Refusal(tuple(covers), refused.reason)


def _plan(build: Build, path: str, files: Sequence[LayerFile], covers: Sequence[Span]) -> Plan:
    plan = Plan(f"{path} is made where it is read", "each RUN that reads it fetches the credential for itself")
    plan.covers += covers
    plan.burnt.append(Burnt(f"what was fetched into {path}", "the layer that the RUN makes", files[0].span))
    leaving = leave(build, path, files, plan)
    plan.changes += leaving.changes
    plan.changes += [DropCommand(run.step.instruction, span.start) for run, span in leaving.gone]
    text = build.document.text
    for moved in leaving.moved:
        plan.changes += [*_mounts(moved.home, moved.run), *silenced(build, moved.run)]
        plan.changes += moved.preludes(lambda span: text[span.start : span.end])
    return plan


def _mounts(home: Run, run: Run) -> list[Mount]:
    """The secrets that a statement had where it stood."""
    check(run)
    kept = [text for text in _flags(home) if "type=secret" in text or "type=ssh" in text]
    known = _flags(run)
    return [Mount(run.step.instruction, text) for text in kept if text not in known]


def _flags(run: Run) -> list[str]:
    return [f"--mount={flag.value}" for flag in run.step.instruction.flags if flag.name == "mount"]
