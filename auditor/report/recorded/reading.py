"""The JSON report of version 1, read back into a report that every format can render.

What a JSON report does not have is left out: source lines, secret values (unless they were asked for when it was
written), advice of a single case, steps of the story that have no place, and where exactly in its line a part stands.
"""

from __future__ import annotations

import json

from auditor.core.edit import Applicability
from auditor.core.facts import Facts
from auditor.core.finding import (
    Confidence,
    Finding,
    Report,
    Severity,
    Skipped,
    Step,
    Suppression,
    Target,
    TargetError,
)
from auditor.core.layerline import CACHED, FAILED, SCANNED, SKIPPED, LayerLine
from auditor.core.proposal import Proposal
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Remembered
from auditor.report.json_report import SCHEMA_VERSION
from auditor.report.meta import IMAGES
from auditor.report.recorded.fields import RecordError, Table
from auditor.report.recorded.places import related_of, spot

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A larger document is not read.
MOST_BYTES = 256 << 20
_VERDICTS = ("valid", "expired", "malformed", "placeholder", "unverified")
_SEVERITIES = tuple(level.label for level in reversed(Severity))
_CONFIDENCES = tuple(level.label for level in reversed(Confidence))
_APPLICABILITIES = tuple(level.label for level in Applicability)
_STATES = (SCANNED, CACHED, SKIPPED, FAILED)
_TOP = ("schema_version", "tool", "sought", "targets", "findings", "summary")
_FINDING = (
    *("id", "rule", "severity", "confidence", "verdict", "title", "message", "target", "location", "image", "related"),
    *("secret", "fixes", "suppressed", "excerpt", "facts"),
)
_TARGET = ("name", "kind", "digest", "complete", "errors", "skipped", "stats", "image")
#: Fields by which reports of other commands and tools are known.
_OTHERS = {
    "files": "a report of audit fix",
    "runs": "SARIF",
    "vulnerabilities": "a report for GitLab",
}


class Recorded(NamedTuple):
    """A report, the version and rules that made it, its rules' titles by id, and fields that this version skipped."""

    report: Report
    version: str
    rules_digest: str
    titles: Mapping[str, str]
    skipped: tuple[str, ...] = ()


def read(data: bytes, name: str) -> Recorded:
    """The report in a document of this name. Raises RecordError, which says where it is not as it should be."""
    top = Table(_document(data, name), name)
    if "schema_version" not in top:
        kind = next((kind for field, kind in _OTHERS.items() if field in top), "")
        raise top.error("", f"is {kind}, not a JSON report of audit" if kind else "is not a JSON report of audit")
    version = top.whole("schema_version")
    if version != SCHEMA_VERSION:
        raise top.error("schema_version", f"is {version}; this version of audit reads {SCHEMA_VERSION}")
    if "findings" not in top:
        raise top.error("", "has no findings: reports of audit lint, image and scan are read, not those of audit fix")
    tool = top.table("tool")
    tool.one_of("name", ("audit",))
    skipped = {f"{key}" for key in top.others(_TOP)}
    targets = [_target(table, skipped) for table in top.tables("targets")]
    titles: dict[str, str] = {}
    findings = [_finding(table, titles, skipped) for table in top.tables("findings")]
    summary = top.table("summary")
    report = Report(targets, findings, summary.number("seconds"))
    report.sought = tuple(top.lines("sought")) if "sought" in top else ()
    _check_summary(summary, report)
    _know(report)
    return Recorded(report, tool.line("version"), tool.line("rules_digest"), titles, tuple(sorted(skipped)))


