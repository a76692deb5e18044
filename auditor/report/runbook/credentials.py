"""Findings become credentials: findings of one value, or of one name whose value is not known, are one, with all its
places."""

from __future__ import annotations

from auditor.core.finding import Confidence, Severity
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.rotationrules import FILE
from auditor.detect import credfiles, names
from auditor.lang.dockerfile.arguments import KEYWORDS
from auditor.report.rotation import tells_of_credential
from auditor.report.runbook.entries import entry_of, title_of
from auditor.report.runbook.judging import PLACEHOLDER, facts_of, is_weak
from auditor.report.runbook.masks import masks_of
from auditor.report.runbook.places import SOURCE, places_of
from auditor.report.runbook.uses import BUILDING, COMPOSE, COMPOSE_KIND, FILES, RUNNING, uses_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from auditor.core.finding import Finding, Report
    from auditor.core.rotationrules import RotationEntry
    from auditor.core.secret import Secret
    from auditor.report.meta import Meta
    from auditor.report.runbook.masks import Mask
    from auditor.report.runbook.places import Place

_VARIABLE = Pattern(r"[A-Za-z_][A-Za-z0-9_.-]{2,79}\Z")
_UPPER = Pattern(r"[A-Z_][A-Z0-9_]{2,79}\Z")
#: What a check writes of a variable that a file, a command or a log has its value from.
_ORIGIN = Pattern(r"([A-Z_][A-Z0-9_]{2,79}) is (?:a build argument|an? environment variable)")
#: Rules of these families, and these, tell of files, by their paths.
_FILE_FAMILIES = frozenset({"layers", "context"})
_FILE_RULES = frozenset({"compose-secret-file"})
_VERDICTS = ("valid", "unverified", "malformed", "expired", PLACEHOLDER)


class Credential:
    """One credential and everything that is known of it.

    `kind` is the id of its format or sort ("" if only a name or file is known), `names` the variables that held it,
    `file` the credential file that it is, if it is one, `services` those of compose files, `rules` what found it.
    `facts` are (what, value) of its owner, read offline. `uses` says what it is for (see `uses`), `note` what
    `audit fix` has done about it.
    """

    __slots__ = (
        "confidence",
        "entry",
        "facts",
        "file",
        "kind",
        "names",
        "note",
        "order",
        "places",
        "redacted",
        "rules",
        "services",
        "severity",
        "title",
        "uses",
        "verdict",
        "weak",
    )

    def __init__(self, title: str, kind: str = "", redacted: str = "") -> None:
        self.title = title
        self.kind = kind
        self.redacted = redacted
        self.file = ""
        self.names: list[str] = []
        self.rules: list[str] = []
        self.services: list[str] = []
        self.places: list[Place] = []
        self.facts: tuple[tuple[str, str], ...] = ()
        self.severity = Severity.INFO
        self.confidence = Confidence.LOW
        self.verdict = "unverified"
        self.weak = False
        self.entry: RotationEntry = entry_of("", (), ())
        self.uses: frozenset[str] = frozenset()
        self.note = ""
        self.order: tuple[object, ...] = ()

    @property
    def visible(self) -> bool:
        """Whether somebody sees it without taking an image apart."""
        return any(place.visible for place in self.places)

    @property
    def builds(self) -> bool:
        """Whether builds read it."""
        return BUILDING in self.uses

    @property
    def runs(self) -> bool:
        """Whether running containers read it."""
        return RUNNING in self.uses

    @property
    def composes(self) -> bool:
        """Whether services of compose files read it."""
        return COMPOSE in self.uses

    @property
    def scanned(self) -> bool:
        """Whether it stands in files that nobody knows the use of."""
        return FILES in self.uses

    @property
    def is_file(self) -> bool:
        """Whether it is handed on as a file, not typed."""
        return bool(self.file) or self.entry.get("form") == FILE

    @property
    def in_source(self) -> bool:
        """Whether it stands in a file of a source tree."""
        return any(place.part == SOURCE for place in self.places)

    @property
    def placeholder(self) -> bool:
        """Whether it only stands in for a value."""
        return self.verdict == PLACEHOLDER and not self.weak


def credentials(report: Report, meta: Meta, notes: Callable[[Finding], str] = lambda finding: "") -> list[Credential]:
    """The credentials that a report tells of, the most urgent first. `notes` gives what has been done of a finding."""
    shown = [finding for finding in meta.shown(report) if tells_of_credential(finding, meta.rules)]
    kinds = {target.name: target.kind for target in report.targets}
    masks = masks_of(report)
    made = [_credential(findings, kinds, masks, notes, meta) for findings in _grouped(shown, kinds, meta)]
    return sorted(made, key=lambda credential: credential.order)


def names_of(finding: Finding, kind: str) -> list[str]:
    """The variables that a finding is about; `kind` is the sort of its target."""
    subject = finding.subject
    if kind == COMPOSE_KIND:
        subject = subject.rpartition(".")[2]
    sort, _space, name = subject.rpartition(" ")
    if finding.secret is None or not sort:
        is_variable = _UPPER.match(subject) and subject.lower() not in KEYWORDS
        return [subject] if is_variable else []
    # A scan calls what it finds by kind and name; an image's metadata by part and name.
    return [name] if name != finding.secret.kind and _VARIABLE.match(name) else []


