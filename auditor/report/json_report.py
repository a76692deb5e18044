"""The JSON report, version 1. Field names are a contract: fields are added, never renamed."""

from __future__ import annotations

import json

from auditor.core.record import TYPE_CHECKING
from auditor.report.images import location, source
from auditor.report.masking import FileMasker, maskers
from auditor.report.meta import IMAGES, counts
from auditor.report.plain import clean
from auditor.report.runbook.masks import masks_of
from auditor.report.runbook.told import told
from auditor.report.terminal import inert_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.core.finding import Finding, Location, Report, Target
    from auditor.core.image import ImagePlace
    from auditor.core.layerline import LayerLine
    from auditor.core.proposal import Proposal
    from auditor.core.secret import Secret
    from auditor.report.meta import Meta

SCHEMA_VERSION = 1


def render(report: Report, meta: Meta) -> str:
    """All findings, hidden and suppressed ones too; severities are counted over those that are not suppressed."""
    masks = maskers(report)
    content = {
        "schema_version": SCHEMA_VERSION,
        "tool": tool_of(meta),
        **sought_of(report),
        "targets": [target_of(target, masks[target.name]) for target in report.targets],
        "findings": list(findings_of(report, masks, meta)),
        "summary": summary_of(report),
    }
    return inert_json(json.dumps(content, indent=1)) + "\n"


def tool_of(meta: Meta) -> dict[str, object]:
    """Who has found it, and with which rules."""
    return {"name": "audit", "version": meta.version, "rules_digest": meta.rules_digest}


def sought_of(report: Report) -> dict[str, object]:
    """Names of the values that a proof of absence has looked for; of other runs nothing."""
    return {"sought": [clean(name) for name in report.sought]} if report.sought else {}


def summary_of(report: Report) -> dict[str, object]:
    """Active findings by severity, the number of suppressed ones, and the time that the run took."""
    return {
        **{level.label: number for level, number in counts(report.active).items()},
        "suppressed": len(report.findings) - len(report.active),
        "seconds": round(report.seconds, 3),
    }


def target_of(target: Target, masker: FileMasker) -> dict[str, object]:
    """One target as every JSON report has it."""
    return {
        "name": clean(target.name),
        "kind": target.kind,
        "digest": clean(target.digest) or None,
        "complete": target.complete,
        "errors": [{"message": clean(masker.mask(e.message)), "path": clean(e.path)} for e in target.errors],
        "skipped": [{"path": clean(s.path), "reason": clean(s.reason)} for s in target.skipped],
        "stats": {"bytes": target.size, "files": target.files, "layers": len(target.layers)},
        **({"image": _image_of(target, masker)} if target.kind in IMAGES else {}),
    }


def _image_of(target: Target, masker: FileMasker) -> dict[str, object]:
    return {
        "platform": clean(target.platform) or None,
        "layers": [_layer(layer, masker) for layer in target.layers],
    }


def _layer(layer: LayerLine, masker: FileMasker) -> dict[str, object]:
    return {
        "layer_index": layer.number,
        "diff_id": clean(layer.diff_id) or None,
        "digest": clean(layer.digest) or None,
        "size": layer.size if layer.size >= 0 else None,
        "stored_size": layer.stored if layer.stored >= 0 else None,
        "history_index": layer.history_index,
        "created_by": clean(masker.mask(layer.created_by)) or None,
        "dockerfile_line": layer.dockerfile_line,
        "in_base": layer.in_base,
        "state": layer.state,
    }


def findings_of(report: Report, masks: Mapping[str, FileMasker], meta: Meta) -> Iterator[dict[str, object]]:
    """Every finding, with what a runbook needs."""
    nothing = FileMasker([], [])
    kinds, quoting = {target.name: target.kind for target in report.targets}, masks_of(report)
    for finding in report.findings:
        path = finding.location.path
        facts = told(finding, kinds.get(path, ""), quoting[path])
        yield {**finding_of(finding, masks.get(path, nothing), meta), "facts": facts}


def finding_of(finding: Finding, masker: FileMasker, meta: Meta) -> dict[str, object]:
    """One finding as every JSON report has it."""
    suppressed = finding.suppressed
    place = location(finding)
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": finding.severity.label,
        "confidence": finding.confidence.label,
        "verdict": finding.verdict,
        "title": meta.title(finding.rule),
        "message": clean(masker.mask(finding.message)),
        "target": clean(finding.location.path),
        "location": place and _location(place),
        "image": finding.image and _image(finding.image, masker),
        "related": _related(finding, masker),
        "secret": _secret(finding.secret, meta) if finding.secret is not None else None,
        "fixes": [_fix(fix, masker) for fix in finding.fixes],
        "suppressed": suppressed and {"by": suppressed.by, "reason": clean(masker.mask(suppressed.reason))},
        **({"excerpt": clean(masker.mask(finding.excerpt)) or None} if finding.image else {}),
    }


def _related(finding: Finding, masker: FileMasker) -> list[dict[str, object]]:
    found: list[dict[str, object]] = [
        {"message": clean(masker.mask(step.message)), "location": _location(step.location), "image": None}
        for step in finding.flow
        if step.location is not None
    ]
    for related in finding.related:
        place = related.location or (related.image and source(related.image))
        image = related.image and _image(related.image, masker)
        message = clean(masker.mask(related.message))
        found.append({"message": message, "location": place and _location(place), "image": image})
    return found


def _image(place: ImagePlace, masker: FileMasker) -> dict[str, object]:
    """The coordinates; what does not apply is null."""
    return {
        "part": place.part,
        "layer_index": place.layer_index,
        "diff_id": clean(place.diff_id) or None,
        "digest": clean(place.digest) or None,
        "path": clean(place.path) or None,
        "inner_path": clean(place.inner_path) or None,
        "line": place.line,
        "offset": place.offset,
        "pointer": clean(place.pointer) or None,
        "state": place.state,
        "removed_by_layer": place.removed_by_layer,
        "history_index": place.history_index,
        "created_by": clean(masker.mask(place.created_by)) or None,
        "dockerfile_line": place.dockerfile_line,
        "in_base": place.in_base,
        "package": clean(place.package) or None,
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
    if meta.show_secrets and secret.reveal():
        shown["value"] = clean(secret.reveal())
    return shown


def _fix(fix: Proposal, masker: FileMasker) -> dict[str, object]:
    """A change that removes the finding; `also` and `commands` are there where there are some."""
    return {
        "title": clean(masker.mask(fix.title)),
        "applicability": fix.applicability,
        "reason": clean(masker.mask(fix.reason)) or None,
        "diff": clean(masker.mask(fix.diff)) or None,
        **({"also": [clean(path) for path in fix.also]} if fix.also else {}),
        **({"commands": [clean(masker.mask(command)) for command in fix.commands]} if fix.commands else {}),
    }
