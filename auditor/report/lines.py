"""Reports of one line for each finding: GNU style for editors, workflow commands for GitHub Actions."""

from __future__ import annotations

from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING
from auditor.report.images import described, leading, source, told
from auditor.report.masking import FileMasker, maskers
from auditor.report.noted import Noted
from auditor.report.plain import from_root
from auditor.report.terminal import escape, escape_path, inert

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Report
    from auditor.core.image import ImagePlace
    from auditor.report.meta import Meta

#: GitHub shows ten annotations of a kind for each step.
MOST_OF_A_KIND = 10


def gnu(report: Report, meta: Meta) -> str:
    """`path:line:column: severity: message [rule]`, in the order of the files; `image: layer 3: file:line: ...`."""
    masks = maskers(report)
    lines = []
    for finding in meta.shown(report):
        place = finding.location
        message = _message(finding, masks)
        where = f"{escape_path(place.path)}:{place.start_line}:{place.start_column}"
        if finding.image is not None:
            where = f"{escape_path(place.path)}: {escape(described(finding.image))}"
        lines.append(f"{where}: {finding.severity.label}: {escape(message)} [{finding.rule}]\n")
    return inert("".join(lines))


def github(report: Report, meta: Meta) -> Noted:
    """Annotations, worst first, at most ten of a kind, then how many more there are; of an image one per secret."""
    masks = maskers(report)
    lines = []
    used = dict.fromkeys(("error", "warning", "notice"), 0)
    findings = sorted(leading(meta.shown(report)), key=lambda f: (-f.severity, f.sort_key))
    for finding in findings:
        kind = _kind(finding.severity)
        used[kind] += 1
        if used[kind] <= MOST_OF_A_KIND:
            lines.append(_annotation(kind, finding, _message(finding, masks), meta))
    more = len(findings) - len(lines)
    cut = f"{more} more not shown as annotations: GitHub takes {MOST_OF_A_KIND} of a kind" if more else ""
    return Noted.of("".join([*lines, f"{cut}\n" if cut else ""]), cut)


def _message(finding: Finding, masks: dict[str, FileMasker]) -> str:
    masker = masks.get(finding.location.path)
    message = masker.mask(finding.message) if masker else finding.message
    return told(message, finding.image) if finding.image is not None else message


def _kind(severity: Severity) -> str:
    if severity >= Severity.HIGH:
        return "error"
    return "warning" if severity == Severity.MEDIUM else "notice"


def _annotation(kind: str, finding: Finding, message: str, meta: Meta) -> str:
    if finding.image is not None:
        return _image_annotation(kind, finding, finding.image, message, meta)
    place = finding.location
    properties = {
        "file": from_root(place.path, meta),
        "line": str(place.start_line),
        "endLine": str(place.end_line),
    }
    if place.start_line == place.end_line:
        properties |= {"col": str(place.start_column), "endColumn": str(place.end_column)}
    return _command(kind, properties, finding, message, meta)


def _image_annotation(kind: str, finding: Finding, place: ImagePlace, message: str, meta: Meta) -> str:
    """At the line of the Dockerfile where one is known, else at none."""
    line = source(place)
    properties = {}
    if line is not None and not line.path.startswith("/"):
        properties = {"file": from_root(line.path, meta), "line": str(line.start_line)}
    return _command(kind, properties, finding, f"{finding.location.path}: {described(place)}: {message}", meta)


def _command(kind: str, properties: dict[str, str], finding: Finding, message: str, meta: Meta) -> str:
    properties["title"] = f"{meta.title(finding.rule)} ({finding.rule})"
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{kind} {listed}::{_data(message)}\n"


def _data(text: str) -> str:
    shown = "\n".join(escape(line) for line in text.split("\n"))
    return shown.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
