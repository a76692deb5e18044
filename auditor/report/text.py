"""The report for people: one block for each place, with an excerpt, what happens and what to do."""

from __future__ import annotations

from itertools import groupby

from auditor.core.finding import Confidence
from auditor.core.record import TYPE_CHECKING
from auditor.report.excerpt import MOST_STEPS, Excerpt, marks_of
from auditor.report.masking import FileMasker, maskers
from auditor.report.meta import IMAGES, counts
from auditor.report.prose import advice
from auditor.report.terminal import Painter, escape, escape_path, inert, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.finding import Finding, Location, Report, Target
    from auditor.report.meta import Meta

#: Of the verdicts that the message itself does not tell.
_VERDICTS = {"expired": "expired", "malformed": "malformed"}
_NOTHING = {"lint": "No Dockerfile found.", "image": "No image found."}
#: Errors with one and the same message that are printed.
_MOST_ALIKE = 10
_FIX_INDENT = len("  fix: ")


def render(report: Report, meta: Meta) -> str:
    """The findings that are not hidden, in the order of the files, images last; "" where there is none."""
    files = {target.name: target for target in report.targets}
    masks = maskers(report)
    painter = Painter(meta.color)
    writer = _Writer(meta, painter)
    excerpts: dict[str, Excerpt] = {}
    for block in _blocks([finding for finding in meta.shown(report) if finding.image is None]):
        path = block[0].location.path
        if path not in excerpts and path in files and files[path].text:
            excerpts[path] = Excerpt(files[path], masks[path], painter, meta.width)
        writer.block(block, excerpts.get(path), masks.get(path) or FileMasker([], []))
    if _has_images(report):
        from auditor.report import image_text  # start-up: images only

        writer.lines += image_text.render(report, meta)
    return inert("".join(f"{line}\n" for line in writer.lines))


def summary(report: Report, meta: Meta) -> str:
    """Two lines for the standard error: what was found, and what was not shown; one where there is nothing."""
    painter = Painter(meta.color)
    shown = meta.shown(report)
    files = sum(target.files for target in report.targets)
    hit = len({finding.location.path for finding in shown})
    read, time = _count(files, "file"), f"({report.seconds:.2f} s)"
    where = read if hit == files else f"{hit} of {read}"
    if _has_images(report):
        from auditor.report import image_summary  # start-up: images only

        shown = image_summary.shown(report, meta)
        read, time = image_summary.extent(report), image_summary.time(report)
        where = read
    if not files and not _has_images(report):
        first = _NOTHING.get(meta.command, "No file found.")
    elif not shown and not any(t.layers or t.size or (t.files and not t.errors) for t in report.targets):
        first = f"Nothing could be read {time}."
    elif report.sought and not shown:
        first = _absent(report, read, time)
    elif not shown and not report.complete:
        first = f"No leaks found in what could be read of {read} {time}."
    elif not shown:
        first = f"No leaks found in {read} {time}."
    else:
        parts = [painter.severity(level, f"{n} {level.label}") for level, n in counts(shown).items() if n]
        first = f"{', '.join(parts)} in {where} {time}"
    rest = _unshown(report, meta)
    explained = [finding for finding in shown if finding.rule in meta.rules]
    if explained:
        worst = max(explained, key=lambda finding: finding.severity)
        rest.append(f"audit explain {worst.rule} says more")
    return "\n".join([first, "; ".join(rest)] if rest else [first]) + "\n"


def _absent(report: Report, read: str, time: str) -> str:
    """What a proof has shown."""
    names = escape(", ".join(report.sought))
    if not report.complete:
        return f"{names}: not found, but not everything could be read; this proves nothing ({read}) {time}."
    return f"{names}: absent from {read} and the metadata {time}."


def problems(report: Report, meta: Meta) -> str:
    """A line for the standard error for every input that could not be read whole; of many alike the first ones."""
    masks = maskers(report)
    painter = Painter(meta.color)
    lines = []
    alike: dict[str, int] = {}
    for target in report.targets:
        for error in target.errors:
            place = escape_path(_named(target, error.path)) + (f":{error.line}" if error.line else "")
            text = escape(masks[target.name].mask(error.message))
            alike[text] = alike.get(text, 0) + 1
            if alike[text] > _MOST_ALIKE and not meta.verbose:
                continue
            lines.append(f"{painter.paint('path', place)}: {painter.paint('high', 'error')}: {text}\n")
        if meta.verbose:
            lines += [
                f"{escape_path(_named(target, item.path))}: skipped: {escape(item.reason)}\n" for item in target.skipped
            ]
        elif target.skipped and _is_image(target):
            from auditor.report import image_summary  # start-up: images only

            lines += image_summary.skipped(target)
    for text, number in alike.items():
        if number > _MOST_ALIKE and not meta.verbose:
            more = f"{number - _MOST_ALIKE} more (-v names them)"
            lines.append(f"{more}: {painter.paint('high', 'error')}: {text}\n")
    return inert("".join(lines))


