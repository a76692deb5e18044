"""Checkstyle XML: for plug-ins of CI servers and review tools that read it from any linter."""

from __future__ import annotations

from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING
from auditor.report.anchors import anchor, sentence
from auditor.report.masking import FileMasker, maskers
from auditor.report.meta import IMAGES
from auditor.report.plain import from_root
from auditor.report.terminal import inert
from auditor.report.xmltext import DECLARATION, start

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Report, Target
    from auditor.report.meta import Meta

#: The version of Checkstyle whose form this is: readers want one.
VERSION = "4.3"
_UNREAD = "audit.not-read-whole"


def render(report: Report, meta: Meta) -> str:
    """The findings that are shown by file, in the order of the report; what could not be read is an error, too."""
    masks = maskers(report)
    files: dict[str, list[str]] = {}
    for finding in meta.shown(report):
        files.setdefault(anchor(finding, meta).path, []).append(_error(finding, masks, meta))
    for target in report.targets:
        for path, line in _unread(target, masks[target.name], meta):
            files.setdefault(path, []).append(line)
    lines = [start("checkstyle", {"version": VERSION})]
    for path, errors in files.items():
        lines += [f" {start('file', {'name': path})}", *errors, " </file>"]
    lines.append("</checkstyle>")
    return DECLARATION + inert("\n".join(lines)) + "\n"


def _error(finding: Finding, masks: dict[str, FileMasker], meta: Meta) -> str:
    place = anchor(finding, meta)
    attributes: dict[str, object] = {"line": place.line}
    if place.column:
        attributes["column"] = place.column
    attributes |= {
        "severity": _severity(finding.severity),
        "message": f"{sentence(finding, masks)} ({finding.severity.label})",
        "source": f"audit.{finding.rule}",
    }
    return f"  {start('error', attributes, empty=True)}"


def _unread(target: Target, masker: FileMasker, meta: Meta) -> list[tuple[str, str]]:
    found = []
    for error in target.errors:
        message = masker.mask(error.message)
        path = target.name
        if target.kind not in IMAGES:
            path = from_root(error.path or target.name, meta)
        elif error.path not in ("", target.name):
            message = f"{error.path}: {message}"
        attributes = {"line": error.line or 1, "severity": "error", "message": message, "source": _UNREAD}
        found.append((path, f"  {start('error', attributes, empty=True)}"))
    return found


def _severity(severity: Severity) -> str:
    if severity >= Severity.HIGH:
        return "error"
    return "warning" if severity == Severity.MEDIUM else "info"
