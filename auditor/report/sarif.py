"""SARIF 2.1.0 for code scanning and editors; GitHub's required properties and limits (GitHub: "SARIF support")."""

from __future__ import annotations

import json
from urllib.parse import quote

from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING
from auditor.report import image_sarif, sarif_fixes
from auditor.report.images import described, source, told
from auditor.report.limits import fitted, left_out, strongest
from auditor.report.masking import FileMasker, maskers
from auditor.report.meta import IMAGES
from auditor.report.noted import Noted
from auditor.report.plain import clean, from_root
from auditor.report.runbook.markdown import text as text_of
from auditor.report.terminal import inert_json

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Location, Report, Step, Target
    from auditor.core.image import ImagePlace
    from auditor.core.rule import Rule
    from auditor.report.meta import Meta

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: GitHub's limits: more results or bytes (compressed) are refused, of more results the first ones are shown, longer
#: descriptions and flows are cut.
MOST_RESULTS, MOST_SHOWN = 25_000, 5_000
MOST_BYTES = 10_000_000
_READER = f"GitHub takes {MOST_RESULTS:,} results and {MOST_BYTES // 1_000_000} MB of compressed SARIF"
_LONGEST_DESCRIPTION = 1024
_MOST_STEPS = 100
#: GitHub's scale: above 9.0 critical, from 7.0 high, from 4.0 medium, below low.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
    Severity.INFO: "0.1",
}


def render(report: Report, meta: Meta) -> Noted:
    """One run with all findings, hidden and suppressed ones too, as long as GitHub takes it."""
    some = strongest(report.findings, MOST_RESULTS)
    text, kept = fitted(some, MOST_BYTES, _stored_size, lambda findings: _written(report, findings, meta))
    return Noted.of(text, left_out(report.findings, kept, _READER), _unshown(kept))


def _stored_size(text: str) -> int:
    """At most so many bytes are uploaded: those of a quick compression, which is no better than what uploads use."""
    if len(text) <= MOST_BYTES:
        return len(text)
    import gzip

    return len(gzip.compress(text.encode("ascii"), compresslevel=1))


def _written(report: Report, findings: list[Finding], meta: Meta) -> str:
    masks = maskers(report)
    known = [_rule(meta.rules[rule_id], meta) for rule_id in sorted(meta.rules)]
    unknown = _unknown_rules(findings, meta)
    index = {str(rule["id"]): at for at, rule in enumerate([*known, *unknown])}
    driver = {"name": "audit", "rules": [*known, *unknown]}
    if meta.version:
        driver |= {"version": meta.version, "semanticVersion": meta.version}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"audit/{meta.command}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, masks, meta, findings)],
        "results": [_result(f, masks.get(f.location.path) or FileMasker([], []), index, meta) for f in findings],
    }
    return inert_json(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)) + "\n"


def _unshown(findings: list[Finding]) -> str:
    """What GitHub does with more results than it shows."""
    if len(findings) <= MOST_SHOWN:
        return ""
    return f"GitHub shows the {MOST_SHOWN:,} most severe of these {len(findings):,} results"


def _rule(rule: Rule, meta: Meta) -> dict[str, object]:
    why = meta.prose.get(rule.id, "")
    help_text = f"{why}\n\n{rule.remedy}" if why else rule.remedy
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": _shortened(why or f"{rule.title}.")},
        "help": {"text": help_text, "markdown": help_text},
        "defaultConfiguration": {"level": _level(rule.severity)},
        "properties": {
            "tags": ["security", rule.family, f"external/cwe/cwe-{rule.cwe}"],
            "precision": rule.confidence.label,
            "security-severity": _SCORES[rule.severity],
        },
    }


def _unknown_rules(findings: list[Finding], meta: Meta) -> list[dict[str, object]]:
    """Rules of the user's own: GitHub wants a description of every rule that has results."""
    worst: dict[str, Finding] = {}
    for finding in findings:
        if finding.rule not in meta.rules:
            found = worst.setdefault(finding.rule, finding)
            worst[finding.rule] = max(found, finding, key=lambda f: f.severity)
    return [_unknown_rule(rule_id, worst[rule_id], meta) for rule_id in sorted(worst)]


def _unknown_rule(rule_id: str, finding: Finding, meta: Meta) -> dict[str, object]:
    title = clean(meta.title(rule_id)) or rule_id
    said = f"{title}."
    return {
        "id": rule_id,
        "shortDescription": {"text": title},
        "fullDescription": {"text": _shortened(said)},
        "help": {"text": said, "markdown": text_of(said)},
        "defaultConfiguration": {"level": _level(finding.severity)},
        "properties": {
            "tags": ["security"],
            "precision": finding.confidence.label,
            "security-severity": _SCORES[finding.severity],
        },
    }


def _result(finding: Finding, masker: FileMasker, index: dict[str, int], meta: Meta) -> dict[str, object]:
    result: dict[str, object] = {"ruleId": finding.rule}
    if finding.rule in index:
        result["ruleIndex"] = index[finding.rule]
    properties: dict[str, object] = {
        "severity": finding.severity.label,
        "confidence": finding.confidence.label,
        "verdict": finding.verdict,
        "security-severity": _SCORES[finding.severity],
    }
    if finding.secret is not None:
        properties |= {"secretType": finding.secret.kind, "secret": clean(finding.secret.redacted)}
    result |= {
        "level": _level(finding.severity),
        "message": {"text": _message(finding, masker, meta)},
        "locations": [_location(finding, meta)],
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.id}:1", "auditFinding/v1": finding.id},
        "properties": properties,
    }
    if finding.flow:
        result |= _flow(finding, masker, meta)
    if finding.image is not None:
        properties |= image_sarif.properties(finding.image, masker)
        if related := _related(finding, masker, meta):
            result["relatedLocations"] = related
    if fixes := sarif_fixes.fixes(finding, masker, lambda path: _uri(path, meta)):
        result["fixes"] = fixes
    if finding.suppressed is not None:
        reason = clean(masker.mask(finding.suppressed.reason))
        kind = "inSource" if finding.suppressed.by == "inline" else "external"
        suppression = {"kind": kind, "status": "accepted"}
        result["suppressions"] = [suppression | ({"justification": reason} if reason else {})]
    return result


