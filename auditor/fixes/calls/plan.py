"""What the planners of calls hand over."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from auditor.core.edit import Applicability, Edit
    from auditor.core.span import Span
    from auditor.fixes.plan import Burnt
    from auditor.flow.calling.uses import Use


class CallPlan(NamedTuple):
    """One use's way out: the edits that go together, the credential that stood in the file (None: none did), how many
    commands more the file has then."""

    use: Use
    edits: tuple[Edit, ...]
    applicability: Applicability
    title: str
    reason: str
    notes: tuple[str, ...] = ()
    burnt: Burnt | None = None
    more: int = 0

    @property
    def covers(self) -> tuple[Span, ...]:
        """The place whose findings it answers."""
        return (self.use.span,)