def _unshown(report: Report, meta: Meta) -> list[str]:
    found = report.active
    if _has_images(report):
        from auditor.report.images import leading  # start-up: images only

        found = leading(found)
    hidden = [f for f in found if f.severity < meta.min_severity]
    parts = []
    if hidden:
        levels = ", ".join(f"{n} {level.label}" for level, n in counts(hidden).items() if n)
        parts.append(f"{levels} not shown (--min-severity {min(f.severity for f in hidden).label})")
    suppressed = len(report.findings) - len(report.active)
    if suppressed:
        parts.append(f"{suppressed} suppressed")
    unread = sum(not target.complete for target in report.targets)
    if unread:
        noun = "image" if _has_images(report) else "file"
        parts.append(f"{_count(unread, noun)} not read whole")
    return parts


def _is_image(target: Target) -> bool:
    return target.kind in IMAGES


def _has_images(report: Report) -> bool:
    return any(map(_is_image, report.targets))


def _named(target: Target, path: str) -> str:
    """What could not be read, or was not; of an image the part, after its name."""
    if not _is_image(target):
        return path
    return f"{target.name}: {path}" if path not in ("", target.name) else target.name


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _blocks(findings: list[Finding]) -> Iterator[list[Finding]]:
    """Findings that share an excerpt: those of one line."""
    for _, block in groupby(findings, lambda f: (f.location.path, f.location.start_line, f.location.offset)):
        yield list(block)


class _Writer:
    """Collects the lines of the report; remembers which advice was given, so that it is not repeated."""

    __slots__ = ("_advice", "_meta", "_painter", "lines")

    def __init__(self, meta: Meta, painter: Painter) -> None:
        self._meta = meta
        self._painter = painter
        self._advice: dict[tuple[str, str], str] = {}
        self.lines: list[str] = []

    def block(self, block: list[Finding], excerpt: Excerpt | None, masker: FileMasker) -> None:
        """Write the findings of one line."""
        for finding in block:
            self._head(finding, masker)
        self.lines.append("")
        if excerpt is not None:
            self.lines += [*excerpt.render(marks_of(block, masker)), ""]
        else:
            self._told(block, masker)
        for note in dict.fromkeys(s.message for f in block for s in f.flow if s.location is None):
            self.lines += wrap(masker.mask(note), self._meta.width, "  note: ", "        ")
        named = len({finding.rule for finding in block}) > 1
        for finding in block:
            self._fix(finding, masker, named=named)
        if self.lines[-1]:
            self.lines.append("")

    def _told(self, block: list[Finding], masker: FileMasker) -> None:
        """The steps of the story where there is no text to mark them in."""
        steps = dict.fromkeys(step for finding in block for step in finding.flow)
        for step in [step for step in steps if step.location is not None][:MOST_STEPS]:
            if step.location is not None:
                where = f"{escape_path(step.location.path)}:{place_in(step.location)}"
                self.lines += wrap(f"{where}: {masker.mask(step.message)}", self._meta.width, "  note: ", "        ")

    def _head(self, finding: Finding, masker: FileMasker) -> None:
        where = f"{escape_path(finding.location.path)}:{place_in(finding.location)}"
        paint = self._painter.paint
        level = self._painter.severity(finding.severity, finding.severity.label)
        doubts = [] if finding.confidence is Confidence.HIGH else [f"{finding.confidence.label} confidence"]
        verdict = _VERDICTS.get(finding.verdict, "")
        doubts += [verdict] if verdict and verdict not in finding.message else []
        extra = paint("dim", f"  ({', '.join(doubts)})") if doubts else ""
        self.lines.append(f"{paint('path', where)}  {level}  {finding.rule}{extra}")
        self.lines += wrap(masker.mask(finding.message), self._meta.width, "  ", "  ")
        if self._meta.show_secrets and finding.secret is not None and finding.secret.reveal():
            self.lines.append(f"  value: {escape(finding.secret.reveal())}")

    def _fix(self, finding: Finding, masker: FileMasker, *, named: bool) -> None:
        rule = self._meta.rules.get(finding.rule)
        remedy = masker.mask(finding.remedy) if finding.remedy else rule.remedy if rule else ""
        if not remedy:
            return
        label = self._painter.paint("fix", f"fix for {finding.rule}:" if named else "fix:")
        key, line = (finding.location.path, remedy), _line(finding.location)
        if key not in self._advice:
            self._advice[key] = line
            lines = advice(remedy, self._meta.width - _FIX_INDENT, whole=self._meta.verbose)
            if named:
                self.lines.append(f"  {label}")
            else:
                self.lines.append(f"  {label} {lines.pop(0)}")
            self.lines += [" " * _FIX_INDENT + line for line in lines]
        elif self._advice[key] != line:
            self.lines.append(f"  {label} as for {self._advice[key]}")


def _line(place: Location) -> str:
    return f"line {place.start_line}" if place.offset is None else f"byte {place.offset}"


def place_in(place: Location) -> str:
    """Line and column of a place in its file, or its byte."""
    return f"{place.start_line}:{place.start_column}" if place.offset is None else f"byte {place.offset}"
