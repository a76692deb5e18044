"""Reports of one line for each finding: GNU style for editors, workflow commands for GitHub Actions."""

from __future__ import annotations

from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING
from auditor.report.masking import FileMasker, maskers
from auditor.report.plain import from_root
from auditor.report.terminal import escape, escape_path, inert

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Report
    from auditor.report.meta import Meta

#: GitHub shows ten annotations of a kind for each step.
MOST_OF_A_KIND = 10


def gnu(report: Report, meta: Meta) -> str:
    """`path:line:column: severity: message [rule]`, in the order of the files."""
    masks = maskers(report)
    lines = []
    for finding in meta.shown(report):
        place = finding.location
        message = _message(finding, masks)
        where = f"{escape_path(place.path)}:{place.start_line}:{place.start_column}"
        lines.append(f"{where}: {finding.severity.label}: {escape(message)} [{finding.rule}]\n")
    return inert("".join(lines))


def github(report: Report, meta: Meta) -> str:
    """Annotations, worst first, at most ten of a kind, then how many more there are."""
    masks = maskers(report)
    lines = []
    used = dict.fromkeys(("error", "warning", "notice"), 0)
    findings = sorted(meta.shown(report), key=lambda f: (-f.severity, f.sort_key))
    for finding in findings:
        kind = _kind(finding.severity)
        used[kind] += 1
        if used[kind] <= MOST_OF_A_KIND:
            lines.append(_annotation(kind, finding, _message(finding, masks), meta))
    more = len(findings) - len(lines)
    if more:
        lines.append(f"{more} more not shown as annotations: GitHub takes {MOST_OF_A_KIND} of a kind\n")
    return "".join(lines)


def _message(finding: Finding, masks: dict[str, FileMasker]) -> str:
    masker = masks.get(finding.location.path)
    return masker.mask(finding.message) if masker else finding.message


def _kind(severity: Severity) -> str:
    if severity >= Severity.HIGH:
        return "error"
    return "warning" if severity == Severity.MEDIUM else "notice"


def _annotation(kind: str, finding: Finding, message: str, meta: Meta) -> str:
    place = finding.location
    properties = {
        "file": from_root(place.path, meta),
        "line": str(place.start_line),
        "endLine": str(place.end_line),
    }
    if place.start_line == place.end_line:
        properties |= {"col": str(place.start_column), "endColumn": str(place.end_column)}
    properties["title"] = f"{meta.title(finding.rule)} ({finding.rule})"
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{kind} {listed}::{_data(message)}\n"


def _data(text: str) -> str:
    shown = "\n".join(escape(line) for line in text.split("\n"))
    return shown.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
