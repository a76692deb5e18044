"""Credential files that a layer keeps: copied, written, stored by a tool, removed too late, carried on."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.checks import keys
from auditor.checks.case import at, graded, is_key, is_wrapper, live, names, origin_steps, report, sensitive
from auditor.checks.remedies import instead_of_copy, instead_of_written
from auditor.core.finding import Confidence, Finding, Severity, Step
from auditor.flow.build import Build
from auditor.flow.facts import LayerFile, Literal, Origin

#: Sure to be sensitive, yet often of little worth: settings, hashes, histories.
_MILD = frozenset({"dotenv", "htpasswd", "history", "ovpn"})


def _severity(file: LayerFile) -> Severity:
    carried = any(step.ships for step, _span in file.carried)
    level = max((_RANK.get(lit.level, 0) for lit in file.literals), default=2)
    if carried and level > 1:
        return Severity.HIGH
    return graded(file.step, "weak" if level == 1 and not sensitive(file.origins) else "secret")


_RANK = {"placeholder": 0, "weak": 1, "secret": 2}


def _fate(build: Build, file: LayerFile) -> list[Step]:
    """What later happens to the file."""
    steps = [
        at(build, "removed here, in a later layer: the earlier one keeps it", span) for _step, span in file.removed
    ]
    steps += [at(build, "carried into this stage", span) for _step, span in file.carried]
    return steps


def _keeper(file: LayerFile) -> str:
    if file.step.ships:
        return "the layer keeps it"
    if any(step.ships for step, _span in file.carried):
        return "COPY --from carries it into the image"
    return "this stage is not shipped, but the build cache keeps it"


def _literal(file: LayerFile) -> Literal | None:
    return next((lit for lit in file.literals if live(lit)), None)


def _others_report(file: LayerFile) -> bool:
    """Whether rules of their own report everything that is secret in the file."""
    literals = [lit for lit in file.literals if lit.level in ("secret", "weak")]
    return bool(literals) and not sensitive(file.origins) and all(is_key(lit) or is_wrapper(lit) for lit in literals)


def copied_credential_file(build: Build) -> Iterator[Finding]:
    """COPY or ADD of a file that holds credentials, by its source's or its destination's name."""
    for file in build.facts.files:
        kind = file.kind
        if file.how != "copied" or kind is None or file.evidence == "clean" or kind.wrapper:
            continue
        if kind.certainty == "folder" and file.evidence != "secret":
            continue
        sure = file.leaks
        named = f"{file.content or 'The copied folder'} ({kind.title})"
        what = f"{named} is copied to {file.path}"
        if file.content in (".", "./"):
            what = f"The build context is copied to {file.path}, a place for {kind.title}"
        elif not sure:
            what = f"{named} may hold credentials and is copied to {file.path}"
        severity = _severity(file) if sure else Severity.LOW
        naming = keys.named(build, file)
        if sure and kind.id in _MILD and file.evidence != "secret":
            severity = min(severity, Severity.MEDIUM)
        yield report(
            build,
            "copied-credential-file",
            file.step,
            file.span,
            severity,
            f"{what}; {_keeper(file)}.",
            file.content or file.path,
            confidence=Confidence.HIGH if file.evidence == "secret" else Confidence.MEDIUM if sure else Confidence.LOW,
            flow=[*keys.story(build, naming), *_fate(build, file)],
            remedy=keys.remedy(naming) or instead_of_copy(file),
        )


def inline_credential_file(build: Build) -> Iterator[Finding]:
    """A heredoc of COPY that writes a credential file or holds a literal secret."""
    for file in build.facts.files:
        if file.how != "inline" or not file.leaks or _others_report(file):
            continue
        literal = _literal(file)
        telling = file.kind is not None
        span = file.span if telling or literal is None else literal.span
        what = f"{file.path} ({file.kind.title})" if file.kind else f"a secret to {file.path}"
        yield report(
            build,
            "inline-credential-file",
            file.step,
            span,
            _severity(file),
            f"The heredoc writes {what}; the layer keeps the secret.",
            file.path,
            flow=[*origin_steps(build, file.origins), *_fate(build, file)],
            literal=literal,
            remedy=instead_of_copy(file) if telling else "",
        )


def written_secret_file(build: Build) -> Iterator[Finding]:
    """A RUN that writes a secret into a file which the layer keeps."""
    for file in build.facts.files:
        origins = sensitive(file.origins)
        if file.how != "written" or file.gone or not file.leaks or _others_report(file):
            continue
        if any(o.kind in ("mount", "generated") for o in origins):
            continue
        literal = _literal(file)
        kind = f" ({file.kind.title})" if file.kind and file.kind.certainty == "sure" else ""
        yield report(
            build,
            "written-secret-file",
            file.step,
            file.span,
            _severity(file),
            f"{_what(origins, literal)} is written to {file.path}{kind}; {_keeper(file)}.",
            file.path,
            flow=[*origin_steps(build, origins), *_fate(build, file)],
            literal=literal,
            remedy=instead_of_written(file),
        )


def _what(origins: tuple[Origin, ...], literal: Literal | None) -> str:
    kinds = {o.kind for o in origins}
    if "downloaded" in kinds:
        return "A downloaded credential"
    if "fetched" in kinds:
        return f"The credential that {names(origins)} prints"
    if origins:
        return f"The value of {names(origins)}"
    return "A literal secret" if literal else "A secret"


def persisted_login(build: Build) -> Iterator[Finding]:
    """A tool that keeps the credential it is given in a file of the layer."""
    for file in build.facts.files:
        if file.how != "stored" or file.gone:
            continue
        origins = sensitive(file.origins)
        literal = _literal(file)
        given = f" It is given {names(origins)}." if origins else ""
        yield report(
            build,
            "persisted-login",
            file.step,
            file.span,
            _severity(file),
            f"{file.title}; {_keeper(file)}.{given}",
            file.path,
            flow=[*origin_steps(build, origins), at(build, f"kept in {file.path}", file.span), *_fate(build, file)],
            literal=literal,
            remedy=instead_of_copy(file),
        )


def _verb(file: LayerFile) -> str:
    return "copied" if file.how in ("copied", "context") else "written"


def deleted_secret_file(build: Build) -> Iterator[Finding]:
    """A credential file removed in a later layer than the one that holds it."""
    seen: set[int] = set()
    for file in build.facts.files:
        if file.how == "carried" or not file.leaks:
            continue
        for where, span in file.removed:
            if span.start in seen:
                continue
            seen.add(span.start)
            yield report(
                build,
                "deleted-secret-file",
                where,
                span,
                Severity.MEDIUM,
                f"{file.path} is removed in a later layer than the one that holds it; the earlier layer keeps it.",
                file.path,
                flow=[at(build, f"{_verb(file)} here", file.span), at(build, "only hidden here", span)],
                remedy=instead_of_copy(file),
            )
    for use in build.facts.uses:
        if use.kind == "removed" and use.span.start not in seen:
            yield report(
                build,
                "deleted-secret-file",
                use.step,
                use.span,
                Severity.MEDIUM,
                f"A credential file ({use.detail}) is removed here; if an earlier COPY brought it, it is still there.",
                build.document.text[use.span.start : use.span.end],
                confidence=Confidence.MEDIUM,
            )


def carried_secret_file(build: Build) -> Iterator[Finding]:
    """COPY --from of a tree that holds a secret file of an earlier stage."""
    seen: set[int] = set()
    for file in build.facts.files:
        if file.how == "carried" or not file.leaks:
            continue
        for where, span in file.carried:
            if span.start in seen:
                continue
            seen.add(span.start)
            yield report(
                build,
                "carried-secret-file",
                where,
                span,
                graded(where),
                f"COPY --from takes {file.path} along, which holds a secret.",
                file.path,
                flow=[*origin_steps(build, file.origins), at(build, f"{file.path} is {_verb(file)} here", file.span)],
            )
