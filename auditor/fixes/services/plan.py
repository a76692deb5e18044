"""What the planner of a compose file hands over."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes.plan import Burnt

if TYPE_CHECKING:
    from auditor.core.edit import Applicability
    from auditor.core.span import Span
    from auditor.flow.services import Setting
    from auditor.lang.compose.nodes import Mapping

#: Where the files with secrets lie, beside the compose file.
FOLDER = "secrets"


class EnvPlan(NamedTuple):
    """One setting's way out. `file_variable` takes the path of the file ("": a variable from outside takes its place);
    `given` is the secret's name, or that variable. `services` get the secret, each node once."""

    setting: Setting
    file_variable: str
    given: str
    services: tuple[Mapping, ...]
    applicability: Applicability
    title: str
    reason: str
    notes: tuple[str, ...]

    @property
    def covers(self) -> tuple[Span, ...]:
        """The place whose findings it answers."""
        return (self.setting.literal.span,)

    @property
    def burnt(self) -> Burnt:
        """What has to be rotated."""
        where = "in the file, its copies and its history"
        return Burnt(f"value of {self.setting.label}", where, self.setting.literal.span)
