"""What can be said of a value offline: whose it is, and whether it is a default that everybody knows."""

from __future__ import annotations

from auditor.core.image import LAYER
from auditor.core.record import TYPE_CHECKING
from auditor.detect.values import is_example_password, judge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.core.finding import Finding
    from auditor.core.secret import Secret

PLACEHOLDER = "placeholder"
_WEAK = "weak"
_LONGEST = 1024


def facts_of(findings: Iterable[Finding]) -> tuple[tuple[str, str], ...]:
    """What the value says of its owner (account, user, end), unless the findings say so themselves."""
    known = list(findings)
    said = " ".join(finding.message for finding in known)
    return tuple(fact for fact in owner_of(known) if fact[1] not in said)


def owner_of(findings: list[Finding]) -> tuple[tuple[str, str], ...]:
    """What the value says of its owner; what is recorded counts as if it were read."""
    recorded = next((f.facts for f in findings if f.facts is not None and f.facts.judged), None)
    if recorded is not None:
        return recorded.owner
    from auditor.detect.verify import verify

    secret = valued(findings)
    return verify(secret.kind, secret.reveal()).facts if secret is not None else ()


def is_weak(findings: Iterable[Finding], names: Iterable[str]) -> bool:
    """Whether the value is a default or a word that is tried first: `postgres`, `changeme`."""
    known = list(findings)
    if any(finding.facts is not None for finding in known):
        return any(finding.facts is not None and finding.facts.weak for finding in known)
    secret = valued(known)
    if secret is None or len(secret.reveal()) > _LONGEST:
        return False
    value = secret.reveal()
    return is_example_password(value) or any(judge(name, value).level == _WEAK for name in names)


def valued(findings: list[Finding]) -> Secret | None:
    """The value, as long as it does not depend on what earlier runs have searched: of layers it may not be known."""
    for finding in findings:
        in_layer = finding.image is not None and finding.image.part == LAYER
        if finding.secret is not None and finding.secret.reveal() and not in_layer:
            return finding.secret
    return None
