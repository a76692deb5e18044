"""Secrets in compose files."""

from __future__ import annotations

from auditor.core.finding import Confidence, Finding, Location, Severity
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.flow.services import ComposeFacts, Setting

_SEVERITIES = {"secret": Severity.HIGH, "weak": Severity.MEDIUM, "placeholder": Severity.LOW}
_CONFIDENCES = {"secret": Confidence.HIGH, "weak": Confidence.MEDIUM, "placeholder": Confidence.LOW}
_WHATS = {"weak": "a default password that works", "placeholder": "a placeholder"}


def compose_env_secret(facts: ComposeFacts) -> Iterator[Finding]:
    """A secret written into `environment` of a compose file."""
    for setting in facts.settings:
        yield _finding(facts, setting)


def _finding(facts: ComposeFacts, setting: Setting) -> Finding:
    entry, literal = setting.entry, setting.literal
    what = _WHATS.get(literal.level, "a secret")
    return Finding(
        "compose-env-secret",
        _SEVERITIES[literal.level],
        Location.of(facts.path, facts.file.lines, literal.span),
        f"{entry.name} of {entry.section.label} is set to {what}; the file, everyone who has its repository, and"
        " `docker inspect` of the container show it.",
        setting.label,
        confidence=_CONFIDENCES[literal.level],
        verdict="placeholder" if literal.level == "placeholder" else "unverified",
        secret=literal.secret,
        secret_span=literal.span,
    )
