"""Callers that pass a build argument to a Dockerfile that takes it as a build secret by now: they change alone."""

from __future__ import annotations

import os
import re
from collections import Counter

from auditor.core.edit import Applicability, EditConflict, apply_edits
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes.callers.change import BuildChange, Caller, change
from auditor.fixes.mounted import mounted
from auditor.lang.dockerfile.parser import parse_bytes
from auditor.run.rewrite.generated import generated
from auditor.run.rewrite.origin import Origin
from auditor.run.rewrite.outcome import Applied, FileChange
from auditor.run.selection import asked
from auditor.run.suppress import ABOUT_COMMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.core.edit import Edit
    from auditor.core.finding import Finding
    from auditor.core.span import Span
    from auditor.fixes.callers.shapes import CallerEdits
    from auditor.fixes.plan import BuildSecret
    from auditor.run.inputs import InputAuditor
    from auditor.run.rewrite.outcome import Rewrite
    from auditor.sources.files import Input


class Mounting(NamedTuple):
    """A Dockerfile that has mounts of secrets: how it is shown, its absolute path, the secrets by variable."""

    display: str
    path: str
    secrets: tuple[BuildSecret, ...]


class Mended(NamedTuple):
    """A caller with its new text, and the findings that it has then."""

    source: Input
    findings: list[Finding]


def mounting(sources: Iterable[Input]) -> list[Mounting]:
    """The Dockerfiles among some that a caller could be behind of. Never raises for what they contain."""
    found: list[Mounting] = []
    for source in sources:
        if source.data is None or b"type=secret" not in source.data:
            continue
        document = parse_bytes(source.data)
        secrets = mounted(document) if document.error is None else ()
        if secrets:
            found.append(Mounting(source.display, os.path.abspath(source.path), secrets))
    return found


class Mender:
    """Mends callers, one by one. `is_only_one`: the repository has one Dockerfile."""

    def __init__(self, auditor: InputAuditor, dockerfiles: Sequence[Mounting], is_only_one: bool) -> None:
        self.auditor = auditor
        self.dockerfiles = dockerfiles
        self.is_only_one = is_only_one

    def mend(self, source: Input, active: Sequence[Finding], rewrite: Rewrite) -> Mended | None:
        """The caller as it has to be, which is noted in the rewrite; None where there is nothing to mend."""
        before = text = (source.data or b"").decode("utf-8", "surrogateescape")
        origin = Origin(before)
        titles: list[str] = []
        spans: list[Span] = []
        for dockerfile in self.dockerfiles:
            found, names = self._change(source, text, dockerfile)
            if any(re.search(rf"build-arg[=\s\"']+{re.escape(name)}\b", text) for name in names):
                rewrite.notes += [_by_hand(dockerfile, problem) for problem in found.problems]
            gone = _taken_out(text, found.edits, names)
            if not gone or generated(before):
                continue
            try:
                text = apply_edits(text, found.edits)
            except EditConflict:
                continue
            rewrite.burnt += [burnt._replace(span=origin.span(burnt.span)) for burnt in found.burnt]
            spans += (origin.span(edit.span) for edit in found.edits)
            origin.add(found.edits)
            rewrite.notes += [note for note in found.notes if note not in rewrite.notes]
            titles.append(f"{', '.join(gone)} is given as a build secret, as {dockerfile.display} takes it")
        return (
            self._checked(source, before, text, active, rewrite, (titles, origin, tuple(spans)))
            if text != before
            else None
        )

    def _change(self, source: Input, text: str, dockerfile: Mounting) -> tuple[CallerEdits, frozenset[str]]:
        secrets = tuple(s for s in dockerfile.secrets if re.search(rf"\b{re.escape(s.name)}\b", text))
        names = frozenset(secret.name for secret in secrets)
        asked_for = BuildChange(dockerfile.path, os.path.dirname(dockerfile.path), secrets, names, self.is_only_one)
        return change(Caller(os.path.abspath(source.path), source.display, text), asked_for), names

    def _checked(
        self,
        source: Input,
        before: str,
        text: str,
        active: Sequence[Finding],
        rewrite: Rewrite,
        done: tuple[list[str], Origin, tuple[Span, ...]],
    ) -> Mended | None:
        """The new text, if no finding comes with it."""
        titles, origin, spans = done
        following = source._replace(data=text.encode("utf-8", "surrogateescape"))
        target, analysis = self.auditor.examine(following)
        after = asked(analysis.findings, self.auditor.wanted)
        there = Counter((f.rule, f.subject) for f in after)
        known = Counter((f.rule, f.subject) for f in active)
        if not target.complete or any(key[0] not in ABOUT_COMMENTS for key in there - known):
            rewrite.burnt.clear()
            rewrite.notes.append("it passes a build argument that is a build secret by now: change it by hand")
            return None
        answered: list[Finding] = []
        for finding in active:
            key = finding.rule, finding.subject
            if there[key] > 0:
                there[key] -= 1
            else:
                answered.append(finding)
        for number, title in enumerate(titles):
            reason = "the Dockerfile has no such build argument, but a mount for it"
            own = tuple(answered) if not number else ()
            rewrite.applied.append(Applied(title, Applicability.SAFE, reason, own, () if number else spans))
        rewrite.origin, rewrite.last = origin, target
        rewrite.changes.append(FileChange(source.path, rewrite.target.kind, before, text))
        return Mended(following, after)


def _taken_out(text: str, edits: Sequence[Edit], names: frozenset[str]) -> list[str]:
    """Which of some variables the changes take out of where they stand: others only add something."""
    removed = "\n".join(text[edit.span.start : edit.span.end] for edit in edits)
    return sorted(name for name in names if re.search(rf"\b{re.escape(name)}\b", removed))


def _by_hand(dockerfile: Mounting, problem: str) -> str:
    return f"{dockerfile.display} takes this as a build secret by now; change it by hand - {problem}"
