"""Secrets in the text and at the hands of RUN: literals, URLs, flags, output."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from auditor.checks.case import at, graded, live, names, origin_steps, report, sensitive
from auditor.checks.remedies import instead_of_literal, instead_of_url
from auditor.core.finding import Confidence, Finding, Severity
from auditor.core.span import Span
from auditor.flow.build import Build
from auditor.flow.facts import Literal, Step, Use

#: Origins whose value neither the Dockerfile nor the history has.
_UNWRITTEN = ("mount", "fetched")


def literal_secret(build: Build) -> Iterator[Finding]:
    """A secret written into a command."""
    for use in [*_distinct(build, "literal"), *_unkept(build), *_unexplained(build)]:
        literal = use.literal
        if literal is None or not live(literal):
            continue
        weak = literal.level == "weak"
        yield report(
            build,
            "literal-secret",
            use.step,
            literal.span,
            graded(use.step, literal.level),
            f"{_title(literal)} stands in the command; the Dockerfile and the image history show it.",
            literal.name or use.detail,
            confidence=Confidence.MEDIUM if weak else Confidence.HIGH,
            literal=literal,
            remedy=instead_of_literal(literal, literal.name),
        )


def _unkept(build: Build) -> Iterator[Use]:
    """Literals that go into a file which the same instruction removes: no layer has it, but the command shows them."""
    covered = {use.literal.span.start for use in build.facts.uses if use.literal is not None and use.kind != "token"}
    for file in build.facts.files:
        for literal in file.literals if file.gone and file.how in ("written", "stored") else ():
            if literal.span.start not in covered:
                covered.add(literal.span.start)
                yield Use("literal", file.step, literal.span, file.path, (), literal)


def _unexplained(build: Build) -> Iterator[Use]:
    """Tokens of known formats at places that no other fact covers: comments, flags, words of unknown commands."""
    tokens = [use for use in build.facts.uses if use.kind == "token"]
    if not tokens:
        return
    covered = [u.literal.span for u in build.facts.uses if u.literal is not None and u.kind != "token"]
    covered += [v.literal.span for v in build.facts.variables if v.literal is not None]
    covered += [literal.span for file in build.facts.files for literal in file.literals]
    covered.sort()
    for use in tokens:
        index = bisect_right(covered, (use.span.end, 0)) - 1
        if index < 0 or covered[index].end <= use.span.start:
            yield use


def _title(literal: Literal) -> str:
    words = ("weak but working " if literal.level == "weak" else "") + literal.secret.kind.replace("-", " ")
    return f"{'An' if words[:1] in 'aeio' else 'A'} {words}"


def url_credentials(build: Build) -> Iterator[Finding]:
    """A user and password, or a token, in a URL: literal, or filled in by the build."""
    stored = [f.extent for f in build.facts.files if f.how == "stored" and not f.gone]
    kept = [f.extent for f in build.facts.files if f.how == "cloned" and not f.gone]
    for use in _distinct(build, "url"):
        if _within(use.span, stored):
            continue
        literal = use.literal
        if literal is not None:
            if live(literal):
                yield _literal_url(build, use.step, literal, use.detail)
        elif _within(use.span, kept) or not (use.origins and all(o.kind in _UNWRITTEN for o in use.origins)):
            yield _filled_url(build, use, _within(use.span, kept))
    for variable in build.facts.variables:
        literal = variable.literal
        if literal is not None and literal.kind == "url" and live(literal):
            yield _literal_url(build, variable.step, literal, variable.name)


def _literal_url(build: Build, where: Step, literal: Literal, subject: str) -> Finding:
    return report(
        build,
        "url-credentials",
        where,
        literal.span,
        graded(where, literal.level),
        "The URL holds a credential; the Dockerfile and the image history show it.",
        subject,
        literal=literal,
        remedy=instead_of_url(subject),
    )


def _within(span: Span, extents: list[Span]) -> bool:
    """Whether a place lies in one of some commands, given in file order."""
    index = bisect_right(extents, span.start, key=lambda extent: extent.start) - 1
    return index >= 0 and span.end <= extents[index].end


def _filled_url(build: Build, use: Use, kept: bool) -> Finding:
    severity = graded(use.step) if kept else Severity.MEDIUM
    effect = "git keeps the URL in .git/config of the clone" if kept else "logs, process lists and tool caches show it"
    who = names(sensitive(use.origins)) if use.origins else "a variable"
    return report(
        build,
        "url-credentials",
        use.step,
        use.span,
        severity,
        f"{who} is the credential of a URL; {effect}.",
        who,
        confidence=Confidence.HIGH if use.origins else Confidence.MEDIUM,
        flow=origin_steps(build, use.origins),
        remedy=instead_of_url(use.detail),
    )


def secret_flag(build: Build) -> Iterator[Finding]:
    """A secret handed to a program on its command line."""
    for use in _distinct(build, "flag"):
        origins = tuple(o for o in sensitive(use.origins) if o.kind == "variable")
        if not origins:
            continue
        yield report(
            build,
            "secret-flag",
            use.step,
            use.span,
            Severity.MEDIUM,
            f"{names(origins)} is passed on a command line; the build log, the history and process lists show it.",
            names(origins),
            flow=origin_steps(build, origins),
        )


def echoed_secret(build: Build) -> Iterator[Finding]:
    """A secret printed to the build log."""
    for use in _distinct(build, "printed", "xtrace"):
        origins = sensitive(use.origins)
        if not origins:
            continue
        how = "set -x prints" if use.kind == "xtrace" else f"{use.detail} prints"
        yield report(
            build,
            "echoed-secret",
            use.step,
            use.span,
            Severity.MEDIUM,
            f"{how} {names(origins)} to the build log, which CI systems keep and show.",
            names(origins),
            flow=[*origin_steps(build, origins), at(build, "printed here", use.span)],
        )


def _distinct(build: Build, *kinds: str) -> Iterator[Use]:
    """The uses of these kinds, one for each place."""
    seen: set[int] = set()
    for use in build.facts.uses:
        if use.kind in kinds and use.span.start not in seen:
            seen.add(use.span.start)
            yield use
