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
    from auditor.detect.verify import verify

    known = list(findings)
    secret = _value_of(known)
    if secret is None:
        return ()
    said = " ".join(finding.message for finding in known)
    return tuple(fact for fact in verify(secret.kind, secret.reveal()).facts if fact[1] not in said)


def is_weak(findings: Iterable[Finding], names: Iterable[str]) -> bool:
    """Whether the value is a default or a word that is tried first: `postgres`, `changeme`."""
    secret = _value_of(list(findings))
    if secret is None or len(secret.reveal()) > _LONGEST:
        return False
    value = secret.reveal()
    return is_example_password(value) or any(judge(name, value).level == _WEAK for name in names)


def _value_of(findings: list[Finding]) -> Secret | None:
    """The value, as long as it does not depend on what earlier runs have searched: of layers it may not be known."""
    for finding in findings:
        in_layer = finding.image is not None and finding.image.part == LAYER
        if finding.secret is not None and finding.secret.reveal() and not in_layer:
            return finding.secret
    return None
