"""What a planner hands over: the changes that take one secret out of a build, or the reason why there are none.

Changes are primitives of a Dockerfile (mount this, run that first, drop this instruction), not text: several plans may
meet in one RUN, and `compose` makes one consistent edit of them.
"""

from __future__ import annotations

from auditor.core.edit import Applicability, Edit
from auditor.core.record import NamedTuple
from auditor.core.span import Span
from auditor.lang.dockerfile.nodes import Instruction, Pair


class BuildSecret(NamedTuple):
    """What the build has to be given from now on.

    `kind`: `variable` (one value), `file`, `ssh`. `id` is the mount's id (`default` for ssh). `name` is the variable
    that the value came in (build argument or ENV; "" for a file; for ssh, the build
    argument that was the text of the key, if it was one), `source` the file on the host as far as it is known,
    relative to the build context ("" unknown). `required`: the build fails without it. `argument` says that callers
    gave it as `--build-arg NAME` so far.
    """

    id: str
    kind: str
    name: str = ""
    source: str = ""
    required: bool = True
    argument: bool = False


class Burnt(NamedTuple):
    """A credential to rotate: what it is, and where it has been. Never its value."""

    what: str
    where: str
    span: Span


class Mount(NamedTuple):
    """`--mount=...` on a RUN; `text` is the whole flag."""

    run: Instruction
    text: str


class Prelude(NamedTuple):
    """A statement that a RUN executes before its own command, without the separator; several stand in `order`.

    Order 0: exports of secrets; 1: exports made of them; 2: what the shell does when it ends (of all of them one trap
    is made); 3: commands that set something up.
    """

    run: Instruction
    text: str
    order: int = 0


class Replace(NamedTuple):
    """Other text for a span of the file."""

    span: Span
    text: str


class Drop(NamedTuple):
    """An instruction goes, with its line."""

    instruction: Instruction


class DropPair(NamedTuple):
    """One pair of an ENV, ARG or LABEL goes; the last one takes the instruction along."""

    instruction: Instruction
    pair: Pair


class DropSource(NamedTuple):
    """One source of a COPY or ADD goes (its word's span); the last one takes the instruction along."""

    instruction: Instruction
    span: Span


class DropCommand(NamedTuple):
    """One link of a RUN's chain goes (`lang.shell.chain`), by a place inside it; the last takes the instruction."""

    run: Instruction
    at: int


class FileEdit(NamedTuple):
    """An edit of another file, by its path in the build context."""

    source: str
    edit: Edit


class Given(NamedTuple):
    """A file that the container has to be given when it starts: its name there, the file of the build context that it
    was so far, and the path at which the container reads it."""

    name: str
    source: str
    path: str


Change = Mount | Prelude | Replace | Drop | DropPair | DropSource | DropCommand


class Plan:
    """How one secret leaves the build.

    `title` says it in a few words ("NPM_TOKEN becomes a build secret"), `reason` why it may be done, or for anything
    but SAFE what had to be guessed. `covers` are the places whose findings it answers: all findings that begin in one
    of them must be gone afterwards, or just those of the rule `only` if it names one. `ignores` are lines for the
    .dockerignore, `notes` sentences for the user. `edits` change files of the build context, `given` are files that the
    container gets when it starts. `asked`: the user asked for it, finding or not.
    """

    __slots__ = (
        "applicability",
        "asked",
        "burnt",
        "changes",
        "covers",
        "edits",
        "given",
        "ignores",
        "notes",
        "only",
        "reason",
        "secrets",
        "title",
    )

    def __init__(self, title: str, reason: str, applicability: Applicability = Applicability.SAFE) -> None:
        self.title = title
        self.reason = reason
        self.applicability = applicability
        self.covers: list[Span] = []
        self.changes: list[Change] = []
        self.secrets: list[BuildSecret] = []
        self.burnt: list[Burnt] = []
        self.edits: list[FileEdit] = []
        self.given: list[Given] = []
        self.ignores: list[str] = []
        self.notes: list[str] = []
        self.only = ""
        self.asked = False

    def weaken(self, to: Applicability, reason: str) -> None:
        """Lower the applicability, if it is not that low yet, and say why."""
        if to > self.applicability:
            self.applicability = to
            self.reason = reason

    def __repr__(self) -> str:
        return f"Plan({self.title!r}, {self.applicability.label})"


class Refusal(NamedTuple):
    """Why the findings at these places have no fix, in one sentence for the user."""

    covers: tuple[Span, ...]
    reason: str


class Refused(Exception):
    """Raised inside a planner when a condition does not hold; `reason` is the sentence for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
