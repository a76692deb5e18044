"""What every check needs to turn a fact into a finding: place, severity, story. Knows no single rule."""

from __future__ import annotations

from auditor.checks.remedies import named
from auditor.core.finding import Confidence, Finding, Location, Severity, Step
from auditor.core.span import Span
from auditor.flow import facts
from auditor.flow.build import Build

ONBUILD = "onbuild-secret"
#: Literals that rules of their own report.
KEY_KINDS = ("private-key", "age-secret-key", "putty-private-key", "openssh-private-key", "pgp-private-key")
#: Token formats that open a secret manager, by the beginning of their ids.
WRAPPER_KINDS = ("keeper-", "vault-", "doppler-", "onepassword-", "1password-", "bitwarden-", "infisical-", "dotenvx-")
_MAX_STEPS = 8


def report(
    build: Build,
    rule: str,
    where: facts.Step,
    span: Span,
    severity: Severity,
    message: str,
    subject: str,
    *,
    confidence: Confidence = Confidence.HIGH,
    verdict: str = "unverified",
    flow: list[Step] | None = None,
    literal: facts.Literal | None = None,
    remedy: str = "",
) -> Finding:
    """A finding; inside an ONBUILD trigger it becomes one of the rule for triggers."""
    if where.onbuild and rule != ONBUILD:
        rule, remedy = ONBUILD, ""
        message = f"{message} It stands in an ONBUILD trigger: every build on this image repeats it."
    location = Location.of(build.path, build.document.lines, span)
    steps = tuple((flow or [])[:_MAX_STEPS])
    return Finding(
        rule,
        severity,
        location,
        message,
        subject,
        confidence=confidence,
        verdict=verdict,
        flow=steps,
        secret=literal.secret if literal else None,
        secret_span=literal.span if literal else None,
        remedy=remedy or named(rule, subject),
    )


def at(build: Build, message: str, span: Span) -> Step:
    """One step of a story."""
    return Step(message, Location.of(build.path, build.document.lines, span))


def graded(where: facts.Step, level: str = "secret") -> Severity:
    """Severity of a leak by where its stage ends up and how real the value is.

    What ships with the final image is high; a builder stage leaks to log and cache only (rewrite facts, section 0).
    """
    if level == "placeholder":
        return Severity.LOW
    if level == "weak":
        return Severity.MEDIUM
    return Severity.HIGH if where.ships or where.onbuild else Severity.MEDIUM


def origin_steps(build: Build, origins: tuple[facts.Origin, ...]) -> list[Step]:
    """How the data got there: one step for each sensitive origin."""
    steps = []
    for origin in origins:
        if origin.sensitive:
            steps.append(at(build, _origin_text(origin), origin.span))
    return steps


def _origin_text(origin: facts.Origin) -> str:
    if origin.kind == "mount":
        return f"the build secret {origin.name} is mounted"
    if origin.kind == "file":
        return f"{origin.name} holds a credential"
    if origin.kind == "fetched":
        return f"{origin.name} prints a credential"
    if origin.kind in ("generated", "downloaded"):
        return f"{origin.name} makes the file"
    variable = origin.variable
    kind = "build argument" if variable is None or variable.kind == "argument" else "environment variable"
    if variable is not None and variable.inferred is not None and not _says_so(variable):
        return f"{origin.name} is a {kind}; {variable.inferred.reason}"
    return f"{origin.name} is a {kind}"


def _says_so(variable: facts.Variable) -> bool:
    return variable.reading is not None


def sensitive(origins: tuple[facts.Origin, ...]) -> tuple[facts.Origin, ...]:
    """The origins that are secrets."""
    return tuple(o for o in origins if o.sensitive)


def is_key(literal: facts.Literal) -> bool:
    """Whether a literal is a private key, which `baked-private-key` reports."""
    return literal.secret.kind.startswith(KEY_KINDS)


def is_wrapper(literal: facts.Literal, name: str = "") -> bool:
    """Whether a literal is the credential of a secret manager's client, which `baked-wrapper-config` reports.

    `name`: of the variable that holds it, where the literal's own is that of its format.
    """
    if literal.secret.kind.startswith(WRAPPER_KINDS):
        return True
    if literal.level != "secret":
        return False
    from auditor.core.wrappers import credential_variables  # start-up: files with a secret only

    upper = (name or literal.name).upper()
    return any(upper == n or upper.endswith("_" + n) for n in credential_variables())


def live(literal: facts.Literal) -> bool:
    """Whether a literal is a secret or a working default credential, and no other rule's business."""
    return literal.level in ("secret", "weak") and not is_key(literal) and not is_wrapper(literal)


def names(origins: tuple[facts.Origin, ...]) -> str:
    """The origins' names for a sentence."""
    return ", ".join(dict.fromkeys(o.name for o in origins)) or "a secret"