def _document(data: bytes, name: str) -> object:
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_reject, object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise RecordError(f"{name}: is not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise RecordError(f"{name}:{error.lineno}:{error.colno}: is not JSON: {error.msg}") from None
    except RecursionError:
        raise RecordError(f"{name}: is nested too deeply") from None
    except ValueError as error:
        raise RecordError(f"{name}: is not JSON: {error}") from None


def _reject(word: str) -> object:
    raise ValueError(f"{word} is no number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [key for key, _ in pairs]
        raise ValueError(f"the field {next(key for key in names if names.count(key) > 1)!r} is there twice")
    return made


def _target(table: Table, skipped: set[str]) -> Target:
    skipped.update(f"targets[].{key}" for key in table.others(_TARGET))
    stats = table.table("stats")
    target = Target(table.text("name"), table.line("kind"), size=stats.whole("bytes"), files=stats.whole("files"))
    target.digest = table.maybe_text("digest")
    target.errors = [TargetError(error.text("message"), error.text("path")) for error in table.tables("errors")]
    target.skipped = [Skipped(item.text("path"), item.text("reason")) for item in table.tables("skipped")]
    if table.flag("complete") != target.complete:
        raise table.error("complete", "must be true where errors is empty, else false")
    if target.kind in IMAGES:
        image = table.table("image")
        target.platform = image.maybe_text("platform")
        target.layers = [_layer(layer) for layer in image.tables("layers")]
    if stats.whole("layers") != len(target.layers):
        raise stats.error("layers", f"is {stats.whole('layers')}, but {len(target.layers)} layers are listed")
    return target


def _layer(table: Table) -> LayerLine:
    size, stored = table.maybe_whole("size"), table.maybe_whole("stored_size")
    return LayerLine(
        table.whole("layer_index"),
        table.maybe_text("diff_id"),
        table.maybe_text("digest"),
        -1 if size is None else size,
        -1 if stored is None else stored,
        table.maybe_text("created_by"),
        table.maybe_whole("history_index"),
        table.flag("in_base"),
        table.one_of("state", _STATES),
        dockerfile_line=table.maybe_whole("dockerfile_line", 1),
    )


def _finding(table: Table, titles: dict[str, str], skipped: set[str]) -> Finding:
    skipped.update(f"findings[].{key}" for key in table.others(_FINDING))
    rule = table.line("rule")
    titles.setdefault(rule, table.line("title"))
    secret = _secret(table.maybe_table("secret"))
    place, location = spot(table)
    flow, related = related_of(table, in_image=place is not None)
    facts = table.table("facts") if "facts" in table else None
    finding = Finding(
        rule,
        Severity.parse(table.one_of("severity", _SEVERITIES)),
        location,
        table.text("message"),
        facts.text("subject") if facts is not None else "",
        confidence=Confidence[table.one_of("confidence", _CONFIDENCES).upper()],
        verdict=table.one_of("verdict", _VERDICTS),
        flow=flow,
        secret=secret,
        image=place,
        related=related,
        group=secret.fingerprint(b"") if secret is not None and place is not None else "",
        excerpt=table.maybe_text("excerpt") if place is not None else "",
    )
    finding.id = table.digits("id", 20, 20)
    finding.fixes = tuple(map(_fix, table.tables("fixes")))
    if facts is not None:
        _add_facts(finding, facts)
    by = table.maybe_table("suppressed")
    if by is not None:
        finding.suppressed = Suppression(by.one_of("by", ("inline", "baseline")), by.text("reason"))
    return finding


def _fix(table: Table) -> Proposal:
    """What was written of a fix; the first reports of version 1 had no more than title and applicability."""
    applicability = table.one_of("applicability", _APPLICABILITIES)
    reason, diff = (table.maybe_text(key) if key in table else "" for key in ("reason", "diff"))
    also, commands = (tuple(table.texts(key)) if key in table else () for key in ("also", "commands"))
    return Proposal(table.text("title"), applicability, reason, diff, also, commands)


def _add_facts(finding: Finding, table: Table) -> None:
    """What the value said while it was known, and the steps of the story that have no place."""
    owner = tuple((fact.line("what"), fact.text("value")) for fact in table.tables("owner"))
    finding.facts = Facts(table.flag("judged"), owner, table.flag("weak"))
    placed = list(finding.flow)
    story: list[Step] = []
    for message in [step.text("message") for step in table.tables("steps")] if "steps" in table else ():
        story.append(placed.pop(0) if placed and placed[0].message == message else Step(message, None))
    finding.flow = (*story, *placed)


def _secret(table: Table | None) -> Remembered | None:
    if table is None:
        return None
    value = table.text("value") if "value" in table else ""
    return Remembered(table.line("redacted"), table.line("type"), table.line("fingerprint"), value)


def _check_summary(summary: Table, report: Report) -> None:
    """Raise RecordError where the summary counts other findings than there are: some have been lost or added."""
    numbers = {level.label: 0 for level in Severity} | {"suppressed": len(report.findings) - len(report.active)}
    for finding in report.active:
        numbers[finding.severity.label] += 1
    for key, number in numbers.items():
        if summary.whole(key) != number:
            raise summary.error(key, f"is {summary.whole(key)}, but {number} such findings are listed")


def _know(report: Report) -> None:
    """Tell the targets the values that the document has, so that every format masks them."""
    targets = {target.name: target for target in report.targets}
    for finding in report.findings:
        target = targets.get(finding.location.path)
        if target is not None and finding.secret is not None and finding.secret.reveal():
            target.secrets.append(finding.secret)
