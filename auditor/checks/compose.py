"""Secrets in compose files."""

from __future__ import annotations

from auditor.checks.case import is_wrapper
from auditor.checks.remedies import named
from auditor.core.finding import Confidence, Finding, Location, Severity
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.span import Span
    from auditor.flow.facts import Literal
    from auditor.flow.secretfiles import SecretFile
    from auditor.flow.services import ComposeFacts, Setting
    from auditor.flow.spoken import Spoken

_SEVERITIES = {"secret": Severity.HIGH, "weak": Severity.MEDIUM, "placeholder": Severity.LOW}
_CONFIDENCES = {"secret": Confidence.HIGH, "weak": Confidence.MEDIUM, "placeholder": Confidence.LOW}
_WHATS = {"weak": "a default password that works", "placeholder": "a placeholder"}
_LIVE = ("secret", "weak")
_LINES = {"command": "the command", "entrypoint": "the entrypoint", "healthcheck": "the health check"}
_SHOWN = "the file, everyone who has its repository, and `docker inspect` of the container show it"


def compose_env_secret(facts: ComposeFacts) -> Iterator[Finding]:
    """A secret written into `environment` of a compose file."""
    for setting in facts.settings:
        if not _opens(setting):
            yield _set(facts, "compose-env-secret", setting, f"; {_SHOWN}.")


def compose_build_arg_secret(facts: ComposeFacts) -> Iterator[Finding]:
    """A secret written into `build.args`."""
    for setting in facts.given:
        if setting.kind == "args" and not _opens(setting):
            story = "; the file shows it, and so do the history and the build log of an image that declares the ARG."
            yield _set(facts, "compose-build-arg-secret", setting, story)


def compose_label_secret(facts: ComposeFacts) -> Iterator[Finding]:
    """A secret in the labels of a service, an image, or another resource."""
    yield from _described(facts, "compose-label-secret", "labels", f"; {_SHOWN}.")


def compose_option_secret(facts: ComposeFacts) -> Iterator[Finding]:
    """A secret in the options of a volume's, network's or log's driver."""
    story = "; the file, everyone who has its repository, and `docker inspect` show it."
    yield from _described(facts, "compose-option-secret", "options", story)


def compose_command_secret(facts: ComposeFacts) -> Iterator[Finding]:
    """A secret in a command, an entrypoint or a health check."""
    for one in facts.spoken:
        if one.kind in _LINES and not is_wrapper(one.literal):
            what = _WHATS.get(one.literal.level, "a secret")
            message = (
                f"{_LINES[one.kind].capitalize()} of {one.label} holds {what}; the file, `docker inspect` and the"
                " host's process list show it."
            )
            yield _literal(facts, "compose-command-secret", one.literal, message, _subject(one))


def compose_inline_secret(facts: ComposeFacts) -> Iterator[Finding]:
    """A secret in the inline content of a config or secret."""
    for one in facts.spoken:
        if one.kind in ("configs", "secrets") and not is_wrapper(one.literal):
            what = _WHATS.get(one.literal.level, "a secret")
            message = (
                f"The content of {one.kind}.{one.label} holds {what}; the file and everyone who has its repository"
                " show it."
            )
            yield _literal(facts, "compose-inline-secret", one.literal, message, _subject(one))


def compose_wrapper_credential(facts: ComposeFacts) -> Iterator[Finding]:
    """The credential of a secret manager's client, anywhere in the file."""
    found = [(s.literal, s.label) for s in (*facts.settings, *facts.given) if _opens(s)]
    found += [(one.literal, _subject(one)) for one in facts.spoken if is_wrapper(one.literal)]
    for literal, subject in sorted(found, key=lambda one: one[0].span):
        message = (
            f"{subject} holds the credential of a secret manager's client; whoever has the file or `docker inspect`"
            " opens every secret behind it."
        )
        yield _literal(facts, "compose-wrapper-credential", literal, message, subject, Severity.CRITICAL)


