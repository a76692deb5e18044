"""The JSON report, version 1. Field names are a contract: fields are added, never renamed."""

from __future__ import annotations

import json

from auditor.core.record import TYPE_CHECKING
from auditor.report.masking import FileMasker, maskers
from auditor.report.meta import counts
from auditor.report.plain import clean

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Location, Report, Target
    from auditor.core.secret import Secret
    from auditor.report.meta import Meta

SCHEMA_VERSION = 1


def render(report: Report, meta: Meta) -> str:
    """All findings, hidden and suppressed ones too; severities are counted over those that are not suppressed."""
    masks = maskers(report)
    nothing = FileMasker([], [])
    content = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "audit", "version": meta.version, "rules_digest": meta.rules_digest},
        "targets": [_target(target, masks[target.name]) for target in report.targets],
        "findings": [_finding(f, masks.get(f.location.path, nothing), meta) for f in report.findings],
        "summary": {
            **{level.label: number for level, number in counts(report.active).items()},
            "suppressed": len(report.findings) - len(report.active),
            "seconds": round(report.seconds, 3),
        },
    }
    return json.dumps(content, indent=1) + "\n"


def _target(target: Target, masker: FileMasker) -> dict[str, object]:
    return {
        "name": clean(target.name),
        "kind": target.kind,
        "digest": None,
        "complete": target.complete,
        "errors": [{"message": clean(masker.mask(e.message)), "path": clean(e.path)} for e in target.errors],
        "skipped": [{"path": clean(s.path), "reason": clean(s.reason)} for s in target.skipped],
        "stats": {"bytes": target.size, "files": target.files, "layers": 0},
    }


def _finding(finding: Finding, masker: FileMasker, meta: Meta) -> dict[str, object]:
    suppressed = finding.suppressed
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": finding.severity.label,
        "confidence": finding.confidence.label,
        "verdict": finding.verdict,
        "title": meta.title(finding.rule),
        "message": clean(masker.mask(finding.message)),
        "target": clean(finding.location.path),
        "location": _location(finding.location),
        "image": None,
        "related": [
            {"message": clean(masker.mask(step.message)), "location": _location(step.location), "image": None}
            for step in finding.flow
            if step.location is not None
        ],
        "secret": _secret(finding.secret, meta) if finding.secret is not None else None,
        "fixes": [],
        "suppressed": suppressed and {"by": suppressed.by, "reason": clean(masker.mask(suppressed.reason))},
    }


def _location(location: Location) -> dict[str, object]:
    offset = {} if location.offset is None else {"offset": location.offset}
    return {
        "path": clean(location.path),
        "start_line": location.start_line,
        "start_column": location.start_column,
        "end_line": location.end_line,
        "end_column": location.end_column,
        **offset,
    }


def _secret(secret: Secret, meta: Meta) -> dict[str, str]:
    shown = {
        "type": secret.kind,
        "redacted": clean(secret.redacted),
        "fingerprint": secret.fingerprint(meta.key),
    }
    if meta.show_secrets:
        shown["value"] = clean(secret.reveal())
    return shown
