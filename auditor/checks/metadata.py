"""Secrets in what only the image's configuration keeps: labels, command, entrypoint, health check."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.checks.case import graded, live, names, origin_steps, report, sensitive
from auditor.core.finding import Finding
from auditor.flow.build import Build
from auditor.flow.facts import Use


def label_secret(build: Build) -> Iterator[Finding]:
    """A secret in LABEL (or in another instruction that only describes the image)."""
    for use in build.facts.uses:
        if use.kind in ("label", "maintainer", "user", "workdir", "expose", "volume", "stopsignal"):
            origins = sensitive(use.origins)
            if use.literal is not None and live(use.literal):
                yield _literal(build, "label-secret", use, "in the image's metadata")
            elif origins:
                yield report(
                    build,
                    "label-secret",
                    use.step,
                    use.span,
                    graded(use.step),
                    f"The label {use.detail} is filled with {names(origins)}; the image's configuration shows it.",
                    use.detail,
                    flow=origin_steps(build, origins),
                )


def command_secret(build: Build) -> Iterator[Finding]:
    """A literal secret in CMD or ENTRYPOINT."""
    yield from _command(build, "command-secret", "command", "in the command that the container starts")


def healthcheck_secret(build: Build) -> Iterator[Finding]:
    """A literal secret in HEALTHCHECK."""
    yield from _command(build, "healthcheck-secret", "healthcheck", "in the health check")


def _command(build: Build, rule: str, kind: str, where: str) -> Iterator[Finding]:
    for use in build.facts.uses:
        if use.kind == kind and use.literal is not None and live(use.literal):
            yield _literal(build, rule, use, where)


def _literal(build: Build, rule: str, use: Use, where: str) -> Finding:
    literal = use.literal
    assert literal is not None
    return report(
        build,
        rule,
        use.step,
        literal.span,
        graded(use.step, literal.level),
        f"A secret stands {where}; the image's configuration and history show it.",
        literal.name or use.detail,
        literal=literal,
    )
