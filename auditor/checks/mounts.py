"""Build secrets that are mounted as they should be and then copied into a layer."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.checks.case import at, graded, names, report
from auditor.core.finding import Finding
from auditor.flow.build import Build


def leaked_mount_secret(build: Build) -> Iterator[Finding]:
    """The content of a secret mount, written to a file that the layer keeps."""
    for file in build.facts.files:
        mounted = tuple(o for o in file.origins if o.kind == "mount")
        if file.how != "written" or file.gone or not mounted:
            continue
        yield report(
            build,
            "leaked-mount-secret",
            file.step,
            file.span,
            graded(file.step),
            f"The build secret {names(mounted)} is copied to {file.path}, and the layer keeps the value after all.",
            file.path,
            flow=[at(build, f"the build secret {o.name} is mounted", o.span) for o in mounted],
        )
