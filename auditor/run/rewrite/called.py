"""One script, Makefile or CI file made clean: plans are carried out together, checked, and kept only if that holds."""

from __future__ import annotations

from collections import Counter

from auditor.core.edit import Applicability, EditConflict, apply_edits
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.calls.plan import CallPlan
from auditor.fixes.calls.planning import plans
from auditor.fixes.plan import Refused
from auditor.run.inputs import InputAuditor
from auditor.run.rewrite.origin import Origin
from auditor.run.rewrite.outcome import Applied, Left
from auditor.run.selection import asked
from auditor.run.suppress import ABOUT_COMMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.config import Settings
    from auditor.core.finding import Finding, Target
    from auditor.core.span import Span
    from auditor.flow.calling.files import CallFacts
    from auditor.run.analysis import Analysis
    from auditor.run.rewrite.options import FixOptions
    from auditor.run.rewrite.outcome import Rewrite
    from auditor.sources.files import Input

#: Plans that are tried one by one where they do not hold together.
_MOST_TRIES = 40
_NO_FIX = "there is no automatic fix for it"


class CallFixer:
    """Rewrites one file in memory. `source` holds its text."""

    def __init__(self, source: Input, settings: Settings, options: FixOptions, wanted: frozenset[str]) -> None:
        self.source = source
        self.settings = settings
        self.wanted = wanted
        self.accepted = options.accepted
        self.allowed = Applicability.UNSAFE if options.unsafe else Applicability.SAFE

    def fix(self, rewrite: Rewrite) -> str:
        """The file's text after everything that could be done, which is noted in the rewrite with what was left."""
        _target, analysis = InputAuditor(self.settings, self.wanted, accepted=self.accepted).examine(self.source)
        facts = analysis.calls
        if facts is None:
            return (self.source.data or b"").decode("utf-8", "surrogateescape")
        origin = rewrite.origin = rewrite.origin or Origin(facts.text)
        by_place = _by_place(asked(analysis.findings, self.wanted))
        able = [p for p in plans(facts) if isinstance(p, CallPlan) and p.applicability <= self.allowed]
        able = [p for p in able if any(f.severity >= self.settings.min_severity for f in by_place.get(p.use.span, []))]
        failed: dict[Span, str] = {}
        try:
            text, after, rewrite.last = self._carried_out(able, analysis, facts)
        except Refused:
            able = self._one_by_one(able, analysis, facts, failed)
            text, after, rewrite.last = self._carried_out(able, analysis, facts)
        for plan in able:
            answered = tuple(by_place[plan.use.span])
            for finding in answered:
                origin.move(finding)
            spans = tuple(origin.span(edit.span) for edit in plan.edits)
            rewrite.applied.append(Applied(plan.title, plan.applicability, plan.reason, answered, spans))
            rewrite.burnt += [plan.burnt._replace(span=origin.span(plan.burnt.span))] if plan.burnt is not None else []
            rewrite.notes += [note for note in plan.notes if note not in rewrite.notes]
        own = Origin(facts.text)
        for edits in (own, origin):
            edits.add(edit for plan in able for edit in plan.edits)
        self._leave(after, failed, own, rewrite)
        return text

    def _one_by_one(
        self, able: Sequence[CallPlan], analysis: Analysis, facts: CallFacts, failed: dict[Span, str]
    ) -> list[CallPlan]:
        """Those of the plans that hold together with the ones before."""
        kept: list[CallPlan] = []
        for plan in able[:_MOST_TRIES]:
            try:
                self._carried_out([*kept, plan], analysis, facts)
            except Refused as refused:
                failed[plan.use.span] = refused.reason
            else:
                kept.append(plan)
        for plan in able[_MOST_TRIES:]:
            failed[plan.use.span] = "the file has too many secrets to try each change by itself"
        return kept

    def _carried_out(
        self, able: Sequence[CallPlan], analysis: Analysis, facts: CallFacts
    ) -> tuple[str, Analysis, Target]:
        """The text after plans, and what is found in it. Raises Refused where it must not be kept."""
        try:
            text = apply_edits(facts.text, [edit for plan in able for edit in plan.edits])
        except EditConflict:
            raise Refused("two changes of it concern the same text") from None
        source = self.source._replace(data=text.encode("utf-8", "surrogateescape"))
        target, after = InputAuditor(self.settings, self.wanted, accepted=self.accepted).examine(source)
        if after.calls is None:
            raise Refused("its check did not hold: the result could not be read again")
        gone = {plan.use.span for plan in able}
        expected = Counter((f.rule, f.subject) for f in analysis.findings if f.location.span not in gone)
        there = Counter((f.rule, f.subject) for f in after.findings if f.rule not in ABOUT_COMMENTS)
        if there - expected:
            raise Refused("its check did not hold: a finding would be there")
        commands, nodes = facts.size
        if after.calls.size != (commands + sum(plan.more for plan in able), nodes):
            raise Refused("its check did not hold: something else would read differently")
        return text, after, target

    def _leave(self, after: Analysis, failed: dict[Span, str], own: Origin, rewrite: Rewrite) -> None:
        """Note the findings that stay, each with its reason; `own` leads back to the text that plans were made for."""
        assert after.calls is not None
        why = {plan.covers[0]: plan for plan in plans(after.calls)}
        for finding in asked(after.findings, self.wanted):
            span = finding.location.span
            plan, failure = why.get(span), failed.get(own.span(span), "")
            reason = failure or (plan.reason if plan is not None else _NO_FIX)
            is_unsafe = not failure and isinstance(plan, CallPlan) and plan.applicability > self.allowed
            rewrite.left.append(Left(finding, reason, is_unsafe, bool(failure)))


def _by_place(findings: Sequence[Finding]) -> dict[Span, list[Finding]]:
    found: dict[Span, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.location.span, []).append(finding)
    return found
