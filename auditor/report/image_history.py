"""`audit history` for people: the Dockerfile of an image, layer sizes on its left and findings below each line."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.report.images import described, fate, size
from auditor.report.terminal import Painter, escape, escape_path, inert, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.finding import Finding
    from auditor.core.outline import Outline, Row
    from auditor.report.meta import Meta

_LAYER, _SIZE = 5, 9
_GUTTER = _LAYER + _SIZE + 4
#: Lines of one instruction that are shown, and findings below it.
_MOST_LINES = 60
_MOST_FINDINGS = 20


def render(outlines: Sequence[Outline], meta: Meta) -> str:
    """All images, one after the other; everything in them was masked before, and is escaped here."""
    return inert("".join(f"{line}\n" for outline in outlines for line in _Writer(outline, meta).lines()))


def plain(outlines: Sequence[Outline]) -> str:
    """Only the Dockerfiles, with what they leave out as comments."""
    lines: list[str] = []
    for outline in outlines:
        lines.append(f"# {_one_line(outline.target.name)}")
        for row in outline.rows:
            lines += [f"# {_one_line(row.comment)}"] if row.comment else []
            lines += [escape(line) for line in row.text.split("\n")] if row.text else []
        lines.append("")
    return inert("".join(f"{line}\n" for line in lines[:-1]))


class _Writer:
    def __init__(self, outline: Outline, meta: Meta) -> None:
        self._outline = outline
        self._meta = meta
        self._painter = Painter(meta.color)

    def lines(self) -> list[str]:
        target, paint = self._outline.target, self._painter.paint
        number = len(target.layers)
        facts = [target.platform, f"{number} {'layer' if number == 1 else 'layers'}", size(target.size)]
        out = [paint("path", escape_path(target.name)), f"  {escape(', '.join(fact for fact in facts if fact))}", ""]
        if not self._outline.rows:
            out.append("  The image has no history.")
        else:
            out.append(paint("dim", f"{'layer':>{_LAYER}}  {'size':>{_SIZE}}"))
        for row in self._outline.rows:
            out += self._row(row)
        rest = self._shown(self._outline.rest)
        if rest:
            out += ["", "No instruction is known for:", *(line for finding in rest for line in self._finding(finding))]
        return [*out, ""]

    def _row(self, row: Row) -> list[str]:
        layer = row.layer
        number = str(layer.number) if layer is not None else ""
        left = f"{number:>{_LAYER}}  {size(layer.size) if layer is not None else '':>{_SIZE}}  "
        paint = self._painter.paint
        text = row.text.split("\n") if row.text else []
        lines = [escape(line) for line in text[:_MOST_LINES]]
        if len(text) > _MOST_LINES:
            lines.append(f"# {len(text) - _MOST_LINES} more lines")
        note = [f"# {_one_line(row.comment)}"] if row.comment else []
        if layer is not None and layer.in_base:
            note.insert(0, "# base image")
        out = []
        first = len(note) if lines else 0
        for at, line in enumerate([*note, *lines]):
            gutter = left if at == first else " " * len(left)
            out.append(f"{paint('gutter', gutter)}{paint('dim', line) if at < len(note) else line}".rstrip())
        found = self._shown(row.findings)
        for finding in found[:_MOST_FINDINGS]:
            out += self._finding(finding)
        if len(found) > _MOST_FINDINGS:
            out.append(f"{' ' * _GUTTER}{len(found) - _MOST_FINDINGS} more findings")
        return out

    def _finding(self, finding: Finding) -> list[str]:
        """Severity, rule and place in one line, the message below."""
        level = self._painter.severity(finding.severity, finding.severity.label)
        lead = " " * _GUTTER
        place = finding.image
        where = "" if place is None else escape(described(place))
        gone = "" if place is None or not fate(place) else f", {escape(fate(place))}"
        return [
            f"{lead}^ {level}  {finding.rule}  {where}{gone}",
            *wrap(finding.message, self._meta.width, f"{lead}  ", f"{lead}  "),
        ]

    def _shown(self, findings: Sequence[Finding]) -> list[Finding]:
        least = self._meta.min_severity
        return [one for one in findings if one.severity >= least and one.suppressed is None]


def _one_line(text: str) -> str:
    return escape(" ".join(text.split()))
