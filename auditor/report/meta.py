"""What a report says besides the findings. What varies (time, width, keys) is given, so formats stay pure."""

from __future__ import annotations

from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.core.finding import Finding, Report
    from auditor.core.rule import Rule


#: Kinds of targets that are made of layers.
IMAGES = ("image", "cache")


class Meta(NamedTuple):
    """`rules` are those of `command`, which was run. `key` (bytes) keys the secrets' fingerprints; `time` is ISO 8601
    in UTC; `width` is in terminal columns; `prefix` leads from the repository root to the paths of the report; `prose`
    has a rule's explanation by id; `titles` are those of rules that are not among `rules`, by id."""

    version: str
    rules: Mapping[str, Rule]
    rules_digest: str = ""
    fail_on: Severity | None = Severity.MEDIUM
    min_severity: Severity = Severity.INFO
    show_secrets: bool = False
    color: bool = False
    width: int = 80
    key: bytes = b""
    time: str = ""
    prefix: str = ""
    verbose: bool = False
    prose: Mapping[str, str] = {}
    command: str = "lint"
    titles: Mapping[str, str] = {}

    def title(self, rule_id: str) -> str:
        """A rule's title; the id where nothing says it."""
        rule = self.rules.get(rule_id)
        return rule.title if rule else self.titles.get(rule_id, rule_id)

    def shown(self, report: Report) -> list[Finding]:
        """The findings a reader is shown: active, and not below the least severity."""
        return [f for f in report.active if f.severity >= self.min_severity]


def counts(findings: list[Finding]) -> dict[Severity, int]:
    """How many findings there are of each severity, worst first; severities without any are there with 0."""
    found = dict.fromkeys(sorted(Severity, reverse=True), 0)
    for finding in findings:
        found[finding.severity] += 1
    return found
