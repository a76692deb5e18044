"""Findings of a text that was not written, told by the places that they have in the file as it is on disk."""

from __future__ import annotations

from auditor.core.finding import Location, Related, Step
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import LineIndex, Span
from auditor.report.linediff import replaced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.core.finding import Finding


def relocate(findings: Iterable[Finding], before: str, after: str) -> None:
    """Move findings of the text `after` to the places that they have in `before`.

    A line without its like goes to the first one of the stretch that it came from.
    """
    lines = _Lines(before, after)
    for finding in findings:
        finding.location = lines.place(finding.location)
        if finding.secret_span is not None:
            finding.secret_span = lines.span(finding.secret_span)
        finding.flow = tuple(Step(step.message, step.location and lines.place(step.location)) for step in finding.flow)
        finding.related = tuple(
            Related(one.message, one.location and lines.place(one.location), one.image) for one in finding.related
        )


class _Lines:
    def __init__(self, before: str, after: str) -> None:
        self._old, self._new = before.split("\n"), after.split("\n")
        self._index, self._after = LineIndex(before), LineIndex(after)
        self._stretches = replaced(self._old, self._new)

    def place(self, location: Location) -> Location:
        return Location.of(location.path, self._index, self.span(location.span))

    def span(self, span: Span) -> Span:
        start = self._offset(span.start)
        return Span(start, max(start, self._offset(span.end)))

    def _offset(self, offset: int) -> int:
        position = self._after.position(offset)
        number, column = self._line(position.line - 1, position.column - 1)
        line = self._index.bounds(number + 1)
        return min(line.start + column, line.end)

    def _line(self, number: int, column: int) -> tuple[int, int]:
        """Line and column from 0 in the old text."""
        shift = 0
        for start, end, new_start, new_end in self._stretches:
            if number < new_start:
                break
            if number < new_end:
                return self._like(number, column, range(start, end)) or (min(start, len(self._old) - 1), 0)
            shift = end - new_end
        return number + shift, column

    def _like(self, number: int, column: int, among: range) -> tuple[int, int] | None:
        """Where the text of a new line stands in old ones: a command keeps its words behind what was put before it."""
        line = self._new[number].strip()
        indent = len(self._new[number]) - len(self._new[number].lstrip())
        for candidate in among if line else ():
            at = self._old[candidate].find(line)
            if at >= 0:
                return candidate, max(0, at + column - indent)
        return None
