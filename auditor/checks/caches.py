"""Package-manager caches that a shipped layer keeps."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.checks.case import report
from auditor.core.finding import Finding, Severity
from auditor.flow.build import Build


def package_cache(build: Build) -> Iterator[Finding]:
    """A package manager's cache, which may hold private packages and the addresses they came from."""
    for use in build.facts.caches:
        if not use.step.ships or use.step.onbuild:
            continue
        yield report(
            build,
            "package-cache",
            use.step,
            use.span,
            Severity.LOW,
            f"{use.manager} leaves its cache in {use.folder}; the layer keeps it.",
            f"{use.manager} {use.folder}",
        )
