"""Rules as loaded from `rules/`: metadata and prose. The function that runs a rule lives in `checks`."""

from __future__ import annotations

from auditor.core.finding import Confidence, Severity
from auditor.core.record import NamedTuple


class Rule(NamedTuple):
    """What running and reporting need of one rule; prose and examples are loaded separately."""

    id: str
    title: str
    family: str
    target: str
    severity: Severity
    confidence: Confidence
    fix: str
    remedy: str
    cwe: int

    @property
    def docs(self) -> str:
        """Path of the generated page, relative to the repository."""
        return f"docs/rules/{self.id}.md"

    @classmethod
    def of(cls, data: dict[str, str | int]) -> Rule:
        """Build from one entry of the compiled rule data. Raises KeyError on a missing field."""
        return cls(
            id=str(data["id"]),
            title=str(data["title"]),
            family=str(data["family"]),
            target=str(data["target"]),
            severity=Severity.parse(str(data["severity"])),
            confidence=Confidence[str(data["confidence"]).upper()],
            fix=str(data["fix"]),
            remedy=str(data["remedy"]),
            cwe=int(data["cwe"]),
        )