def _message(finding: Finding, masker: FileMasker, meta: Meta) -> str:
    """In an image the place as well: what shows results may show the line of the Dockerfile alone. Never empty."""
    message = masker.mask(finding.message) or meta.title(finding.rule)
    if finding.image is not None:
        message = f"{described(finding.image)}: {told(message, finding.image)}"
    return clean(message)


def _location(finding: Finding, meta: Meta) -> dict[str, object]:
    if finding.image is None:
        return {"physicalLocation": _physical(finding.location, meta)}
    return _image_location(finding.location.path, finding.image, meta)


def _image_location(name: str, place: ImagePlace, meta: Meta) -> dict[str, object]:
    """A line of the Dockerfile where one is known, else the place in the image as if that were a folder."""
    line = source(place)
    if line is not None and not from_root(line.path, meta).startswith("/"):
        physical = {"artifactLocation": {"uri": _uri(line.path, meta)}, "region": {"startLine": line.start_line}}
    else:
        physical = image_sarif.physical(place)
    return {"physicalLocation": physical, "logicalLocations": [image_sarif.logical(name, place)]}


def _related(finding: Finding, masker: FileMasker, meta: Meta) -> list[dict[str, object]]:
    located = []
    for related in finding.related[:_MOST_STEPS]:
        message = {"message": {"text": clean(masker.mask(related.message))}}
        if related.image is not None:
            located.append(message | _image_location(finding.location.path, related.image, meta))
        elif related.location is not None:
            located.append(message | {"physicalLocation": _physical(related.location, meta)})
    return [{"id": number, **place} for number, place in enumerate(located, 1)]


def _flow(finding: Finding, masker: FileMasker, meta: Meta) -> dict[str, object]:
    steps = finding.flow[:_MOST_STEPS]
    located = [step for step in steps if step.location is not None]
    flow: dict[str, object] = {
        "codeFlows": [{"threadFlows": [{"locations": [{"location": _step(s, masker, meta)} for s in steps]}]}]
    }
    if located:
        flow["relatedLocations"] = [{"id": i, **_step(s, masker, meta)} for i, s in enumerate(located, 1)]
    return flow


def _step(step: Step, masker: FileMasker, meta: Meta) -> dict[str, object]:
    place: dict[str, object] = {"message": {"text": clean(masker.mask(step.message))}}
    if step.location is not None:
        place["physicalLocation"] = _physical(step.location, meta)
    return place


def _physical(location: Location, meta: Meta) -> dict[str, object]:
    region = {
        "startLine": location.start_line,
        "startColumn": location.start_column,
        "endLine": location.end_line,
        "endColumn": location.end_column,
    }
    if location.offset is not None:
        region |= {"byteOffset": location.offset, "byteLength": location.end_column - location.start_column}
    return {"artifactLocation": {"uri": _uri(location.path, meta)}, "region": region}


def _uri(path: str, meta: Meta) -> str:
    rooted = from_root(path, meta)
    encoded = quote(rooted.encode("utf-8", "surrogateescape"), safe="/")
    return f"file://{encoded}" if rooted.startswith("/") else encoded


def _invocation(report: Report, masks: dict[str, FileMasker], meta: Meta, kept: list[Finding]) -> dict[str, object]:
    notes = [_notice(target, masks[target.name], meta) for target in report.targets]
    notifications = [note for of_target in notes for note in of_target]
    if cut := left_out(report.findings, kept, _READER):
        notifications.append({"level": "warning", "message": {"text": f"{cut}."}})
    if unshown := _unshown(kept):
        notifications.append({"level": "note", "message": {"text": f"{unshown}."}})
    invocation: dict[str, object] = {"executionSuccessful": report.complete}
    if notifications:
        invocation["toolExecutionNotifications"] = notifications
    if meta.time:
        invocation["endTimeUtc"] = meta.time
    return invocation


def _notice(target: Target, masker: FileMasker, meta: Meta) -> list[dict[str, object]]:
    notices: list[dict[str, object]] = []
    for error in target.errors:
        text = clean(masker.mask(error.message))
        if target.kind in IMAGES:
            named = "" if error.path in ("", target.name) else f"{clean(error.path)}: "
            notices.append({"level": "error", "message": {"text": f"{clean(target.name)}: {named}{text}"}})
            continue
        place: dict[str, object] = {"artifactLocation": {"uri": _uri(error.path, meta)}}
        if error.line is not None:
            place["region"] = {"startLine": error.line}
        notices.append(
            {
                "level": "error",
                "message": {"text": text},
                "locations": [{"physicalLocation": place}],
            }
        )
    return notices


def _level(severity: Severity) -> str:
    if severity >= Severity.HIGH:
        return "error"
    return "warning" if severity == Severity.MEDIUM else "note"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_DESCRIPTION else text[: _LONGEST_DESCRIPTION - 1] + "…"
