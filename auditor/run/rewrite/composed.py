"""One compose file made clean: plans are carried out together, checked, and kept only if the check holds."""

from __future__ import annotations

import os.path
from collections import Counter

from auditor.core.edit import Applicability, EditConflict, apply_edits
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.plan import Refusal, Refused
from auditor.fixes.services.plan import IgnorePlan
from auditor.fixes.services.registry import plans as all_plans
from auditor.fixes.services.writing import edits_of
from auditor.run.inputs import InputAuditor
from auditor.run.rewrite.composecheck import objection
from auditor.run.rewrite.generated import generated
from auditor.run.rewrite.ignores import current, extended
from auditor.run.rewrite.origin import Origin
from auditor.run.rewrite.outcome import Applied, Left
from auditor.run.selection import asked
from auditor.sources.files import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.config import Settings
    from auditor.core.edit import Edit
    from auditor.core.finding import Finding, Target
    from auditor.core.span import Span
    from auditor.fixes.services.plan import AnyPlan, TextualPlan
    from auditor.flow.place import Place
    from auditor.run.analysis import Analysis
    from auditor.run.rewrite.ignores import IgnoreText
    from auditor.run.rewrite.options import FixOptions
    from auditor.run.rewrite.outcome import Rewrite
    from auditor.sources.files import Input

#: Rounds over the whole file, and how many plans are tried one by one where they do not hold together.
_MOST_ROUNDS = 4
_MOST_TRIES = 40
#: Characters that are read again for such tries.
_MOST_CHARS = 1_000_000
_TEMPLATE = Pattern(r"(?m)^[^#\n\"']*[:-][ \t]+\{\{|^[ \t]*#?[ \t]*\{%")
_NO_FIX = "there is no automatic fix for it"


class State:
    """A compose file at one point of its rewriting."""

    def __init__(self, text: str, target: Target, analysis: Analysis) -> None:
        self.text = text
        self.target = target
        self.analysis = analysis
        self._active: dict[tuple[str, Span], list[Finding]] | None = None

    def active(self, wanted: frozenset[str]) -> dict[tuple[str, Span], list[Finding]]:
        """The findings that were asked for and that nothing silences, by subject and place."""
        if self._active is None:
            self._active = {}
            for finding in asked(self.analysis.findings, wanted):
                self._active.setdefault((finding.subject, finding.location.span), []).append(finding)
        return self._active


class _Unwritable(Refused):
    """The text is written in a way that the change does not fit: no fix that failed, there is none."""


