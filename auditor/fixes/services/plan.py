"""What the planner of a compose file hands over."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes.plan import Burnt

if TYPE_CHECKING:
    from auditor.core.edit import Applicability
    from auditor.core.span import Span
    from auditor.flow.secretfiles import SecretFile
    from auditor.flow.services import Setting
    from auditor.lang.compose.nodes import Mapping, Scalar, Sequence
    from auditor.lang.compose.parts import Source

#: Where the files with secrets lie, beside the compose file.
FOLDER = "secrets"


class Separated(NamedTuple):
    """A list of words in which `--` comes to stand before the word at an index."""

    words: Sequence
    at: int


class EnvPlan(NamedTuple):
    """One setting's way out. `file_variable` takes the path of the file, or of the folder that a client looks into ("":
    a variable from outside takes its place); `given` is the secret's name, or that variable. `services` get the secret,
    each node once."""

    setting: Setting
    file_variable: str
    given: str
    services: tuple[Mapping, ...]
    applicability: Applicability
    title: str
    reason: str
    notes: tuple[str, ...]
    value: str = ""
    separated: tuple[Separated, ...] = ()

    @property
    def label(self) -> str:
        """What it is about; the same in every round."""
        return self.setting.label

    @property
    def keys(self) -> tuple[tuple[str, Span], ...]:
        """Subjects and places of the findings that it answers."""
        return ((self.setting.label, self.setting.literal.span),)

    @property
    def covers(self) -> tuple[Span, ...]:
        """The place whose findings it answers."""
        return (self.setting.literal.span,)

    @property
    def burnt(self) -> Burnt:
        """What has to be rotated."""
        where = "in the file, its copies and its history"
        return Burnt(f"value of {self.setting.label}", where, self.setting.literal.span)


class TextPlan(NamedTuple):
    """A part of a scalar that becomes a variable from outside: `place` in the file; in the value `old` at an offset.

    `quoted`: the scalar gets quotes, since braces have a meaning where it stands.
    """

    subject: str
    span: Span
    node: Scalar
    place: Span
    at: int
    old: str
    given: str
    quoted: bool
    applicability: Applicability
    title: str
    reason: str
    notes: tuple[str, ...]

    @property
    def new(self) -> str:
        """What stands there afterwards."""
        return f"${{{self.given}:?}}"

    @property
    def label(self) -> str:
        """What it is about; the same in every round."""
        return f"{self.subject} {self.given}"

    @property
    def keys(self) -> tuple[tuple[str, Span], ...]:
        """Subjects and places of the findings that it answers."""
        return ((self.subject, self.span),)

    @property
    def covers(self) -> tuple[Span, ...]:
        """The places whose findings it answers."""
        return (self.span,)

    @property
    def burnt(self) -> Burnt:
        """What has to be rotated."""
        return Burnt(f"a value in {self.subject}", "in the file, its copies and its history", self.span)


class FilePlan(NamedTuple):
    """An inline `content` that becomes a `file`; `subject` and `covers` are those of the findings in it."""

    source: Source
    path: str
    subject: str
    covers: tuple[Span, ...]
    applicability: Applicability
    title: str
    reason: str
    notes: tuple[str, ...]

    @property
    def label(self) -> str:
        """What it is about; the same in every round."""
        return self.subject

    @property
    def keys(self) -> tuple[tuple[str, Span], ...]:
        """Subjects and places of the findings that it answers."""
        return tuple((self.subject, span) for span in self.covers)

    @property
    def burnt(self) -> Burnt:
        """What has to be rotated."""
        return Burnt(f"what {self.subject} holds", "in the file, its copies and its history", self.covers[0])


class IgnorePlan(NamedTuple):
    """A file that stays out of the build context, by a line of the ignore file of the build that takes it."""

    file: SecretFile
    line: str
    applicability: Applicability
    title: str
    reason: str
    notes: tuple[str, ...]

    @property
    def label(self) -> str:
        """What it is about; the same in every round."""
        return f"{self.file.path} {self.line}"

    @property
    def keys(self) -> tuple[tuple[str, Span], ...]:
        """Subjects and places of the findings that it answers."""
        return ((self.file.path, self.file.node.span),)

    @property
    def covers(self) -> tuple[Span, ...]:
        """The places whose findings it answers."""
        return (self.file.node.span,)

    @property
    def burnt(self) -> Burnt:
        """What has to be rotated."""
        return Burnt(f"what {self.file.path} holds", f"in layers of the image of {self.file.service}", self.covers[0])


TextualPlan = EnvPlan | TextPlan | FilePlan
AnyPlan = TextualPlan | IgnorePlan
