"""What reports read of a run of `audit fix`, and what became of each of its rewrites.

The shapes are those of `auditor.run.rewrite.outcome` and `auditor.run.proving`, which a report must not import; type
checkers hold the two together where the command line passes one for the other.
"""
# ruff: noqa: D102 - the attributes are described where the shapes are made

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from auditor.core.edit import Applicability
    from auditor.core.finding import Finding, Target
    from auditor.core.span import Span
    from auditor.fixes.plan import BuildSecret, Burnt

    class Applied(Protocol):
        """A plan that was carried out."""

        @property
        def title(self) -> str: ...
        @property
        def applicability(self) -> Applicability: ...
        @property
        def reason(self) -> str: ...
        @property
        def findings(self) -> Sequence[Finding]: ...
        @property
        def spans(self) -> Sequence[Span]: ...
        @property
        def has_more(self) -> bool: ...
        @property
        def is_called(self) -> bool: ...

    class Left(Protocol):
        """A finding that stays."""

        @property
        def finding(self) -> Finding: ...
        @property
        def reason(self) -> str: ...
        @property
        def unsafe(self) -> bool: ...

    class Change(Protocol):
        """New content of a file."""

        @property
        def path(self) -> str: ...
        @property
        def kind(self) -> str: ...
        @property
        def before(self) -> str | None: ...
        @property
        def after(self) -> str: ...

    class Unchanged(Protocol):
        """A call of the build, in a file that is not among the paths, that would have to change along."""

        @property
        def path(self) -> str: ...
        @property
        def line(self) -> int: ...
        @property
        def arguments(self) -> Sequence[str]: ...
        @property
        def problem(self) -> str: ...

    class Origin(Protocol):
        """Where places of a file's text are in the text as it would become."""

        def ahead(self, offset: int) -> int | None: ...

    class Rewrite(Protocol):
        """One Dockerfile or compose file with everything that changes along with it."""

        path: str
        target: Target
        last: Target | None
        disk: str | None

        @property
        def origin(self) -> Origin | None: ...

        @property
        def applied(self) -> Sequence[Applied]: ...
        @property
        def burnt(self) -> Sequence[Burnt]: ...
        @property
        def changes(self) -> Sequence[Change]: ...
        @property
        def commands(self) -> Sequence[str]: ...
        @property
        def left(self) -> Sequence[Left]: ...
        @property
        def notes(self) -> Sequence[str]: ...
        @property
        def secrets(self) -> Sequence[BuildSecret]: ...
        @property
        def unchanged(self) -> Sequence[Unchanged]: ...

    class Check(Protocol):
        """One thing that a proof looked at."""

        @property
        def name(self) -> str: ...
        @property
        def ok(self) -> bool: ...
        @property
        def sentence(self) -> str: ...
        @property
        def evidence(self) -> Sequence[str]: ...

    class Proof(Protocol):
        """What building before and after has shown."""

        @property
        def holds(self) -> bool: ...
        @property
        def checks(self) -> Sequence[Check]: ...
        @property
        def before(self) -> str: ...
        @property
        def after(self) -> str: ...
        @property
        def seconds(self) -> float: ...


#: The kinds of files that are rewritten for findings of their own.
DOCKERFILE, COMPOSE = "dockerfile", "compose"
#: States of a rewrite: nothing was to be done; it was written; it would have been; it could not or must not be.
UNCHANGED, FIXED, PLANNED, REFUSED = "unchanged", "fixed", "planned", "refused"


class Fixed(NamedTuple):
    """One rewrite and what became of it; `reason` says why it is REFUSED, `proof` is there after `--prove`."""

    rewrite: Rewrite
    state: str
    reason: str = ""
    proof: Proof | None = None

    @property
    def left(self) -> list[Left]:
        """What stays, but for findings that a comment accepts."""
        return [left for left in self.rewrite.left if left.finding.suppressed is None]

    @property
    def text(self) -> str:
        """The old text of the file, which findings and credentials have their places in."""
        if self.rewrite.disk is not None:
            return self.rewrite.disk
        for change in self.rewrite.changes:
            if is_main(change, self.rewrite) and change.before is not None:
                return change.before
        return self.rewrite.target.text


class FixReport(NamedTuple):
    """One run: `errors` are sentences about files that could not be read. `from_stdin`: the only file is the standard
    input, and its new text has gone to the standard output."""

    files: Sequence[Fixed]
    errors: Sequence[str] = ()
    seconds: float = 0.0
    from_stdin: bool = False

    @property
    def complete(self) -> bool:
        """Whether every file was read whole."""
        return not self.errors and all(fixed.rewrite.target.complete for fixed in self.files)


def is_main(change: Change, rewrite: Rewrite) -> bool:
    """Whether a change is that of the file that the rewrite is about, not of one that changes along."""
    return change.kind == rewrite.target.kind


def is_refused(left: Left) -> bool:
    """Whether a planned fix for this finding failed its proof."""
    return bool(getattr(left, "refused", False))


def nothing_to_fix(report: FixReport) -> str:
    """What most runs say."""
    number = len(report.files)
    where = f" in {number} file{'' if number == 1 else 's'}" if number else ""
    return f"Nothing to fix{where if report.complete else ' in what could be read'} ({report.seconds:.2f} s)."
