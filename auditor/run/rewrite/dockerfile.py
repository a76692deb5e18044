"""One Dockerfile made clean, plan by plan: each is carried out, checked, and kept only if the check holds."""

from __future__ import annotations

from auditor.core.edit import Applicability, EditConflict, apply_edits
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes.compose import compose
from auditor.fixes.plan import Plan, Refusal, Refused
from auditor.fixes.registry import plans
from auditor.run.inputs import InputAuditor
from auditor.run.rewrite.check import objection
from auditor.run.rewrite.ignores import context_with, current, extended
from auditor.run.rewrite.origin import Origin
from auditor.run.rewrite.others import edited
from auditor.run.rewrite.outcome import Applied, Left, Rewrite
from auditor.run.selection import asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditor.core.config import Settings
    from auditor.core.edit import Edit
    from auditor.core.finding import Finding, Target
    from auditor.core.span import Span
    from auditor.run.analysis import Analysis, Contexts
    from auditor.run.rewrite.ignores import IgnoreText
    from auditor.run.rewrite.options import FixOptions
    from auditor.run.rewrite.others import OtherText
    from auditor.sources.files import Input

#: How often a file is changed at most: a plan that brings another one forth for ever would be a fault of ours.
_MOST_ROUNDS = 60
_NO_FIX = "there is no automatic fix for it"
#: How many plans may fail in all: each costs an analysis of the file.
_MOST_FAILURES = 300
ANOTHER_RUN = f"no more than {_MOST_ROUNDS} fixes are made at a time: run audit fix again"


class State(NamedTuple):
    """A Dockerfile at one point of its rewriting: text, analysis, its context's ignore file, and the other files of the
    context that change along."""

    text: str
    target: Target
    analysis: Analysis
    ignore: IgnoreText | None
    others: tuple[OtherText, ...] = ()


class _Why(NamedTuple):
    """Why the findings at some places stay: see `outcome.Left`; no reason: a plan for them was not tried."""

    covers: Sequence[Span]
    reason: str
    unsafe: bool = False
    refused: bool = False


