"""Where a place in a file that is rewritten step by step stood in the file as it was."""

from __future__ import annotations

from auditor.core.edit import merged
from auditor.core.finding import Location, Related, Step
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import LineIndex, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.core.edit import Edit
    from auditor.core.finding import Finding
    from auditor.run.rewrite.outcome import FileChange


class Origin:
    """The first text of a file, and the edits that have been made since."""

    def __init__(self, text: str) -> None:
        self._lines = LineIndex(text)
        self._steps: list[list[Edit]] = []

    def add(self, edits: Iterable[Edit]) -> None:
        """Note what turned the last text into the next one."""
        self._steps.append(merged(edits))

    def span(self, span: Span) -> Span:
        """The place in the first text; of what was put in, the place where that happened."""
        start = self._offset(span.start)
        return Span(start, max(start, self._offset(span.end)))

    @classmethod
    def behind(cls, changes: Sequence[FileChange]) -> Origin:
        """The origin of the text that some changes of one file, one after the other, come to. Raises IndexError without
        one."""
        made = cls(changes[0].before or "")
        for change in changes:
            for edits in change.steps:
                made.add(edits)
        return made

    def ahead(self, offset: int) -> int | None:
        """Where a place between two characters of the first text is in the last one, before what was put in there; None
        where what stood around it was replaced."""
        for edits in self._steps:
            found = _after(offset, edits)
            if found is None:
                return None
            offset = found
        return offset

    def move(self, finding: Finding) -> None:
        """Let a finding in the last text tell of the first one."""
        if not self._steps:
            return
        finding.location = self._place(finding.location)
        if finding.secret_span is not None:
            finding.secret_span = self.span(finding.secret_span)
        finding.flow = tuple(Step(step.message, step.location and self._place(step.location)) for step in finding.flow)
        finding.related = tuple(
            Related(one.message, one.location and self._place(one.location), one.image) for one in finding.related
        )

    def _place(self, location: Location) -> Location:
        return Location.of(location.path, self._lines, self.span(location.span))

    def _offset(self, offset: int) -> int:
        for edits in reversed(self._steps):
            offset = _before(offset, edits)
        return offset


def _after(offset: int, edits: Iterable[Edit]) -> int | None:
    """An offset before these edits (by place) as it is behind them."""
    shift = 0
    for (start, end), text in edits:
        if offset < end and offset > start:
            return None
        if offset < end or offset == start:
            break
        shift += len(text) - (end - start)
    return offset + shift


def _before(offset: int, edits: Iterable[Edit]) -> int:
    """An offset behind these edits (by place) as it was before them."""
    shift = 0
    for (start, end), text in edits:
        if offset < start + shift:
            break
        if offset < start + shift + len(text):
            return start
        shift += len(text) - (end - start)
    return offset - shift