class ComposeFixer:
    """Rewrites one compose file in memory. `source` holds the text to begin with."""

    def __init__(
        self, source: Input, settings: Settings, options: FixOptions, wanted: frozenset[str], place: Place
    ) -> None:
        self.source = source
        self.settings = settings
        self.wanted = wanted
        self.place = place
        self.accepted = options.accepted
        self.allowed = Applicability.UNSAFE if options.unsafe else Applicability.SAFE
        #: Why plans were not kept, by setting.
        self.failed: dict[str, str] = {}
        #: Why others cannot be written at all, likewise.
        self._unable: dict[str, str] = {}
        self._origin = Origin("")
        self._shown_place = place if place.path else None
        self.ignores: dict[str, IgnoreText] = {}

    def read(self) -> State | None:
        """The file as it is; None where it cannot be read."""
        state = self._state((self.source.data or b"").decode("utf-8", "surrogateescape"))
        return state if state.analysis.compose is not None else None

    def fix(self, first: State, rewrite: Rewrite) -> State:
        """The file after everything that could be done; what that was, and what was left, is noted in the rewrite."""
        state = first
        self._origin = rewrite.origin = rewrite.origin or Origin(first.text)
        for _round in range(_MOST_ROUNDS):
            following = self._round(state, rewrite)
            if following is None:
                break
            state = following
        state = self._leave_out(state, rewrite)
        self._leave(state, rewrite)
        rewrite.last = state.target
        return state

    def _leave_out(self, state: State, rewrite: Rewrite) -> State:
        """Keep files out of build contexts, one by one: `ignores` are the ignore files afterwards."""
        for plan in self._plans(state):
            if not isinstance(plan, IgnorePlan) or plan.applicability > self.allowed:
                continue
            answered = self._answered(plan, state)
            if not answered:
                continue
            try:
                state = self._left_out(plan, answered, state)
            except Refused as refused:
                self.failed[plan.label] = refused.reason
            else:
                self._note(plan, answered, (), rewrite)
        return state

    def _left_out(self, plan: IgnorePlan, answered: list[Finding], state: State) -> State:
        """The state with one more line in an ignore file. Raises Refused where that does not help."""
        build = plan.file.build
        assert build is not None
        assert build.context is not None
        pending = {**self.place.pending, **{os.path.abspath(one.path): one.after for one in self.ignores.values()}}
        try:
            found = current(build.path, build.context.root, pending)
        except UnreadableFile as error:
            raise Refused(f"the ignore file cannot be used: {error}") from None
        ignore, path = extended(found, [plan.line]), os.path.abspath(found.path)
        before, self.place = self.place, self.place.with_pending({**pending, path: ignore.after})
        self._shown_place = self.place
        following = self._state(state.text)
        old, new = (Counter((f.rule, f.subject) for f in one.analysis.findings) for one in (state, following))
        if old - Counter((f.rule, f.subject) for f in answered) != new:
            self.place = self._shown_place = before
            raise Refused("its check did not hold: the line would not keep just this file out of the build")
        existed = found.after if found.before is not None or found.after else None  # as other rewrites leave it
        self.ignores[path] = ignore._replace(before=self.ignores[path].before if path in self.ignores else existed)
        return following

    def _round(self, state: State, rewrite: Rewrite) -> State | None:
        """The state after all plans that hold; None where there are none."""
        plans = [
            plan
            for plan in self._plans(state)
            if not isinstance(plan, Refusal | IgnorePlan)
            and plan.applicability <= self.allowed
            and plan.label not in self.failed
            and plan.label not in self._unable
            and self._answered(plan, state)
        ]
        if not plans:
            return None
        try:
            following, edits = self._carried_out(plans, state)
        except Refused:
            plans = self._one_by_one(plans, state)
            if not plans:
                return None
            following, edits = self._carried_out(plans, state)
        for plan in plans:
            self._note(plan, self._answered(plan, state), self._places(plan, state), rewrite)
        self._origin.add(edits)
        return following

    def _one_by_one(self, plans: Sequence[TextualPlan], state: State) -> list[TextualPlan]:
        """Those of the plans that hold together; why the others do not is noted."""
        kept: list[TextualPlan] = []
        for number, plan in enumerate(plans):
            if number >= _MOST_TRIES or number * len(state.text) > _MOST_CHARS:
                self.failed[plan.label] = "too many changes of this file do not hold together"
                continue
            try:
                self._carried_out([*kept, plan], state)
            except _Unwritable as refused:
                self._unable[plan.label] = refused.reason
            except Refused as refused:
                self.failed[plan.label] = refused.reason
            else:
                kept.append(plan)
        return kept

    def _plans(self, state: State) -> list[AnyPlan | Refusal]:
        facts = state.analysis.compose
        return all_plans(facts, self.place, self.source.display) if facts is not None else []

    def _answered(self, plan: AnyPlan, state: State) -> list[Finding]:
        """The findings at its places, if any is worth a change: they would be shown."""
        least, active = self.settings.min_severity, state.active(self.wanted)
        found = [finding for key in plan.keys for finding in active.get(key, [])]
        return found if any(finding.severity >= least for finding in found) else []

    def _carried_out(self, plans: Sequence[TextualPlan], state: State) -> tuple[State, list[Edit]]:
        """The state after plans, and their edits. Raises Refused where the result must not be kept."""
        facts = state.analysis.compose
        assert facts is not None
        try:
            edits = edits_of(facts.file, plans)
        except Refused as refused:
            raise _Unwritable(refused.reason) from None
        try:
            text = apply_edits(state.text, edits)
        except EditConflict:
            raise Refused("two changes of it concern the same text") from None
        following = self._state(text)
        answered = Counter((f.rule, f.subject) for plan in plans for f in self._answered(plan, state))
        reason = objection(state.analysis, following.analysis, plans, answered)
        if reason:
            raise Refused(f"its check did not hold: {reason}")
        return following, edits

    def _places(self, plan: TextualPlan, state: State) -> tuple[Span, ...]:
        """What a plan changes, in the text as it is on disk."""
        facts = state.analysis.compose
        edits = edits_of(facts.file, [plan]) if facts is not None else []
        return tuple(self._origin.span(edit.span) for edit in edits)

    def _note(self, plan: AnyPlan, answered: list[Finding], spans: tuple[Span, ...], rewrite: Rewrite) -> None:
        burnt = plan.burnt._replace(span=self._origin.span(plan.burnt.span))
        for finding in answered:
            self._origin.move(finding)
        has_more = isinstance(plan, IgnorePlan)
        applied = Applied(plan.title, plan.applicability, plan.reason, tuple(answered), spans, has_more)
        rewrite.applied.append(applied)
        rewrite.burnt.append(burnt)
        rewrite.notes += [note for note in plan.notes if note not in rewrite.notes]

    def _state(self, text: str) -> State:
        source = self.source._replace(data=text.encode("utf-8", "surrogateescape"))
        auditor = InputAuditor(self.settings, self.wanted, place=self._shown_place, accepted=self.accepted)
        target, analysis = auditor.examine(source)
        return State(text, target, analysis)

    def _leave(self, state: State, rewrite: Rewrite) -> None:
        """Note the findings that stay, each with its reason."""
        plans: dict[Span, AnyPlan | Refusal] = {}
        for plan in self._plans(state):
            for span in plan.covers:
                plans.setdefault(span, plan)
        for finding in asked(state.analysis.findings, self.wanted):
            why = plans.get(finding.location.span)
            if why is not None and not isinstance(why, Refusal):
                failure, unable = self.failed.get(why.label, ""), self._unable.get(why.label, "")
                is_unsafe = not failure and not unable and why.applicability > self.allowed
                rewrite.left.append(Left(finding, failure or unable or why.reason, is_unsafe, bool(failure)))
            else:
                rewrite.left.append(Left(finding, why.reason if why is not None else _NO_FIX))


def reason_against(text: str) -> str:
    """Why a file must not be changed, by us or by hand; "" for a plain one."""
    if _TEMPLATE.search(text):
        return "the file is a template: what it becomes cannot be checked here"
    return generated(text)
