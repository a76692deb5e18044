"""JUnit XML: a test case for each rule and file, for the test views of CI servers (GitLab, Jenkins, Azure)."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.report.anchors import anchor, sentence
from auditor.report.limits import fitted, left_out
from auditor.report.masking import FileMasker, maskers
from auditor.report.meta import IMAGES
from auditor.report.noted import Noted
from auditor.report.plain import from_root
from auditor.report.terminal import escape_path, inert
from auditor.report.xmltext import DECLARATION, lines_of, start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.core.finding import Finding, Report, Target
    from auditor.report.meta import Meta

#: GitLab reads no larger file.
MOST_BYTES = 30_000_000
_READER = "GitLab reads files below 30 MB"
_WHOLE, _CLEAN, _CUT = "read whole", "no findings", "report is whole"


def render(report: Report, meta: Meta) -> Noted:
    """Findings that are shown fail, suppressed ones are skipped, what could not be read is an error, others pass."""
    masks = maskers(report)
    shown = [f for f in report.findings if f.severity >= meta.min_severity]
    text, kept = fitted(shown, MOST_BYTES, _size, lambda some: _written(report, some, len(shown), masks, meta))
    return Noted.of(text, left_out(shown, kept, _READER))


def _size(text: str) -> int:
    return len(text.encode("utf-8"))


def _written(report: Report, some: list[Finding], all_: int, masks: dict[str, FileMasker], meta: Meta) -> str:
    cases: dict[tuple[str, str], list[Finding]] = {}
    for finding in some:
        cases.setdefault((finding.location.path, finding.rule), []).append(finding)
    written = [_case(path, rule, found, masks, meta) for (path, rule), found in cases.items()]
    hit = {path for path, _ in cases}
    written += [_unread(name, targets, masks, meta) for name, targets in _named_alike(report.targets, errors=True)]
    for name, targets in _named_alike(report.targets, errors=False):
        if name not in hit and any(target.files or target.layers for target in targets):
            written.append(f"  {start('testcase', _named(_CLEAN, name, meta), empty=True)}")
    if all_ > len(some):
        message = {"message": f"{all_ - len(some)} findings of the lowest severities are left out: {_READER}"}
        whole = {"name": _CUT, "classname": "audit"}
        written.append(_holding(whole, f"   {start('skipped', message, empty=True)}"))
    if not written:
        written.append(f"  {start('testcase', {'name': _CLEAN, 'classname': 'audit'}, empty=True)}")
    totals: dict[str, object] = {
        "name": f"audit {meta.command}",
        "tests": len(written),
        **{f"{kind}s": sum(f"\n   <{kind} " in case for case in written) for kind in ("failure", "error")},
        "skipped": sum("\n   <skipped " in case for case in written),
        "time": f"{report.seconds:.3f}",
    }
    lines = [start("testsuites", totals), f" {start('testsuite', totals)}", *written, " </testsuite>", "</testsuites>"]
    return DECLARATION + inert("\n".join(lines)) + "\n"


def _named(name: str, classname: str, meta: Meta, *, line: int = 0, path: str = "") -> dict[str, object]:
    file = {"file": from_root(path, meta)} if path else {}
    return {"name": name, "classname": classname or "audit", **file, **({"line": line} if line else {})}


def _named_alike(targets: list[Target], *, errors: bool) -> list[tuple[str, list[Target]]]:
    """The targets with errors or without, by name: of several commands, they may share one."""
    found: dict[str, list[Target]] = {}
    for target in targets:
        found.setdefault(target.name or f"{target.files} other files", []).append(target)
    return [(name, alike) for name, alike in found.items() if any(t.errors for t in alike) is errors]


def _case(path: str, rule: str, found: list[Finding], masks: dict[str, FileMasker], meta: Meta) -> str:
    active = [finding for finding in found if finding.suppressed is None]
    first = (active or found)[0]
    if first.image is None:
        case = _named(rule, path, meta, line=anchor(first, meta).line, path=path)
    else:
        case = _named(rule, path, meta)
    if not active:
        reasons = [f.suppressed.reason or f.suppressed.by for f in found if f.suppressed is not None]
        masker = masks.get(path)
        reason = masker.mask(reasons[0]) if masker else reasons[0]
        return _holding(case, f"   {start('skipped', {'message': reason}, empty=True)}")
    worst = max(active, key=lambda finding: finding.severity)
    what = {"message": sentence(worst, masks), "type": worst.severity.label}
    text = lines_of(_line(finding, masks, meta) for finding in active)
    return _holding(case, f"   {start('failure', what)}{text}</failure>")


def _line(finding: Finding, masks: dict[str, FileMasker], meta: Meta) -> str:
    place = anchor(finding, meta)
    column = f":{place.column}" if place.column else ""
    where = f"{escape_path(place.path)}:{place.line}{column}"
    return f"{where}: {finding.severity.label}: {sentence(finding, masks)}"


def _unread(name: str, targets: list[Target], masks: dict[str, FileMasker], meta: Meta) -> str:
    lines, messages = [], []
    for target in targets:
        for error in target.errors:
            messages.append(masks[target.name].mask(error.message) or "not read whole")
            place = escape_path(error.path or target.name) + (f":{error.line}" if error.line else "")
            lines.append(f"{place}: {messages[-1]}")
    path = "" if targets[0].kind in IMAGES else targets[0].name
    what = {"message": messages[0], "type": "incomplete"}
    text = lines_of(dict.fromkeys(lines))
    return _holding(_named(_WHOLE, name, meta, path=path), f"   {start('error', what)}{text}</error>")


def _holding(case: Mapping[str, object], content: str) -> str:
    return f"  {start('testcase', case)}\n{content}\n  </testcase>"
