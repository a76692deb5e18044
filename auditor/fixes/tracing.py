"""`set -x` prints every expanded command to the build log: a RUN that handles a secret must not be traced."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.plan import DropCommand, Refused, Replace
from auditor.fixes.script import acting

if TYPE_CHECKING:
    from auditor.fixes.plan import Change
    from auditor.fixes.script import Acting
    from auditor.flow.facts import Run

_TRACING = Pattern(r"-[a-wyzA-Z]*x[a-wyzA-Z]*")


def untraced(run: Run) -> list[Change]:
    """What turns tracing off in a RUN: `set -eux` becomes `set -eu`. Only what the log shows changes.

    Raises Refused where the shell itself is started with tracing.
    """
    changes: list[Change] = []
    for each in acting(run):
        if each.name == "set":
            changes += _without_trace(run, each)
        elif each.name in ("sh", "bash", "dash", "ash") and any(_is_tracing(w.source) for w in each.words[1:2]):
            raise Refused("a shell inside the RUN traces its commands, and the log would show the secret")
    return changes


def _is_tracing(option: str) -> bool:
    return _TRACING.fullmatch(option) is not None


def _without_trace(run: Run, each: Acting) -> list[Change]:
    words = each.words[1:]
    sources = [word.source for word in words]
    if sources == ["-x"] or sources == ["-o", "xtrace"]:
        return [DropCommand(run.step.instruction, each.command.span.start)]
    if "xtrace" in sources and "+o" not in sources:
        raise Refused("the RUN traces its commands, and the log would show the secret")
    return [Replace(word.span, word.source.replace("x", "")) for word in words if _is_tracing(word.source)]
