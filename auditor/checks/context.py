"""What `COPY . .` and folders take in from the real build context."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.checks.case import graded, report
from auditor.checks.keys import named, remedy, story
from auditor.core.finding import Confidence, Finding, Severity
from auditor.flow.build import Build

_SHOWN = 5


def context_secret_file(build: Build) -> Iterator[Finding]:
    """Sensitive files of the build context that a COPY takes in without naming them."""
    for taken in build.taken:
        if not taken.files:
            continue
        names = [name for name, _kind in taken.files]
        shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        certain = any(kind.certainty == "sure" for _name, kind in taken.files)
        verb, them = ("are", "them") if len(names) > 1 else ("is", "it")
        files = [f for f in build.facts.files if f.how == "context" and f.span == taken.span and f.content in names]
        naming = [each for file in files[:_SHOWN] for each in named(build, file)]
        finding = report(
            build,
            "context-secret-file",
            taken.step,
            taken.span,
            graded(taken.step) if certain else Severity.MEDIUM,
            f"{shown} {verb} copied into the layer; .dockerignore does not exclude {them}.",
            names[0],
            flow=story(build, naming),
            remedy=remedy(naming, ignored=True)
            if len(names) == 1 and naming
            else "Add to .dockerignore what the image does not need:\n" + "\n".join(names[:_SHOWN]),
        )
        finding.covers = tuple(names)
        yield finding


def missing_dockerignore(build: Build) -> Iterator[Finding]:
    """The whole context is copied and no .dockerignore limits it."""
    for taken in build.taken:
        if taken.whole and not taken.has_ignore_file and not taken.files:
            yield report(
                build,
                "missing-dockerignore",
                taken.step,
                taken.span,
                Severity.INFO,
                "The whole build context is copied and there is no .dockerignore: the next .env or key goes along.",
                ".dockerignore",
                confidence=Confidence.HIGH,
            )
