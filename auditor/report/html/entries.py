"""Findings as the HTML report lists them: those in images one for each secret, strongest first."""

from __future__ import annotations

from auditor.core.finding import Confidence
from auditor.core.image import LAYER, LIVE, ImagePlace
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report.excerpt import Excerpt, marks_of
from auditor.report.html.advice import Advisor
from auditor.report.html.changes import changes
from auditor.report.image_story import line_of, quoted, story
from auditor.report.images import described, fate, groups, instruction
from auditor.report.masking import FileMasker, maskers
from auditor.report.terminal import Painter, cut, escape
from auditor.report.text import place_in

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Report, Target
    from auditor.report.html.advice import Hint
    from auditor.report.html.changes import Change
    from auditor.report.images import Group
    from auditor.report.meta import Meta

#: Columns of a quoted line, and of an instruction.
_WIDTH, _INSTRUCTION = 160, 400
#: Of one finding: other places of its secret, and steps of its story.
_MOST_PLACES, _MOST_STEPS = 50, 50
_MASK = "****"
_VERDICTS = {
    "valid": "valid: its checksum or structure is right",
    "expired": "expired, by what it says of itself",
    "malformed": "malformed: its checksum or form does not fit",
    "placeholder": "placeholder: it stands in for a value",
    "unverified": "not verified",
}


class Line(NamedTuple):
    """A quoted line: its number ("": none), runs of (text, whether it is what was found), and notes below."""

    number: str
    runs: list[tuple[str, bool]]
    notes: tuple[str, ...] = ()


class Spot(NamedTuple):
    """Another place of the secret: where, its state, and what became of it."""

    where: str
    state: str
    note: str


class Entry(NamedTuple):
    """One item of the list. `target` is the index of its target in the report; `states` are those of all its places;
    `facts` are (label, text, whether it is code); `steps` are (message, place)."""

    number: int
    finding: Finding
    group: Group | None
    target: int
    message: str
    title: str
    where: str
    state: str
    states: list[str]
    verdict: str
    value: str
    lines: list[Line]
    facts: list[tuple[str, str, bool]]
    steps: list[tuple[str, str]]
    also: list[Spot]
    more: int
    hint: Hint
    changes: list[Change]

    @property
    def severity(self) -> str:
        """Its label."""
        return self.finding.severity.label

    @property
    def sure(self) -> bool:
        """Whether nothing speaks against it."""
        return self.finding.confidence is Confidence.HIGH


def listed(report: Report) -> list[tuple[Finding, Group | None]]:
    """What is active, strongest first, then by place: findings in files, and one group for each secret in an image."""
    active = report.active
    both: list[tuple[Finding, Group | None]] = [(f, None) for f in active if f.image is None]
    both += [(group.finding, group) for group in groups(active)]
    return sorted(both, key=lambda pair: (-pair[0].severity, -pair[0].confidence, pair[0].sort_key))


class Entries:
    """Makes the items of one report."""

    def __init__(self, report: Report, meta: Meta) -> None:
        self._meta = meta
        self._targets = {target.name: at for at, target in enumerate(report.targets)}
        self._report = report
        self._masks = maskers(report)
        self._excerpts: dict[str, Excerpt] = {}
        self._layers = {t.name: {layer.number: layer for layer in t.layers} for t in report.targets}
        self._said: dict[tuple[str, str, int], str] = {}
        self._hints = Advisor(meta)

    @property
    def advisor(self) -> Advisor:
        """What is to be done, as far as items have asked for it."""
        return self._hints

    def masker(self, name: str) -> FileMasker:
        """That of a target."""
        return self._masks.get(name) or FileMasker([], [])

    def said(self, name: str, created_by: str, room: int) -> str:
        """What the history of a target calls an instruction, masked, on one line."""
        key = (name, created_by, room)
        if key not in self._said:
            text = " ".join(self.masker(name).mask(instruction(created_by)).split())
            self._said[key] = cut(escape(text), room)
        return self._said[key]

    def entry(self, number: int, finding: Finding, group: Group | None) -> Entry:
        """One item; numbers count from 1."""
        name = finding.location.path
        masker = self.masker(name)
        place = finding.image
        places = [place, *group.places] if group is not None and place is not None else []
        also = [_spot(other) for other in places[1 : _MOST_PLACES + 1]]
        return Entry(
            number,
            finding,
            group,
            self._targets.get(name, -1),
            " ".join(masker.mask(finding.message).split()),
            self._meta.title(finding.rule),
            f"{name}:{place_in(finding.location)}" if place is None else described(place),
            place.state if place is not None else "",
            sorted({other.state for other in places}),
            _VERDICTS.get(finding.verdict, finding.verdict),
            _value(finding),
            self._lines(finding, masker),
            self._facts(finding, place),
            _steps(finding, masker),
            also,
            max(len(places) - 1 - _MOST_PLACES, 0),
            self._hints.hint(finding, masker),
            changes(finding, masker),
        )

    def _lines(self, finding: Finding, masker: FileMasker) -> list[Line]:
        if finding.image is not None:
            text = quoted(finding, masker, _WIDTH)
            return [Line("", [(text, False)])] if text else []
        excerpt = self._excerpt(finding.location.path, masker)
        quotes = excerpt.quotes(marks_of([finding], masker)) if excerpt is not None else []
        return [Line(q.number, [(text, mark is not None) for text, _, mark in q.runs], q.notes) for q in quotes]

    def _excerpt(self, path: str, masker: FileMasker) -> Excerpt | None:
        at = self._targets.get(path)
        if at is None or not self._report.targets[at].text:
            return None
        if path not in self._excerpts:
            self._excerpts[path] = Excerpt(self._report.targets[at], masker, Painter(False), _WIDTH)
        return self._excerpts[path]

    def _facts(self, finding: Finding, place: ImagePlace | None) -> list[tuple[str, str, bool]]:
        if place is None:
            return []
        name = finding.location.path
        facts = [("State", story(place, self._layers.get(name, {}), lambda c, room: self.said(name, c, room)), False)]
        if place.created_by:
            facts.append(("Made by", self.said(name, place.created_by, _INSTRUCTION), True))
        facts += [
            ("Source", line_of(place.dockerfile, place.dockerfile_line), True),
            ("Base image", "It came with the base image." if place.in_base else "", False),
            ("Package", place.package, True),
            ("Layer", place.diff_id, True),
        ]
        return [fact for fact in facts if fact[1]]


def target_name(target: Target) -> str:
    """How a target is called where several are."""
    return target.name or target.kind


def _value(finding: Finding) -> str:
    if finding.secret is None:
        return ""
    return finding.secret.redacted.removesuffix("----") or _MASK


def _spot(place: ImagePlace) -> Spot:
    source = line_of(place.dockerfile, place.dockerfile_line) if place.part != LAYER else ""
    note = ", ".join(fact for fact in (fate(place), source, "base image" if place.in_base else "") if fact)
    return Spot(described(place), place.state or LIVE, note)


def _steps(finding: Finding, masker: FileMasker) -> list[tuple[str, str]]:
    steps = [(step.message, step.location) for step in finding.flow]
    steps += [(related.message, related.location) for related in finding.related if related.image is None]
    told = []
    for message, place in steps[:_MOST_STEPS]:
        where = f"{place.path}:{place_in(place)}" if place is not None else ""
        told.append((" ".join(masker.mask(message).split()), where))
    return told