def _grouped(findings: Iterable[Finding], kinds: dict[str, str], meta: Meta) -> list[list[Finding]]:
    """Findings of one credential each, in the order of the report."""
    groups: dict[object, list[Finding]] = {}
    holders: dict[tuple[str, str], set[str]] = {}
    unvalued: list[Finding] = []
    for finding in findings:
        if finding.secret is None and not finding.group:
            unvalued.append(finding)
            continue
        key = finding.group or (finding.secret.fingerprint(meta.key) if finding.secret else "")
        groups.setdefault(key, []).append(finding)
        for name in names_of(finding, kinds.get(finding.location.path, "")):
            holders.setdefault((finding.location.path, name), set()).add(key)
    for finding in unvalued:
        named = named_by(finding, kinds.get(finding.location.path, ""))
        known = holders.get((finding.location.path, named[0]), set()) if named else set()
        if len(known) == 1:
            groups[next(iter(known))].append(finding)
        elif named:
            groups.setdefault(("name", named[0]), []).append(finding)
        else:
            groups.setdefault((finding.location.path, finding.subject), []).append(finding)
    return list(groups.values())


def named_by(finding: Finding, kind: str) -> list[str]:
    """The variables that a finding is about, by its subject or its story."""
    return names_of(finding, kind) or _origins(finding)


def _origins(finding: Finding) -> list[str]:
    """The one variable whose value a finding is about, by its story."""
    told = [match[1] for step in finding.flow if (match := _ORIGIN.match(step.message))]
    return told if len(told) == 1 else []


def _credential(
    findings: list[Finding],
    kinds: dict[str, str],
    masks: Mapping[str, Mask],
    notes: Callable[[Finding], str],
    meta: Meta,
) -> Credential:
    findings = sorted(findings, key=lambda f: (-f.severity, -f.confidence, f.sort_key))
    chief = findings[0]
    valued = next((f for f in findings if f.secret is not None), None)
    secret = valued.secret if valued else None
    made = Credential("", secret.kind if secret else "", _redacted(secret) if secret else "")
    for finding in findings:
        kind = kinds.get(finding.location.path, "")
        mask = masks[finding.location.path]
        named = map(mask.name, named_by(finding, kind))
        made.names += [name for name in named if name not in made.names]
        is_entry = kind == COMPOSE_KIND and finding.rule not in _FILE_RULES
        service = finding.subject.rpartition(".")[0] if is_entry else ""
        made.services += [service] if service and service not in made.services else []
        made.places += places_of(finding, mask)
    made.rules = list(dict.fromkeys(finding.rule for finding in findings))
    made.places = sorted(dict.fromkeys(made.places), key=lambda place: place.rank)
    if not (made.kind or made.names) and _is_file(chief, meta):
        made.file = masks[chief.location.path].name(chief.subject)
    made.title = _title(made)
    announced = next((reading.kind for name in made.names if (reading := names.read(name))), "")
    made.entry = entry_of(made.kind, made.names, _files(made), announced)
    made.uses = frozenset().union(*(uses_of(f, kinds.get(f.location.path, ""), made.entry) for f in findings))
    made.severity, made.confidence = chief.severity, chief.confidence
    made.verdict = min((f.verdict for f in findings), key=_verdict_rank)
    made.facts = facts_of(findings)
    made.weak = is_weak(findings, made.names)
    made.note = "; ".join(dict.fromkeys(note for f in findings if (note := notes(f))))
    order = (-made.severity, not made.visible, _verdict_rank(made.verdict), -made.confidence, chief.sort_key)
    made.order = (made.verdict == "expired", *order)
    return made


def _redacted(secret: Secret) -> str:
    # What a key in PEM ends with tells nothing.
    return secret.redacted.removesuffix("----")


def _is_file(finding: Finding, meta: Meta) -> bool:
    """Whether the subject of a finding is a path."""
    rule = meta.rules.get(finding.rule)
    is_told = finding.rule in _FILE_RULES or (rule is not None and rule.family in _FILE_FAMILIES)
    return is_told or credfiles.recognise(finding.subject) is not None


def _verdict_rank(verdict: str) -> int:
    return _VERDICTS.index(verdict) if verdict in _VERDICTS else 1


def _files(made: Credential) -> list[str]:
    """Ids of the credential files that hold it."""
    paths = dict.fromkeys([made.file, *(place.path for place in made.places)])
    found = [credfiles.recognise(path) for path in paths if path]
    return list(dict.fromkeys(file.id for file in found if file is not None))


def _title(made: Credential) -> str:
    if made.kind:
        title = title_of(made.kind)
        return title[:1].upper() + title[1:]
    if made.names:
        return "Value given as"
    file = credfiles.recognise(made.file)
    if not made.file:
        return "Credential"
    return f"File ({file.title})" if file else "File"
