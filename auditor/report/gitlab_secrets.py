"""GitLab's secret detection report (GitLab: "Security report schemas", version 15)."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.report.anchors import anchor, message
from auditor.report.images import described
from auditor.report.masking import FileMasker, maskers
from auditor.report.plain import clean
from auditor.report.prose import parts
from auditor.report.runbook.markdown import code, fence, remark
from auditor.report.terminal import inert_json

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Report, Target
    from auditor.report.meta import Meta

VERSION = "15.2.5"
#: What GitLab's own analyzer gives for files that it takes from no commit.
_NO_COMMIT = "0000000"
_LONGEST_NAME, _LONGEST_SOLUTION, _MOST_MESSAGES = 255, 7000, 100
_EPOCH = "1970-01-01T00:00:00"
_CUT = "…"


def render(report: Report, meta: Meta) -> str:
    """The findings that are shown, in the order of the files; what could not be read is a message of the scan."""
    masks = maskers(report)
    content = {
        "version": VERSION,
        "scan": _scan(report, masks, meta),
        "vulnerabilities": [_vulnerability(finding, masks, meta) for finding in meta.shown(report)],
    }
    return inert_json(json.dumps(content, indent=1)) + "\n"


def _scan(report: Report, masks: dict[str, FileMasker], meta: Meta) -> dict[str, object]:
    tool = {"id": "audit", "name": "audit", "version": meta.version or "0", "vendor": {"name": "audit"}}
    start, end = _times(report.seconds, meta.time)
    messages = [message for target in report.targets for message in _messages(target, masks[target.name])]
    if len(messages) > _MOST_MESSAGES:
        more = {"level": "warn", "value": f"{len(messages) - _MOST_MESSAGES} more inputs were not read whole"}
        messages = [*messages[:_MOST_MESSAGES], more]
    scan: dict[str, object] = {
        "analyzer": tool,
        "scanner": tool,
        "type": "secret_detection",
        "start_time": start,
        "end_time": end,
        "status": "success" if report.complete else "failure",
    }
    return scan | ({"messages": messages} if messages else {})


def _messages(target: Target, masker: FileMasker) -> list[dict[str, str]]:
    found = []
    for error in target.errors:
        where = target.name if error.path in ("", target.name) else f"{target.name}: {error.path}"
        found.append({"level": "warn", "value": clean(f"{where}: {masker.mask(error.message)}")})
    return found


def _times(seconds: float, end: str) -> tuple[str, str]:
    """Start and end of the run in UTC, as GitLab writes them: without a zone."""
    if not end:
        return _EPOCH, _EPOCH
    ended = datetime.fromisoformat(end).astimezone(UTC)
    started = ended - timedelta(seconds=seconds)
    return started.strftime("%Y-%m-%dT%H:%M:%S"), ended.strftime("%Y-%m-%dT%H:%M:%S")


def _vulnerability(finding: Finding, masks: dict[str, FileMasker], meta: Meta) -> dict[str, object]:
    place = anchor(finding, meta)
    rule = meta.rules.get(finding.rule)
    identifiers = [{"type": "audit_rule_id", "name": f"audit rule {finding.rule}", "value": finding.rule}]
    if rule is not None:
        number = str(rule.cwe)
        url = f"https://cwe.mitre.org/data/definitions/{number}.html"
        identifiers.append({"type": "cwe", "name": f"CWE-{number}", "value": number, "url": url})
    solution = _solution(finding, masks, meta)
    return {
        "id": _uuid(finding),
        "name": _cut(clean(meta.title(finding.rule)), _LONGEST_NAME),
        "description": _description(finding, masks),
        "severity": finding.severity.label.capitalize(),
        **({"solution": solution} if solution else {}),
        "identifiers": identifiers,
        "location": {
            "file": clean(place.path),
            "commit": {"sha": _NO_COMMIT},
            "start_line": place.line,
            "end_line": place.end_line,
        },
    }


def _description(finding: Finding, masks: dict[str, FileMasker]) -> str:
    """GitLab takes it for Markdown, so nothing that a file or image chose may stand at the beginning of a line."""
    where = finding.location.path
    if finding.image is not None:
        where = f"{where}: {described(finding.image)}"
    parts = [f"{code(where)}: {remark(message(finding, masks))}"]
    if finding.secret is not None:
        parts.append(f"Value: {code(finding.secret.redacted)} ({remark(finding.secret.kind)}).")
    parts.append(f"Confidence: {finding.confidence.label}; verdict: {finding.verdict}.")
    return "\n\n".join(parts)


def _solution(finding: Finding, masks: dict[str, FileMasker], meta: Meta) -> str:
    """What to do, as Markdown; of a very long advice the first paragraphs."""
    rule = meta.rules.get(finding.rule)
    masker = masks.get(finding.location.path)
    remedy = masker.mask(finding.remedy) if finding.remedy and masker is not None else rule.remedy if rule else ""
    blocks: list[str] = []
    room = _LONGEST_SOLUTION
    for is_code, part in parts(remedy):
        block = "\n".join(fence(part)) if is_code else remark(" ".join(part))
        room -= len(block) + 2
        if room < 0:
            break
        blocks.append(block)
    return "\n\n".join(blocks)


def _uuid(finding: Finding) -> str:
    """One id for a finding in every run, of the form that GitLab asks for (RFC 9562, version 8)."""
    digest = hashlib.sha256(encoded(f"{finding.location.path}\0{finding.id}")).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + _CUT
