"""The JSON report of `audit fix`, version 1. Field names are a contract: fields are added, never renamed.

`files` has an entry for every Dockerfile and compose file: what was changed with it (`changes`), which findings that
answers (`applied`), which stay and why (`left`), what the build has to be given from now on (`secrets`, `commands`) and
which credentials are burnt (`rotate`). Findings are written as in the report of `audit lint`.
"""

from __future__ import annotations

import json

from auditor.core.record import TYPE_CHECKING
from auditor.report.fix_shapes import FIXED, PLANNED, REFUSED, UNCHANGED, is_refused
from auditor.report.json_report import finding_of
from auditor.report.masking import masker
from auditor.report.plain import clean
from auditor.report.rotation import rotations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.report.fix_shapes import Change, Fixed, FixReport, Proof
    from auditor.report.masking import FileMasker
    from auditor.report.meta import Meta

SCHEMA_VERSION = 1


def render(report: FixReport, meta: Meta) -> str:
    """Everything, findings below the least severity too."""
    states = [fixed.state for fixed in report.files]
    content = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "audit", "version": meta.version, "rules_digest": meta.rules_digest},
        "files": [_file(fixed, meta) for fixed in report.files],
        "errors": [clean(error) for error in report.errors],
        "summary": {
            **{state: states.count(state) for state in (FIXED, PLANNED, REFUSED, UNCHANGED)},
            "findings_fixed": _count(report, FIXED),
            "findings_planned": _count(report, PLANNED),
            "findings_refused": _count(report, REFUSED),
            "findings_left": sum(len(fixed.left) for fixed in report.files),
            "complete": report.complete,
            "seconds": round(report.seconds, 3),
        },
    }
    return json.dumps(content, indent=1) + "\n"


def _count(report: FixReport, state: str) -> int:
    return sum(len(one.findings) for fixed in report.files if fixed.state == state for one in fixed.rewrite.applied)


def _file(fixed: Fixed, meta: Meta) -> dict[str, object]:
    rewrite = fixed.rewrite
    mask = masker(rewrite.target)
    return {
        "path": clean(rewrite.path),
        "kind": rewrite.target.kind,
        "state": fixed.state,
        "changed": fixed.state == FIXED,
        "reason": clean(mask.mask(fixed.reason)) or None,
        "complete": rewrite.target.complete,
        "errors": [{"message": clean(mask.mask(e.message)), "path": clean(e.path)} for e in rewrite.target.errors],
        "changes": [_change(change) for change in rewrite.changes if change.before != change.after],
        "applied": [
            {
                "title": clean(mask.mask(one.title)),
                "applicability": one.applicability.label,
                "reason": clean(mask.mask(one.reason)),
                "findings": [finding_of(finding, mask, meta) for finding in one.findings],
            }
            for one in rewrite.applied
        ],
        "left": [
            {
                "finding": finding_of(left.finding, mask, meta),
                "reason": clean(mask.mask(left.reason)),
                "unsafe_fix": left.unsafe,
                "refused": is_refused(left),
            }
            for left in rewrite.left
        ],
        **_wanted(fixed, mask, meta),
        "proof": fixed.proof and _proof(fixed.proof, mask),
    }


def _change(change: Change) -> dict[str, object]:
    return {"path": clean(change.path), "kind": change.kind, "new": change.before is None}


def _wanted(fixed: Fixed, mask: FileMasker, meta: Meta) -> dict[str, object]:
    """What is left for people to do."""
    rewrite = fixed.rewrite
    return {
        "secrets": [
            {
                "id": clean(secret.id),
                "kind": secret.kind,
                "name": clean(secret.name) or None,
                "source": clean(secret.source) or None,
                "required": secret.required,
                "argument": secret.argument,
            }
            for secret in rewrite.secrets
        ],
        "commands": _texts(rewrite.commands, mask),
        "unchanged_callers": [
            {
                "path": clean(one.path),
                "line": one.line,
                "arguments": [clean(name) for name in one.arguments],
                "problem": clean(mask.mask(one.problem)) or None,
            }
            for one in rewrite.unchanged
        ],
        "rotate": [
            {
                "what": clean(mask.mask(one.what)),
                "where": clean(mask.mask(one.where)),
                "path": clean(one.path),
                "line": one.line,
                "stays": one.stays,
            }
            for one in rotations(fixed, meta.rules)
        ],
        "notes": _texts(rewrite.notes, mask),
    }


def _texts(texts: Sequence[str], mask: FileMasker) -> list[str]:
    return [clean(mask.mask(text)) for text in dict.fromkeys(texts)]


def _proof(proof: Proof, mask: FileMasker) -> dict[str, object]:
    return {
        "holds": proof.holds,
        "checks": [
            {
                "name": check.name,
                "ok": check.ok,
                "sentence": clean(mask.mask(check.sentence)),
                "evidence": _texts(check.evidence, mask),
            }
            for check in proof.checks
        ],
        "images": {"before": proof.before or None, "after": proof.after or None},
        "seconds": round(proof.seconds, 3),
    }
