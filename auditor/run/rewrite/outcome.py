"""What `audit fix` did or would do: shapes that the engine fills, and the command line and reports read."""

from __future__ import annotations

from auditor.core.edit import Applicability, Edit
from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.core.finding import Finding, Target
    from auditor.core.span import Span
    from auditor.fixes.plan import BuildSecret, Burnt, Given
    from auditor.run.rewrite.origin import Origin


class Applied(NamedTuple):
    """One plan that was carried out, and the findings that it removed.

    `spans` are the places that it changes, in the text of the file as it is on disk. `has_more`: it changes other
    files of the build context, too. `is_called`: what builds the image or starts containers has to give them more.
    """

    title: str
    applicability: Applicability
    reason: str
    findings: tuple[Finding, ...]
    spans: tuple[Span, ...] = ()
    has_more: bool = False
    is_called: bool = False


class Left(NamedTuple):
    """A finding that stays, and why. `unsafe`: `--unsafe-fixes` would remove it. `refused`: there was a fix, but it did
    not hold, or the file must not be changed."""

    finding: Finding
    reason: str
    unsafe: bool = False
    refused: bool = False


class FileChange(NamedTuple):
    """New content of one file. `before` is None for a file that is made, `path` as shown, `kind` one of `dockerfile`,
    `script`, `makefile`, `compose`, `ci`, `bake`, `ignore`, `configuration` (of a server in the image). Texts are
    decoded with surrogateescape, byte order mark and carriage returns kept, so that encoding them the same way gives
    the file's bytes. `steps` are the edits of a file that calls or starts what is built, one set after the other."""

    path: str
    kind: str
    before: str | None
    after: str
    steps: tuple[tuple[Edit, ...], ...] = ()


class Unchanged(NamedTuple):
    """A call of a build that stays as it is though its Dockerfile changes: its file, as shown, is not among the paths.

    `line` is 1-based. `arguments` are build arguments that it passes and that are secrets from now on; `problem` says
    why `audit fix` could not change it ("" where it could).
    """

    path: str
    line: int
    arguments: tuple[str, ...] = ()
    problem: str = ""


class Rewrite:
    """One Dockerfile with everything that changes along with it: all of `changes` are written, or none.

    `commands` are the new ways to call the build, for callers that are not among the files; `unchanged` are such
    callers that were found in the repository. `notes` are sentences for the user. `given` are files that the container
    gets when it starts. `target` holds the text that findings are quoted from, and errors of reading; `last` the text
    as it would become (None: as it is) with what is secret in it. `origin` tells where what stands there stands in the
    file as it is. `earlier` are the changes of the same file by rewrites before this one, in their order: `target` and
    `origin` tell of the text after them. `disk` is set to the text on disk where findings tell of that one instead.
    """

    __slots__ = (
        "applied",
        "burnt",
        "changes",
        "commands",
        "disk",
        "earlier",
        "given",
        "last",
        "left",
        "notes",
        "origin",
        "path",
        "secrets",
        "target",
        "unchanged",
    )

    def __init__(self, path: str, target: Target) -> None:
        self.path = path
        self.target = target
        self.changes: list[FileChange] = []
        self.applied: list[Applied] = []
        self.left: list[Left] = []
        self.secrets: list[BuildSecret] = []
        self.burnt: list[Burnt] = []
        self.commands: list[str] = []
        self.unchanged: list[Unchanged] = []
        self.given: list[Given] = []
        self.notes: list[str] = []
        self.origin: Origin | None = None
        self.last: Target | None = None
        self.earlier: tuple[FileChange, ...] = ()
        self.disk: str | None = None

    def take(self, change: FileChange) -> None:
        """Change the file itself, together with what has changed it before in this rewrite."""
        if self.changes:
            change = change._replace(before=self.changes.pop().before)
        self.changes.append(change)

    def refuse(self, findings: Iterable[Finding], reason: str) -> None:
        """Leave the file as it is, with the reason beside every finding."""
        self.changes, self.applied, self.secrets, self.burnt, self.commands = [], [], [], [], []
        self.notes, self.given, self.unchanged = [], [], []
        self.left = [Left(finding, reason, refused=True) for finding in findings]


class FixRun:
    """One run of `audit fix`. `errors` are sentences about files that could not be read or written, `late` files that
    there was no time for; `faults` are sentences about errors of our own that cost a file its fixes."""

    __slots__ = ("errors", "faults", "late", "rewrites", "seconds")

    def __init__(self) -> None:
        self.rewrites: list[Rewrite] = []
        self.errors: list[str] = []
        self.late: list[str] = []
        self.faults: list[str] = []
        self.seconds = 0.0

    def give_up(self, path: str, error: Exception, kept: int) -> None:
        """Go on without a file that an error of our own has cost its fixes, with the rewrites that were there before
        it. Raises that error where tracebacks are asked for."""
        from auditor.run.crash import describe, wants_traceback  # start-up: after a fault only

        if wants_traceback():
            raise error
        del self.rewrites[kept:]
        self.faults.append(f"{path}: no change was worked out: internal error ({describe(error)})")
