"""Retired ways to bring a secret into a build, and squashing taken for a remedy."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.checks.case import report
from auditor.core.finding import Finding, Severity
from auditor.flow.build import Build


def retired_secret_server(build: Build) -> Iterator[Finding]:
    """A build-time secret server that nobody maintains any more."""
    for use in build.facts.uses:
        if use.kind == "retired":
            yield report(
                build,
                "retired-secret-server",
                use.step,
                use.span,
                Severity.MEDIUM,
                f"{use.detail} is an abandoned way to hand a secret to a build; the builder's own mounts replace it.",
                use.detail,
            )


def squash_as_fix(build: Build) -> Iterator[Finding]:
    """Squashing or flattening an image, which removes layers but not history, configuration or caches."""
    for use in build.facts.uses:
        if use.kind == "squash":
            yield report(
                build,
                "squash-as-fix",
                use.step,
                use.span,
                Severity.LOW,
                f"{use.detail} merges layers; history, configuration and the original image keep their secrets.",
                use.detail,
            )