class DockerfileFixer:
    """Rewrites one Dockerfile in memory."""

    def __init__(
        self,
        source: Input,
        settings: Settings,
        options: FixOptions,
        wanted: frozenset[str],
        pending: Mapping[str, str],
        handed: Mapping[str, str] | None = None,
    ) -> None:
        self.source = source
        self.handed = handed
        self.pending = pending
        self.settings = settings
        self.wanted = wanted
        self.options = options
        self.allowed = Applicability.UNSAFE if options.unsafe else Applicability.SAFE
        #: Why plans were not kept; several may have one title.
        self._failed: dict[tuple[str, tuple[Span, ...]], str] = {}
        self._failures = 0
        self._origin = Origin("")
        self._is_cut = False

    def read(self) -> State | None:
        """The file as it is; None where it cannot be read or the builder would reject it.

        Raises UnreadableFile for the ignore file of its context.
        """
        target, analysis = self._auditor().examine(self.source)
        document = analysis.document
        if document is None or document.error is not None or analysis.build is None:
            return None
        context = analysis.build.context
        ignore = current(self.source.path, context.root, self.pending) if context is not None else None
        if ignore is None or ignore.after == (ignore.before or ""):
            return State(document.text, target, analysis, ignore)
        return self._state(document.text, ignore)

    def active(self, state: State) -> list[Finding]:
        """The findings that were asked for and that nothing silences, weak ones too."""
        return asked(state.analysis.findings, self.wanted)

    def fix(self, first: State, rewrite: Rewrite) -> State:
        """The file after everything that could be done; what that was, and what was left, is noted in the rewrite."""
        state = first
        self._origin = rewrite.origin = Origin(first.text)
        for _round in range(_MOST_ROUNDS):
            following = self._round(state, rewrite)
            if following is None:
                break
            state = following
        else:
            self._is_cut = True
        self._leave(state, rewrite)
        rewrite.last = state.target
        return state

    def take_back(self, rewrite: Rewrite, reason: str) -> None:
        """Leave the file as it is after all; what is left for other reasons stays so, told of the file on disk."""
        left = rewrite.left
        for one in left:
            self._origin.move(one.finding)
        rewrite.refuse([finding for applied in rewrite.applied for finding in applied.findings], reason)
        rewrite.left += left

    # -- one round -----------------------------------------------------------------------------------------------

    def _round(self, state: State, rewrite: Rewrite) -> State | None:
        """The state after the first plan that holds, the surest ones first; None where there is none left."""
        for plan in self._candidates(state):
            if self._failures >= _MOST_FAILURES or self.options.is_late:
                self._is_cut = True
                return None
            if plan.applicability > self.allowed or _key(plan) in self._failed:
                continue
            answered = self._answered(plan, state)
            if not answered and not plan.asked:
                continue
            try:
                following, edits = self._carried_out(plan, answered, state)
            except Refused as refused:
                self._failed[_key(plan)] = refused.reason
                self._failures += 1
                continue
            self._note(plan, answered, edits, rewrite)
            self._origin.add(edits)
            if plan.ignores and state.ignore is None:
                rewrite.notes.append(f"add to the .dockerignore of the build context: {', '.join(plan.ignores)}")
            self._failed.clear()  # what failed beside this leak may hold without it
            return following
        return None

    def _candidates(self, state: State) -> Iterator[Plan]:
        """The plans, safe ones first: the first that holds is carried out, and no other one has to be made before."""
        others: list[Plan] = []
        for plan in self._plans(state):
            if isinstance(plan, Plan) and plan.applicability is Applicability.SAFE:
                yield plan
            elif isinstance(plan, Plan):
                others.append(plan)
        yield from sorted(others, key=lambda plan: plan.applicability)

    def _plans(self, state: State) -> Iterator[Plan | Refusal]:
        build = state.analysis.build
        if build is not None and (state.analysis.findings or self.options.wrapping is not None):
            yield from plans(build, self.options.secret_form, self.options.wrapping)

    def _answered(self, plan: Plan, state: State) -> list[Finding]:
        """The findings of a plan that are worth a change: they would be shown."""
        least = self.settings.min_severity
        found = [f for f in self.active(state) if f.severity >= least and _covered(f, plan.covers)]
        return [f for f in found if plan.only in ("", f.rule)]

    def _carried_out(self, plan: Plan, answered: list[Finding], state: State) -> tuple[State, list[Edit]]:
        """The state after a plan, and its edits. Raises Refused where the result must not be kept."""
        document = state.analysis.document
        assert document is not None
        edits = compose(document, plan.changes)
        try:
            text = apply_edits(state.text, edits)
        except EditConflict:
            raise Refused("two changes of it concern the same text") from None
        ignore = extended(state.ignore, plan.ignores) if state.ignore is not None else None
        if text == state.text and ignore == state.ignore:
            raise Refused("it changes nothing")
        others = edited(state.others, plan.edits, state.analysis)
        following = self._state(text, ignore, others)
        reason = objection(state.analysis, following.analysis, edits, answered)
        if reason:
            raise Refused(f"its check did not hold: {reason}")
        return following, edits

    def _note(self, plan: Plan, answered: list[Finding], edits: list[Edit], rewrite: Rewrite) -> None:
        """Take over what a plan did, told by places in the file as it is on disk."""
        for finding in answered:
            self._origin.move(finding)
        spans = tuple(self._origin.span(edit.span) for edit in edits)
        has_more, is_called = bool(plan.edits or plan.ignores), bool(plan.secrets or plan.given)
        applied = Applied(plan.title, plan.applicability, plan.reason, tuple(answered), spans, has_more, is_called)
        rewrite.applied.append(applied)
        rewrite.burnt += [burnt._replace(span=self._origin.span(burnt.span)) for burnt in plan.burnt]
        rewrite.notes += [note for note in plan.notes if note not in rewrite.notes]
        rewrite.given += [given for given in plan.given if given not in rewrite.given]
        known = {(secret.id, secret.kind) for secret in rewrite.secrets}
        rewrite.secrets += [secret for secret in plan.secrets if (secret.id, secret.kind) not in known]

    def _auditor(self, contexts: Contexts | None = None) -> InputAuditor:
        accepted = self.options.accepted
        return InputAuditor(self.settings, self.wanted, contexts, handed=self.handed, accepted=accepted)

    def _state(self, text: str, ignore: IgnoreText | None, others: tuple[OtherText, ...] = ()) -> State:
        source = self.source._replace(data=text.encode("utf-8", "surrogateescape"))
        auditor = self._auditor()
        target, analysis = auditor.examine(source)
        is_ignoring = ignore is not None and ignore.after != (ignore.before or "")
        if is_ignoring or others:
            contexts: Contexts = {
                key: context_with(context, ignore if is_ignoring else None, others)
                for key, context in auditor.contexts.items()
            }
            target, analysis = self._auditor(contexts).examine(source)
        return State(text, target, analysis, ignore, others)

    # -- what is left --------------------------------------------------------------------------------------------

    def _leave(self, state: State, rewrite: Rewrite) -> None:
        """Note the findings that stay, each with the reason of the planner that looked at it."""
        found = list(self._plans(state))
        rewrite.notes += [self._undone(plan) for plan in found if isinstance(plan, Plan) and plan.asked]
        reasons = [self._reason(plan) for plan in found]
        for finding in self.active(state):
            covering = [why for why in reasons if _covered(finding, why.covers)]
            why = next((one for one in covering if one.unsafe), covering[0] if covering else _Why((), _NO_FIX))
            rewrite.left.append(Left(finding, why.reason or self._untried(finding), why.unsafe, why.refused))

    def _undone(self, plan: Plan) -> str:
        """What is said of a plan that answers no finding, and that was not carried out."""
        why = self._reason(plan)
        return f"not done: {plan.title}; {why.reason}{' (--unsafe-fixes does it)' if why.unsafe else ''}"

    def _reason(self, plan: Plan | Refusal) -> _Why:
        """Why the findings that a planner looked at stay."""
        if isinstance(plan, Refusal):
            return _Why(plan.covers, plan.reason)
        failure = self._failed.get(_key(plan), "")
        if failure:
            return _Why(plan.covers, failure, refused=True)
        if plan.applicability <= self.allowed:
            return _Why(plan.covers, "")
        return _Why(plan.covers, plan.reason, unsafe=plan.applicability < Applicability.SHOW)

    def _untried(self, finding: Finding) -> str:
        """Why a plan that might have been carried out was not."""
        least = self.settings.min_severity
        if finding.severity < least:
            return f"what is less severe than {least.label} is not changed (--min-severity)"
        return ANOTHER_RUN if self._is_cut else _NO_FIX


def _key(plan: Plan) -> tuple[str, tuple[Span, ...]]:
    return plan.title, tuple(plan.covers)


def _covered(finding: Finding, covers: Sequence[Span]) -> bool:
    at = finding.location.span.start
    return any(span.covers(at) or span.start == at for span in covers)
