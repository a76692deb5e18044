"""Secrets in the build log by way of step names, which BuildKit prints with ARG and ENV expanded."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.checks.case import at, report
from auditor.core.finding import Finding, Severity
from auditor.flow.build import Build


def step_name_secret(build: Build) -> Iterator[Finding]:
    """A secret variable that the builder expands in a step's name."""
    for variable in build.facts.variables:
        if not variable.sensitive:
            continue
        lines: set[int] = set()
        for where, span in variable.used:
            if where.onbuild or where.instruction.line in lines:
                continue
            lines.add(where.instruction.line)
            kind = "build argument" if variable.kind == "argument" else "environment variable"
            yield report(
                build,
                "step-name-secret",
                where,
                span,
                Severity.LOW,
                f"The builder prints this step's name with {variable.name} expanded; the build log shows the value.",
                variable.name,
                flow=[at(build, f"{variable.name} is a {kind}", variable.pair.name_span)],
            )
