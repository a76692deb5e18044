"""What the standard error says of a run over images: how much was searched, what was found in it, what was left out."""

from __future__ import annotations

from auditor.core.layerline import CACHED
from auditor.core.record import TYPE_CHECKING
from auditor.report.images import leading, size
from auditor.report.meta import IMAGES
from auditor.report.terminal import escape, escape_path

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Report, Target
    from auditor.report.meta import Meta

#: Reasons for which something was skipped that are told one by one.
_MOST_REASONS = 10


def shown(report: Report, meta: Meta) -> list[Finding]:
    """One finding for each secret that a reader is shown."""
    return [finding for finding in leading(report.active) if finding.severity >= meta.min_severity]


def extent(report: Report) -> str:
    """How much there was to search: `24 layers, 1.9 GB`, after the files where there were some besides."""
    images = [target for target in report.targets if target.kind in IMAGES]
    layers, total = sum(len(target.layers) for target in images), sum(target.size for target in images)
    facts = [
        _count(len(images), "image") if len(images) > 1 or not layers else "",
        _count(layers, "layer") if layers else "",
        size(total) if total else "",
    ]
    searched = ", ".join(fact for fact in facts if fact)
    files = sum(target.files for target in report.targets if target.kind not in IMAGES)
    return f"{_count(files, 'file')} and {searched}" if files else searched


def time(report: Report) -> str:
    """How long that took, and how much of it was known before."""
    states = [layer.state for target in report.targets for layer in target.layers]
    known = states.count(CACHED)
    cached = f"; {known} of {_count(len(states), 'layer')} known from before" if known else ""
    return f"({report.seconds:.1f} s{cached})"


def skipped(target: Target) -> list[str]:
    """A line for every reason for which parts of an image were left out, with their number."""
    reasons: dict[str, list[str]] = {}
    for item in target.skipped:
        reasons.setdefault(item.reason, []).append(item.path)
    most = sorted(reasons.items(), key=lambda entry: -len(entry[1]))
    lines = [f"{escape_path(target.name)}: {_left_out(reason, paths)}\n" for reason, paths in most[:_MOST_REASONS]]
    if rest := sum(len(paths) for _, paths in most[_MOST_REASONS:]):
        lines.append(f"{escape_path(target.name)}: {rest} more skipped (-v names them)\n")
    return lines


def _left_out(reason: str, paths: list[str]) -> str:
    if len(paths) == 1:
        return f"{escape(paths[0])}: skipped: {escape(reason)}"
    return f"{len(paths)} skipped (-v names them): {escape(reason)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
