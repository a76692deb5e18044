"""Private keys and the credentials of secret managers' clients, baked into the file: the keys to everything else."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.checks.case import is_key, is_wrapper, origin_steps, report
from auditor.checks.remedies import made_at_start
from auditor.core.finding import Confidence, Finding, Severity
from auditor.core.pattern import Pattern
from auditor.core.span import Span
from auditor.flow.build import Build
from auditor.flow.facts import Literal, Step

_KEY_HEAD = Pattern(r"-----BEGIN [A-Z0-9 ]{1,60}-----")


def _literals(build: Build) -> Iterator[tuple[Step, Literal]]:
    """Every literal of the file, each place once."""
    seen: set[int] = set()
    found = [(v.step, v.literal) for v in build.facts.variables if v.literal is not None]
    found += [(u.step, u.literal) for u in build.facts.uses if u.literal is not None]
    found += [(f.step, lit) for f in build.facts.files for lit in f.literals]
    for step, literal in found:
        if literal.level == "secret" and literal.span.start not in seen:
            seen.add(literal.span.start)
            yield step, literal


def baked_private_key(build: Build) -> Iterator[Finding]:
    """A private key block in an instruction or a heredoc."""
    for step, literal in _literals(build):
        if is_key(literal):
            yield report(
                build,
                "baked-private-key",
                step,
                _head(literal),
                Severity.CRITICAL,
                "A private key stands in the Dockerfile and ends in the image.",
                literal.secret.kind,
                literal=literal,
            )


def _head(literal: Literal) -> Span:
    """The key's first line; the key itself is no use to a reader."""
    match = _KEY_HEAD.match(literal.secret.reveal())
    return Span(literal.span.start, literal.span.start + match.end()) if match else literal.span


def baked_wrapper_config(build: Build) -> Iterator[Finding]:
    """The credential of a secret manager's client: whoever has it reads every secret behind it."""
    for step, literal in _literals(build):
        if is_wrapper(literal) and not is_key(literal):
            yield report(
                build,
                "baked-wrapper-config",
                step,
                literal.span,
                Severity.CRITICAL,
                "The credential of a secret manager's client stands in the file; it opens every secret behind it.",
                literal.name,
                literal=literal,
            )
    for file in build.facts.files:
        if file.how == "copied" and file.kind is not None and file.kind.wrapper and file.evidence != "clean":
            sure = file.kind.certainty == "sure"
            yield report(
                build,
                "baked-wrapper-config",
                file.step,
                file.span,
                Severity.HIGH if sure else Severity.LOW,
                f"{file.content or file.path} ({file.kind.title}) is copied in and opens every secret behind it.",
                file.content or file.path,
                confidence=Confidence.HIGH if sure else Confidence.LOW,
            )


def generated_private_key(build: Build) -> Iterator[Finding]:
    """A key that a RUN makes and the layer keeps: every container of the image has the same one."""
    for file in build.facts.files:
        if file.how != "written" or file.gone or not any(o.kind == "generated" for o in file.origins):
            continue
        ships = file.step.ships or any(step.ships for step, _span in file.carried)
        fate = "every container of this image shares it, and whoever pulls the image has it"
        yield report(
            build,
            "generated-private-key",
            file.step,
            file.span,
            Severity.MEDIUM if ships else Severity.LOW,
            f"A private key is made here and kept in {file.path}; {fate if ships else 'the build cache keeps it'}.",
            file.path,
            flow=origin_steps(build, file.origins),
            remedy=made_at_start(file),
        )
