"""Quotes source lines under a finding: masked, escaped, cut around what matters, with carets and notes."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import LineIndex, Span
from auditor.report.terminal import columns, escape, escape_character, wrap

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Severity, Step, Target
    from auditor.report.masking import FileMasker
    from auditor.report.terminal import Painter

_LINES_OF_ONE_SPAN = 3
_LEFT_CONTEXT = 24
_CUT = "…"
_INDENT = 4
#: Of the steps of a story that have a place, the first are shown.
MOST_STEPS = 6


class Mark(NamedTuple):
    """A place to show: with carets of a severity's colour, or with a note below the line."""

    span: Span
    note: str
    severity: Severity | None


class Quote(NamedTuple):
    """A line as shown: its number in the file, runs of (text, columns, severity of the mark or None), and notes."""

    number: str
    runs: list[tuple[str, int, Severity | None]]
    notes: tuple[str, ...]


class _Cell(NamedTuple):
    """One character (or masked stretch) as shown, its columns, and the range of the line it stands for."""

    shown: str
    width: int
    start: int
    end: int


class _Focus(NamedTuple):
    """The part of a line that must be seen, and whether there is more text than the cells on either side."""

    start: int
    end: int
    cut_left: bool
    cut_right: bool


class Excerpt:
    """Quotes from one file."""

    __slots__ = ("_lines", "_masker", "_numbers", "_painter", "_text", "_width")

    def __init__(self, target: Target, masker: FileMasker, painter: Painter, width: int) -> None:
        self._text = target.text
        self._numbers = target.numbers
        self._lines = LineIndex(target.text)
        self._masker = masker
        self._painter = painter
        self._width = width

    def render(self, marks: list[Mark]) -> list[str]:
        """The lines of an excerpt that shows these marks, in the order of the file."""
        by_line = self._by_line(marks)
        gutter = max((len(self._number(line)) for line in by_line), default=1) + _INDENT + 2
        out: list[str] = []
        for line, marked in by_line.items():
            out += self._drawn(self._quote(line, marked, self._room(gutter)), gutter)
        return out

    def quotes(self, marks: list[Mark]) -> list[Quote]:
        """The same lines for a format that draws them itself."""
        return [self._quote(line, marked, self._width) for line, marked in self._by_line(marks).items()]

    def _by_line(self, marks: list[Mark]) -> dict[int, list[Mark]]:
        by_line: dict[int, list[Mark]] = {}
        for mark in marks:
            for line in self._lines_of(mark):
                by_line.setdefault(line, []).append(mark)
        return dict(sorted(by_line.items()))

    def _lines_of(self, mark: Mark) -> range:
        first = self._lines.line(mark.span.start)
        last = self._lines.line(max(mark.span.start, mark.span.end - 1))
        if mark.severity is None:
            last = first
        return range(first, min(last, first + _LINES_OF_ONE_SPAN - 1) + 1)

    def _number(self, line: int) -> str:
        """What a kept line is called in its file."""
        return str(self._numbers[line - 1] if 0 < line <= len(self._numbers) else line)

    def _room(self, gutter: int) -> int:
        return max(self._width - gutter - 3, 20)

    def _quote(self, line: int, marks: list[Mark], room: int) -> Quote:
        bounds = self._lines.bounds(line)
        runs: list[tuple[str, int, Severity | None]] = []
        for cell in self._window(bounds, marks, room):
            level = _level(cell, bounds.start, marks)
            before = runs.pop() if runs and runs[-1][2] is level else ("", 0, level)
            runs.append((before[0] + cell.shown, before[1] + cell.width, level))
        return Quote(self._number(line), runs, tuple(dict.fromkeys(mark.note for mark in marks if mark.note)))

    def _drawn(self, quote: Quote, gutter: int) -> list[str]:
        """The line with its number, carets below it, and the notes."""
        bar = self._painter.paint("gutter", "|")
        number = self._painter.paint("gutter", quote.number.rjust(gutter))
        out = [f"{number} {bar} {''.join(text for text, _, _ in quote.runs)}"]
        carets = self._carets(quote)
        lead = " " * gutter
        if carets:
            out.append(f"{lead} {bar} {carets}")
        for note in quote.notes:
            for text in wrap(note, self._room(gutter), "  ", "  "):
                out.append(f"{lead} {bar} {text}")
        return [text.rstrip() for text in out]

    def _carets(self, quote: Quote) -> str:
        runs = [(level, width) for _, width, level in quote.runs]
        if runs and runs[-1][0] is None:
            runs.pop()
        return "".join(
            " " * width if level is None else self._painter.severity(level, "^" * width) for level, width in runs
        )

    def _window(self, bounds: Span, marks: list[Mark], room: int) -> list[_Cell]:
        """The cells of the line, cut to `room` columns around the first mark."""
        text = self._text[bounds.start : bounds.end]
        strong = [mark for mark in marks if mark.severity is not None] or marks
        seen = min(strong, key=lambda mark: mark.span.start).span
        first, last = max(seen.start - bounds.start, 0), min(seen.end, bounds.end) - bounds.start
        # Lines can be megabytes long: only what can be on the screen is looked at character by character.
        start = 0 if len(text) <= room else max(0, first - 2 * room)
        cells = self._cells(text, bounds.start, start, min(len(text), first + 2 * room))
        cut_left = start > 0
        cut_right = first + 2 * room < len(text)
        if not (cut_left or cut_right) and sum(cell.width for cell in cells) <= room:
            return cells
        return _crop(cells, _Focus(first, last, cut_left, cut_right), room)

    def _cells(self, text: str, offset: int, start: int, end: int) -> list[_Cell]:
        cells: list[_Cell] = []
        at = start
        if offset == 0 and start == 0 and text.startswith("\ufeff"):
            at = 1
        for masked in [m for m in self._masker.line(text, offset, start, end) if m.end > start and m.start < end]:
            cells += [_cell(text, i) for i in range(at, max(at, masked.start))]
            shown = escape(masked.shown)
            cells.append(_Cell(shown, columns(shown), masked.start, masked.end))
            at = max(at, masked.end)
        cells += [_cell(text, i) for i in range(at, end)]
        if end >= len(text):
            cells.append(_Cell(" ", 1, len(text), len(text) + 1))
        return cells