def _opens(setting: Setting) -> bool:
    return is_wrapper(setting.literal, setting.entry.name)


def compose_secret_mount(facts: ComposeFacts) -> Iterator[Finding]:
    """A folder or file of the user's own credentials, mounted into a service."""
    for mount in facts.mounted:
        yield Finding(
            "compose-secret-mount",
            Severity.MEDIUM if mount.is_folder else Severity.LOW,
            Location.of(facts.path, facts.file.lines, mount.node.span),
            f"{mount.label} gets {mount.source}, which gives it {mount.title} of whoever starts it.",
            f"{mount.label}:{mount.source}",
            confidence=Confidence.MEDIUM,
        )


def compose_secret_file(facts: ComposeFacts) -> Iterator[Finding]:
    """A file with secrets that the compose file names, and that an image or the repository has."""
    for one in facts.files:
        if one.problem not in ("context", "tracked"):
            continue
        ships = one.step is None or one.step.ships
        severity = _SEVERITIES[one.level] if ships else Severity.MEDIUM
        yield Finding(
            "compose-secret-file",
            severity,
            Location.of(facts.path, facts.file.lines, one.node.span),
            f"{_holding(one)} {_leaking(one)}",
            one.path,
            confidence=_CONFIDENCES[one.level],
        )


def _holding(one: SecretFile) -> str:
    if one.kind == "secrets":
        return f"{one.path} is the secret {one.name}, and"
    if one.kind == "env_file":
        return f"{one.path} sets {one.holds}, and"
    return f"{one.path} is the config {one.name} ({one.holds}), and"


def _leaking(one: SecretFile) -> str:
    if one.problem == "tracked":
        return "git tracks it: everyone who has the repository has the value."
    assert one.build is not None
    assert one.step is not None
    line = one.step.instruction.line
    what = f"{one.step.instruction.keyword} in line {line} of the Dockerfile of {one.service}"
    if one.named:
        return f"{what} copies it into the image."
    return f"{what} takes it into a layer; no .dockerignore excludes it."


def compose_secret_size(facts: ComposeFacts) -> Iterator[Finding]:
    """A file of a secret that swarm refuses: empty, or too large."""
    for one in facts.files:
        if one.problem in ("empty", "large"):
            is_what = "empty" if one.problem == "empty" else f"{one.size:,} bytes long"
            yield Finding(
                "compose-secret-size",
                Severity.LOW,
                Location.of(facts.path, facts.file.lines, one.node.span),
                f"{one.path}, the secret {one.name}, is {is_what}; `docker stack deploy` takes 1 to 511,999 bytes.",
                one.path,
            )


def _described(facts: ComposeFacts, rule: str, kind: str, story: str) -> Iterator[Finding]:
    for setting in facts.given:
        if setting.kind == kind and setting.literal.level in _LIVE and not _opens(setting):
            yield _set(facts, rule, setting, story)


def _set(facts: ComposeFacts, rule: str, setting: Setting, story: str) -> Finding:
    entry, literal = setting.entry, setting.literal
    what = _WHATS.get(literal.level, "a secret")
    message = f"{entry.name} of {entry.section.label} is set to {what}{story}"
    finding = _literal(facts, rule, literal, message, setting.label)
    finding.remedy = named(rule, entry.name)
    return finding


def _literal(
    facts: ComposeFacts, rule: str, literal: Literal, message: str, subject: str, severity: Severity | None = None
) -> Finding:
    span: Span = literal.span
    return Finding(
        rule,
        _SEVERITIES[literal.level] if severity is None else severity,
        Location.of(facts.path, facts.file.lines, span),
        message,
        subject,
        confidence=_CONFIDENCES[literal.level],
        verdict="placeholder" if literal.level == "placeholder" else "unverified",
        secret=literal.secret,
        secret_span=span,
    )


def _subject(one: Spoken) -> str:
    return f"{one.label}.{one.kind}" if one.kind in _LINES else f"{one.kind}.{one.label}"
