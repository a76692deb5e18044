"""What is being found out about one caller: edits, problems, values to rotate."""

from __future__ import annotations

import os.path
from bisect import bisect_left, bisect_right
from collections import deque

from auditor.core.edit import Edit, EditConflict, merged
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import LineIndex, Span
from auditor.fixes.callers.needs import PREDEFINED
from auditor.fixes.callers.shapes import CallerEdits
from auditor.fixes.plan import Burnt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.fixes.callers.shapes import BuildChange, Caller
    from auditor.fixes.plan import BuildSecret

_MAX_WALK = 40
_CLASSIC = Pattern(r"(?m)^[^#\n]*DOCKER_BUILDKIT[\"']?[ \t]*[:?]?[=:][ \t]*[\"']?(?:0|false)\b")
_BUILDS = Pattern(
    r"(?m)\bbuild-arg|\bbuildx\b|\bbuildah\b|docker.build|podman build|build-push-action|^\s+build:|\btarget\b"
)


class Draft:
    """The changes of one call: they are taken together, or not at all when a problem turns up."""

    __slots__ = ("burnt", "edits", "environment", "notes", "problem")

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.burnt: list[tuple[str, Span]] = []
        self.notes: list[str] = []
        self.problem = ""
        #: Variables that the command's environment gets by the file's own means, with their values as written.
        self.environment: dict[str, str] = {}

    def fail(self, problem: str) -> None:
        """Why there can be no change; the first reason counts."""
        self.problem = self.problem or problem

    def ask(self, name: str) -> None:
        """Say that a variable has to be set from now on."""
        self.notes.append(f"set {name} in the environment before the build: its value stood in the file")

    def replace(self, span: Span, text: str) -> None:
        """Other text for a span of the file."""
        self.edits.append(Edit(span, text))


class Work:
    """Collects for one file and one Dockerfile; positions are offsets of the file's text."""

    def __init__(self, caller: Caller, build: BuildChange) -> None:
        self.caller = caller
        self.build = build
        self.text = caller.text
        self.newline = "\r\n" if "\r\n" in caller.text else "\n"
        self.matched = 0
        #: Places that are part of a call that was read: what stands there needs no other mention.
        self.seen: list[Span] = []
        self.variables = {s.name: s for s in build.secrets if s.kind == "variable" and s.name}
        #: By place, none in another; what several calls change alike stands there once.
        self._edits: list[Edit] = []
        self._problems: list[tuple[int, str]] = []
        self._burnt: list[Burnt] = []
        self._notes: list[str] = []
        self._is_classic: bool | None = None
        self._lines = LineIndex(caller.text)

    @property
    def folder(self) -> str:
        """Where the file lies."""
        return os.path.dirname(self.caller.path)

    @property
    def root(self) -> str:
        """Top of the repository: where `.git` is, else what the file and the Dockerfile have in common."""
        at = self.folder
        for _ in range(_MAX_WALK):
            if os.path.exists(os.path.join(at, ".git")):
                return at
            above = os.path.dirname(at)
            if above == at:
                break
            at = above
        try:
            return os.path.commonpath([self.folder, os.path.dirname(self.build.dockerfile)])
        except ValueError:
            return self.folder

    def gone(self, name: str) -> bool:
        """Whether a build argument must not be given any more."""
        secret = self.variables.get(name)
        if secret is not None:
            return secret.argument or name in self.build.dropped
        return name in self.build.dropped and name not in PREDEFINED

    def fits(self, names: set[str]) -> bool:
        """Whether arguments of a call are such as this Dockerfile had."""
        return any(self.gone(name) for name in names)

    def line(self, offset: int) -> int:
        """1-based line of a place."""
        return self._lines.line(offset)

    def problem(self, offset: int, sentence: str) -> None:
        """Something that a person has to change."""
        self._problems.append((offset, f"line {self.line(offset)}: {sentence}"))

    def unseen(self, offsets: Iterable[int]) -> list[int]:
        """Those of some places, in order, that are no part of a call that was read."""
        found: list[int] = []
        seen = deque(sorted(self.seen))
        end = 0
        for offset in offsets:
            while seen and seen[0].start <= offset:
                end = max(end, seen.popleft().end)
            if offset >= end:
                found.append(offset)
        return found

    def is_classic(self) -> bool:
        """Whether the file chooses the classic builder."""
        if self._is_classic is None:
            self._is_classic = _CLASSIC.search(self.text) is not None
        return self._is_classic

    def unreadable(self, reason: str) -> None:
        """The file cannot be read: a problem where it seems to build this Dockerfile."""
        named = any(self.gone(name) and name in self.text for name in {*self.variables, *self.build.dropped})
        if _BUILDS.search(self.text) and (named or (self.build.sole and self.build.secrets)):
            self.problem(0, reason)

    def take(self, offset: int, draft: Draft) -> bool:
        """The changes of a call that begins at a place, or its problem; whether they were taken."""
        draft.edits = at_once(draft.edits)
        if not draft.problem and not self._fits_in(draft.edits):
            draft.fail("the change would touch what another change touches")
        if draft.problem:
            self.problem(offset, draft.problem)
            return False
        for edit in draft.edits:
            near = self._near(edit)
            self._edits[near] = merged([edit, *self._edits[near]])
        self._notes += draft.notes
        for name, span in draft.burnt:
            self._burnt.append(Burnt(f"value of {name}", f"{self.caller.display}:{self.line(span.start)}", span))
        return True

    def _fits_in(self, edits: list[Edit]) -> bool:
        """Whether edits touch neither each other nor what is changed already."""
        try:
            merged(edits)
            for edit in edits:
                merged([edit, *self._edits[self._near(edit)]])
        except EditConflict:
            return False
        return True

    def _near(self, edit: Edit) -> slice:
        """The edits so far that may touch the same text: those that begin in it, and the one before."""
        first = bisect_left(self._edits, edit.span.start, key=_start)
        return slice(max(first - 1, 0), bisect_right(self._edits, edit.span.end, key=_start))

    def result(self) -> CallerEdits:
        """All of it, in the order of the file."""
        return CallerEdits(
            tuple(merged(self._edits)),
            self.matched,
            tuple(dict.fromkeys(sentence for _, sentence in sorted(self._problems))),
            tuple(sorted(dict.fromkeys(self._burnt), key=lambda b: b.span)),
            tuple(dict.fromkeys(self._notes)),
        )

    def secret_of(self, name: str) -> BuildSecret | None:
        """The secret that a build argument became."""
        return self.variables.get(name) if self.gone(name) else None


def _start(edit: Edit) -> int:
    return edit.span.start


def at_once(edits: list[Edit]) -> list[Edit]:
    """The edits, those that insert at the same place as one, in their order and before what is replaced there."""
    inserted: dict[int, str] = {}
    for edit in edits:
        if edit.span.start == edit.span.end:
            inserted[edit.span.start] = inserted.get(edit.span.start, "") + edit.text
    made: list[Edit] = []
    for span, text in (edit for edit in edits if edit.span.start < edit.span.end):
        made.append(Edit(span, inserted.pop(span.start, "") + text))
    return [*made, *(Edit(Span(at, at), text) for at, text in inserted.items())]