def marks_of(block: list[Finding], masker: FileMasker) -> list[Mark]:
    """What an excerpt shows of the findings of one line: their places, and the steps of their stories in that file."""
    marks = [Mark(finding.location.span, "", finding.severity) for finding in block]
    steps: list[Step] = list(dict.fromkeys(step for finding in block for step in finding.flow))
    path = block[0].location.path
    for step in [s for s in steps if s.location is not None and s.location.path == path][:MOST_STEPS]:
        if step.location is not None:
            marks.append(Mark(step.location.span, masker.mask(step.message), None))
    return marks


def _cell(text: str, at: int) -> _Cell:
    shown = escape_character(text[at])
    return _Cell(shown, columns(shown), at, at + 1)


def _level(cell: _Cell, offset: int, marks: list[Mark]) -> Severity | None:
    """Severity of the first mark with carets that touches a cell; the sign of a cut stands for nothing."""
    if cell.start == cell.end:
        return None
    return next((m.severity for m in marks if m.severity is not None and _touches(m.span, cell, offset)), None)


def _touches(span: Span, cell: _Cell, offset: int) -> bool:
    end = max(span.end, span.start + 1)
    return cell.start + offset < end and cell.end + offset > span.start


def _crop(cells: list[_Cell], focus: _Focus, room: int) -> list[_Cell]:
    """At most `room` columns of cells: what is in focus, with some context before it; cuts are marked."""
    begin = next((i for i, cell in enumerate(cells) if cell.end > focus.start), len(cells) - 1)
    shown = sum(cell.width for cell in cells if cell.start < focus.end)
    context = room if not focus.cut_left and shown < room else min(_LEFT_CONTEXT, room // 3)
    used = 0
    while begin > 0 and used + cells[begin - 1].width <= context:
        begin -= 1
        used += cells[begin].width
    budget = room - (1 if focus.cut_left or begin > 0 else 0) - 1
    end, used = begin, 0
    while end < len(cells) and (used + cells[end].width <= budget or end == begin):
        used += cells[end].width
        end += 1
    while begin > 0 and used + cells[begin - 1].width <= budget:
        begin -= 1
        used += cells[begin].width
    mark = _Cell(_CUT, 1, 0, 0)
    right = focus.cut_right or end < len(cells)
    left = focus.cut_left or begin > 0
    return ([mark] if left else []) + cells[begin:end] + ([mark] if right else [])
