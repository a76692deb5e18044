"""JSON Lines: the JSON report as one record for each line, for programs that read as they go."""

from __future__ import annotations

import json

from auditor.core.record import TYPE_CHECKING
from auditor.report.json_report import SCHEMA_VERSION, findings_of, sought_of, summary_of, target_of, tool_of
from auditor.report.masking import maskers
from auditor.report.terminal import inert_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.finding import Report
    from auditor.report.meta import Meta


def render(report: Report, meta: Meta) -> str:
    """A record `report`, then each target, each finding (hidden and suppressed ones too), at last the `summary`.

    `type` says which it is; the other fields are those of the JSON report.
    """
    return inert_json("".join(f"{json.dumps(record)}\n" for record in _records(report, meta)))


def _records(report: Report, meta: Meta) -> Iterator[dict[str, object]]:
    masks = maskers(report)
    yield {"type": "report", "schema_version": SCHEMA_VERSION, "tool": tool_of(meta), **sought_of(report)}
    for target in report.targets:
        yield {"type": "target", **target_of(target, masks[target.name])}
    for finding in findings_of(report, masks, meta):
        yield {"type": "finding", **finding}
    yield {"type": "summary", **summary_of(report)}
