"""From one Dockerfile's bytes to its findings: parse, follow the build, run the checks."""

from __future__ import annotations

import os

from auditor.checks.registry import findings as check
from auditor.core.finding import Skipped, TargetError
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.flow.build import follow
from auditor.lang.dockerfile.parser import parse_bytes
from auditor.run.crash import describe, wants_traceback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.core.config import Settings
    from auditor.core.finding import Finding, Target
    from auditor.flow.build import Build
    from auditor.flow.calling.files import CallFacts
    from auditor.flow.services import ComposeFacts
    from auditor.lang.dockerfile.nodes import Document
    from auditor.sources.context import BuildContext
    from auditor.sources.files import Input

    #: Build contexts by root and ignore file: several Dockerfiles of a folder share one, which is listed once.
    Contexts = dict[tuple[str, str | None], BuildContext]

STDIN = "-"
#: The kinds of targets.
DOCKERFILE, COMPOSE, SCRIPT, CI = "dockerfile", "compose", "script", "ci"


class Analysis(NamedTuple):
    """A Dockerfile as read (None if that failed), its findings, whether its build context was looked at, and the build
    as it was followed (None if that failed). Of other files there are the findings and what they say: `compose`, or
    `calls` for those that call container tools."""

    document: Document | None
    findings: list[Finding]
    had_context: bool
    build: Build | None = None
    compose: ComposeFacts | None = None
    calls: CallFacts | None = None


def analyse(
    source: Input,
    target: Target,
    settings: Settings,
    rules: frozenset[str],
    contexts: Contexts,
    handed: Mapping[str, str] | None = None,
) -> Analysis:
    """Audit one input; `handed` as in `flow.build.follow`.

    What goes wrong is noted in `target.errors`; `target.text` is set for quoting.
    """
    if source.data is None:
        target.errors.append(TargetError(f"cannot be read: {source.error}", target.name))
        return Analysis(None, [], False)
    document, context = None, None
    found: list[Finding] = []
    try:
        document = parse_bytes(source.data)
        target.text = document.text
        if document.error is not None:
            from auditor.run.rejected import rejection  # start-up: broken files only

            found.append(rejection(document, document.error, target))
        context = _context(document, source, settings, contexts)
        build = follow(document, target.name, context, settings.target or None, handed)
    except Exception as error:
        internal("reading this file", error, target)
        return Analysis(document, found, context is not None)
    for step, reason in build.facts.limits:
        target.errors.append(TargetError(f"not followed: {reason}", target.name, step.instruction.line))
    found += _checked(build, rules, target)
    if settings.target:
        found = _of_stage(settings.target, document, found, target)
    if context is not None:
        _note_cuts(context, target)
    return Analysis(document, found, context is not None, build)


def _checked(build: Build, rules: frozenset[str], target: Target) -> list[Finding]:
    try:
        return list(check(build, rules))
    except Exception as error:
        if wants_traceback():
            raise
        broken = error
    found: list[Finding] = []
    before = len(target.errors)
    for rule in sorted(rules):
        try:
            found += check(build, frozenset({rule}))
        except Exception as error:
            internal(f"rule {rule}", error, target)
    if len(target.errors) == before:
        internal("the checks", broken, target)
    return found


def _of_stage(name: str, document: Document, found: list[Finding], target: Target) -> list[Finding]:
    """The findings in the stage that is built, in those it needs, and outside stages."""
    from auditor.lang.dockerfile.stages import find_stage, needed, stages  # start-up: only runs with --target

    every = stages(document, target=name)
    if find_stage(name, {s.name: s.index for s in every if s.name is not None}, len(every)) is None:
        target.errors.append(TargetError(f"there is no stage {name!r}", target.name))
        return found
    built = needed(every)
    left_out = [stage.span for stage in every if stage.index not in built]
    return [f for f in found if not any(span.covers(f.location.span.start) for span in left_out)]


def internal(place: str, error: Exception, target: Target) -> None:
    """Note a fault of ours. Raises the error itself where a traceback is wanted."""
    if wants_traceback():
        raise error
    message = f"internal error in {place} ({describe(error)}); please report it"
    target.errors.append(TargetError(message, target.name, internal=True))


def _context(document: Document, source: Input, settings: Settings, contexts: Contexts) -> BuildContext | None:
    """The build context to look into; None without one (switched off, or a file from the standard input)."""
    if settings.no_context or (source.path == STDIN and not settings.context):
        return None
    sources = copy_sources(document)
    if not sources:
        return None
    from auditor.lang.ignorefile import ignore_file_for
    from auditor.sources.context import BuildContext, guess_context  # start-up: only files that copy something
    from auditor.sources.files import repository_root

    root = settings.context or guess_context(source.path, sources, repository_root(source.path))
    path = source.path if source.path != STDIN else os.path.join(root, source.display)
    key = (root, ignore_file_for(path, root))
    if key not in contexts:
        contexts[key] = BuildContext.open(root, path)
    return contexts[key]


def copy_sources(document: Document) -> list[str]:
    """What COPY and ADD take from the build context."""
    sources: list[str] = []
    for instruction in document.instructions:
        node = instruction.child or instruction
        if node.keyword in ("COPY", "ADD") and node.flag("from") is None:
            sources += [word.text for word in node.words[:-1] if not word.text.startswith("<<")]
    return sources


def _note_cuts(context: BuildContext, target: Target) -> None:
    """A context that was not read whole makes the audit incomplete."""
    for path, reason in context.skipped:
        target.skipped.append(Skipped(path, reason))
        target.errors.append(TargetError(f"build context not read whole: {path}: {reason}", target.name))
