"""All plans for one compose file."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.plan import Refusal
from auditor.fixes.services import contents, leftout, texts
from auditor.fixes.services.planning import Planner
from auditor.fixes.services.variables import Variables

if TYPE_CHECKING:
    from auditor.core.span import Span
    from auditor.fixes.services.plan import AnyPlan
    from auditor.flow.place import Place
    from auditor.flow.services import ComposeFacts


def plans(facts: ComposeFacts, place: Place, shown: str) -> list[AnyPlan | Refusal]:
    """A plan, or the reason against one, for every finding in a compose file; `shown` is how the file is called."""
    repeated = facts.file.repeated()
    if repeated is not None:
        reason = f"a key stands twice (line {facts.file.line(repeated)}): compose rejects such a file"
        return [Refusal((span,), reason) for span in _places(facts)]
    known = {
        setting.literal.secret.reveal(): setting.entry.name
        for setting in reversed(facts.settings)
        if setting.literal.kind == "value" and setting.entry.name.isidentifier() and setting.entry.name.isascii()
    }
    variables = Variables(facts.file.text, known)
    return [
        *Planner(facts, place, shown, variables).plans(),
        *texts.plans(facts, variables),
        *contents.plans(facts, place),
        *leftout.plans(facts, place),
    ]


def _places(facts: ComposeFacts) -> list[Span]:
    """Where all findings are."""
    found = [setting.literal.span for setting in (*facts.settings, *facts.given)]
    found += [one.literal.span for one in facts.spoken]
    return [*found, *(one.node.span for one in facts.mounted), *(one.node.span for one in facts.files)]
