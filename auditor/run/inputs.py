"""One input of a run from end to end: analysed, its secrets noted for masking, its comments obeyed."""

from __future__ import annotations

from auditor.core.finding import Target
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.analysis import COMPOSE, DOCKERFILE, STDIN, analyse
from auditor.run.selection import LINT, SCAN, all_rules, rule_ids
from auditor.sources.files import is_compose_name, is_dockerfile_name, is_source_name, repository_root

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from auditor.core.config import Settings
    from auditor.core.finding import Finding
    from auditor.flow.place import Place
    from auditor.run.analysis import Analysis, Contexts
    from auditor.run.directives import Commented
    from auditor.sources.files import Input

    class Silencing(Protocol):
        """What a baseline accepts, for those who look at files once more."""

        def silence(self, findings: list[Finding], target: Target) -> None:
            """Mark the findings of this target that are accepted."""


_CONTEXT_FAMILY = "context"
#: Rules of compose files about what lies beside them.
_ABOUT_FILES = frozenset({"compose-secret-file", "compose-secret-size"})
_KEY_FRAME = "-----BEGIN"


class Outcome(NamedTuple):
    """An audited input and its findings, those that are silenced included."""

    target: Target
    findings: list[Finding]


class InputAuditor:
    """What audits one input after the other; build contexts that they share are read once.

    `contexts` are those that are known already, by root and ignore file; `place` is that of the only compose file,
    `handed` what is known from outside of the build arguments of the only Dockerfile (`flow.build.follow`), `accepted`
    what an earlier look at the same files has found to be accepted by the baseline.
    """

    def __init__(
        self,
        settings: Settings,
        wanted: frozenset[str],
        contexts: Contexts | None = None,
        place: Place | None = None,
        handed: Mapping[str, str] | None = None,
        accepted: Silencing | None = None,
    ) -> None:
        self.place = place
        self.handed = handed
        self.accepted = accepted
        self.settings = settings
        self.wanted = wanted
        self.contexts: Contexts = {} if contexts is None else contexts

    def audit(self, source: Input) -> Outcome:
        """The outcome for one input. Never raises for what it contains."""
        target, analysis = self.examine(source)
        findings = [finding for finding in analysis.findings if finding.rule in self.wanted]
        if not findings:
            target.text = ""  # nothing will be quoted, and a run may have thousands of files
        return Outcome(target, findings)

    def examine(self, source: Input) -> tuple[Target, Analysis]:
        """One input with its analysis; the findings are those of all rules, silenced ones marked."""
        calls = call_kind(source)
        kind = _target_kind(calls) if calls else COMPOSE if is_compose_name(source.display) else DOCKERFILE
        target = Target(source.display, kind, size=len(source.data or b""))
        if calls and source.data is not None:
            from auditor.run.calling import analyse_calls  # start-up: scripts and their kin only

            analysis = analyse_calls(source.data, target, calls, rule_ids(LINT))
        elif kind == COMPOSE and source.data is not None:
            from auditor.run.composing import analyse_compose  # start-up: compose files only

            place = self.place if self.place is not None else _beside(source, self.settings)
            analysis = analyse_compose(source.data, target, rule_ids(LINT), place)
        else:
            analysis = analyse(source, target, self.settings, rule_ids(LINT), self.contexts, self.handed)
        _remember_secrets(target, analysis.findings)
        findings = _silenced(analysis, target, self.settings)
        if self.accepted is not None:
            self.accepted.silence(findings, target)
        return target, analysis._replace(findings=findings)


def _beside(source: Input, settings: Settings) -> Place | None:
    """What lies beside a compose file; None where that is not to be looked at."""
    if settings.no_context or source.path == STDIN:
        return None
    from auditor.flow.place import Place  # start-up: compose files only

    return Place(source.path, [repository_root(source.path)], {})


def is_wanted(path: str) -> bool:
    """Whether a path below a directory names a file that `audit lint` reads."""
    if is_source_name(path):
        return True
    from auditor.flow.calling.kinds import kind_of  # start-up: directories only

    return kind_of(path) is not None


def is_script(entry: os.DirEntry[str]) -> bool:
    """Whether an entry of a directory is a shell script by its first line: small, executable, without an ending."""
    if "." in entry.name:
        return False
    from auditor.flow.calling.kinds import sniff  # start-up: directories only
    from auditor.sources.programs import beginning

    return sniff(beginning(entry)) is not None


def call_kind(source: Input) -> str:
    """The kind of a file that calls container tools (of `flow.calling.kinds`); "" for any other file."""
    if is_dockerfile_name(source.display) or is_compose_name(source.display):
        return ""
    from auditor.flow.calling.kinds import kind_of, sniff  # start-up: Dockerfiles and compose files do without

    return kind_of(source.display) or (source.data is not None and sniff(source.data)) or ""


def _target_kind(kind: str) -> str:
    from auditor.run.calling import target_kind  # start-up: as above

    return target_kind(kind)


def _remember_secrets(target: Target, findings: Sequence[Finding]) -> None:
    """Note everything that must be masked in quotes from this file, whether or not its rule was chosen."""
    if findings and target.kind != DOCKERFILE:
        from auditor.run.unreported import unreported  # start-up: only such files with findings

        target.secrets += dict.fromkeys(unreported(target.text))
    known = set(target.secrets)
    text = target.text
    for finding in findings:
        secret = finding.secret
        if secret is None:
            continue
        if secret not in known:
            known.add(secret)
            target.secrets.append(secret)
        span = finding.secret_span or finding.location.span
        written = text[span.start : span.end]
        # A value that is spelled otherwise (escaped, encoded, on two lines) is hidden where it stands. Where only the
        # place of the finding is known, that is no place of the value if it stands elsewhere as it is.
        is_elsewhere = secret.reveal() in (written if finding.secret_span is not None else text)
        if not is_elsewhere and not _is_public(written, finding):
            target.secret_spans.append((span, secret.redacted))


def _is_public(written: str, finding: Finding) -> bool:
    return written == finding.subject or written.startswith(_KEY_FRAME)


def _silenced(analysis: Analysis, target: Target, settings: Settings) -> list[Finding]:
    """The findings with those marked that a comment silences, and findings about comments that silence nothing."""
    findings = analysis.findings
    document: Commented | None = analysis.document
    if analysis.compose is not None:
        from auditor.run.composing import commented  # start-up: compose files only

        document = commented(analysis.compose)
    if analysis.calls is not None and (findings or "audit:" in analysis.calls.text):
        from auditor.run.calling import commented as commented_calls  # start-up: as above

        document = commented_calls(analysis.calls)
    if document is None or not (findings or "audit:" in document.text):
        return findings
    from auditor.run.suppress import Silencer  # start-up: only files with findings or with comments for us

    rules = rule_ids()
    idle: frozenset[str] = rules if not target.complete else rule_ids(SCAN)
    if not analysis.had_context and target.complete and "audit:" in document.text:
        idle |= frozenset(rule.id for rule in all_rules(LINT).values() if rule.family == _CONTEXT_FAMILY)
    if analysis.compose is not None and analysis.compose.place is None:
        idle |= _ABOUT_FILES
    part = "entry" if analysis.compose is not None else "line" if analysis.calls is not None else "instruction"
    silencer = Silencer(document, rules, idle, require_reason=settings.require_ignore_reason, part=part)
    silencer.apply(findings)
    return [*findings, *silencer.unused(target.name)]
