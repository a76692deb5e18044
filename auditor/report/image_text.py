"""The report for people on images: by layer and by what else the image holds, each secret once."""

from __future__ import annotations

from auditor.core.finding import Confidence
from auditor.core.image import ANNOTATION, ATTESTATION, CACHE, CONFIG, HISTORY, LABEL, LAYER, LIVE, PARTS, ImagePlace
from auditor.core.layerline import SCANNED, LayerLine
from auditor.core.record import TYPE_CHECKING
from auditor.report.image_overview import overview, searched, was_read
from auditor.report.image_story import line_of, noted, quoted, story
from auditor.report.images import described, fate, groups, instruction, size, spot
from auditor.report.masking import maskers
from auditor.report.meta import counts
from auditor.report.prose import advice
from auditor.report.terminal import Painter, columns, cut, escape, escape_path, wrap

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Report, Target
    from auditor.report.images import Group
    from auditor.report.masking import FileMasker
    from auditor.report.meta import Meta

#: Of the verdicts that the message itself does not tell.
_VERDICTS = {"expired": "expired", "malformed": "malformed"}
_SECTIONS = {
    CONFIG: "configuration",
    LABEL: "labels",
    HISTORY: "history",
    ANNOTATION: "annotations of the manifest and the index",
    ATTESTATION: "attestations",
    CACHE: "build cache",
}
_INDENT = "    "
_FIX_INDENT = len("    fix: ")
_DIGEST = len("sha256:") + 12
#: Other places of one secret that are named, and the columns that an instruction needs at least to be worth showing.
_MOST_PLACES, _NARROWEST = 6, 16


def render(report: Report, meta: Meta) -> list[str]:
    """The lines on every image with findings that are shown; on all images where `meta.verbose`."""
    masks = maskers(report)
    lines: list[str] = []
    shown: dict[str, list[Group]] = {}
    hit: dict[str, set[int | None]] = {}
    for finding in report.findings:
        if finding.image is not None:
            places = [finding.image, *(related.image for related in finding.related if related.image is not None)]
            layers = {place.layer_index for place in places if place.part == LAYER}
            hit.setdefault(finding.location.path, set()).update(layers)
    for group in groups(report.active):
        if group.severity >= meta.min_severity:
            shown.setdefault(group.finding.location.path, []).append(group)
    for target in report.targets:
        found = shown.get(target.name, [])
        if found or (meta.verbose and target.layers):
            lines += _Writer(target, meta, masks[target.name], hit.get(target.name, set())).image(found)
    return lines


class _Writer:
    """Collects the lines on one image; remembers which advice was given, so that it is not repeated."""

    def __init__(self, target: Target, meta: Meta, masker: FileMasker, hit: set[int | None]) -> None:
        self._target = target
        self._meta = meta
        self._hit = hit
        self._masker = masker
        self._painter = Painter(meta.color)
        self._layers = {layer.number: layer for layer in target.layers}
        self._advice: dict[str, str] = {}
        self._lines: list[str] = []

    def image(self, found: list[Group]) -> list[str]:
        """All lines on the image, the last one blank."""
        self._head(found)
        sections: dict[tuple[int, int], list[Group]] = {}
        for group in found:
            sections.setdefault(_section(group.finding), []).append(group)
        verbose = [(PARTS.index(LAYER), number) for number in self._layers if self._meta.verbose]
        for key in sorted({*sections, *verbose}):
            self._section(key, sections.get(key, []))
        closing = [] if self._meta.verbose else searched(self._target, self._hit, self._meta.width)
        closing += overview(found, self._meta)
        return [*self._lines, *closing, ""] if closing else self._lines

    def _head(self, found: list[Group]) -> None:
        target, paint = self._target, self._painter.paint
        self._lines.append(paint("path", escape_path(target.name)))
        digest = target.digest if self._meta.verbose else target.digest[:_DIGEST]
        read = "" if not target.size else size(target.size)
        facts = [target.platform, _count(len(target.layers), "layer") if target.layers else "", read, digest]
        if any(facts):
            self._say(", ".join(fact for fact in facts if fact), "  ")
        self._lines.append(f"  {self._count(found)}")
        gone = sum(LIVE not in (place.state for place in _places(group)) for group in found)
        if gone:
            which = "All" if gone == len(found) > 1 else "It" if gone == len(found) else f"{gone} of them"
            verb = "was" if gone == 1 else "were"
            self._say(f"{which} {verb} deleted, overwritten or hidden, and can be read all the same.", "  ")
        self._lines.append("")

    def _count(self, found: list[Group]) -> str:
        if not found:
            return "Nothing found."
        places = sum(1 + len(group.places) for group in found)
        where = f" in {_count(places, 'place')}" if places > len(found) else ""
        levels = counts([group.finding for group in found]).items()
        listed = ", ".join(self._painter.severity(level, f"{n} {level.label}") for level, n in levels if n)
        return f"{_count(len(found), 'secret')}{where}: {listed}"

    def _section(self, key: tuple[int, int], found: list[Group]) -> None:
        if PARTS[key[0]] == LAYER:
            number = key[1]
            layer = self._layers.get(number) or _layer_of(number, found)
            self._layer(layer, empty=not found)
        else:
            self._lines.append(self._painter.paint("gutter", _SECTIONS[PARTS[key[0]]]))
        if not found:
            return
        self._lines.append("")
        for group in sorted(found, key=lambda group: (-group.severity, group.finding.sort_key)):
            self._group(group)

    def _layer(self, layer: LayerLine, *, empty: bool) -> None:
        """`layer 3  48 MB  COPY . /app  Dockerfile:7`, cut to the width of the terminal."""
        facts = [line_of(layer.dockerfile, layer.dockerfile_line), "base image" if layer.in_base else ""]
        if self._meta.verbose:
            nothing = was_read(layer) and layer.number not in self._hit
            facts += [layer.state if layer.state != SCANNED else "", "nothing found" if nothing else ""]
        note = noted(*facts).strip()
        lead = f"layer {layer.number}"
        bulk = size(layer.size)
        used = columns(lead) + sum(2 + columns(text) for text in (bulk, note) if text)
        what = self._instruction(layer.created_by, max(self._meta.width - used - 2, _NARROWEST))
        paint = self._painter.paint
        parts = [paint("gutter", lead), bulk, what, paint("dim", note)]
        self._lines.append("  ".join(text for text in parts if text))
        if self._meta.verbose and layer.diff_id:
            self._lines.append(paint("dim", f"  {escape(layer.diff_id)}"))
            if empty:
                self._lines.append("")

    def _group(self, group: Group) -> None:
        finding = group.finding
        place = finding.image or ImagePlace(LAYER)
        self._title(finding, place)
        room = self._meta.width - len(_INDENT) - 2
        excerpt = quoted(finding, self._masker, room)
        if excerpt:
            self._lines.append(f"{_INDENT}  {excerpt}")
        self._say(self._masker.mask(finding.message), _INDENT)
        if self._meta.show_secrets and finding.secret is not None and finding.secret.reveal():
            self._lines.append(f"{_INDENT}value: {escape(finding.secret.reveal())}")
        self._say(story(place, self._layers, self._instruction), _INDENT)
        for related in finding.related:
            if related.image is None:
                self._say(self._masker.mask(related.message), f"{_INDENT}note: ")
        self._also(group)
        self._fix(finding, place)
        self._lines.append("")

    def _title(self, finding: Finding, place: ImagePlace) -> None:
        paint = self._painter.paint
        doubts = [] if finding.confidence is Confidence.HIGH else [f"{finding.confidence.label} confidence"]
        verdict = _VERDICTS.get(finding.verdict, "")
        doubts += [verdict] if verdict and verdict not in finding.message else []
        doubts += ["base image"] if place.in_base else []
        doubts += [f"package {place.package}"] if place.package else []
        line = line_of(place.dockerfile, place.dockerfile_line) if place.part == HISTORY else ""
        where = escape(spot(place)) + (f" ({line})" if line else "")
        level, note = finding.severity.label, escape(", ".join(doubts))
        fits = 8 + columns(f"{where}{level}{finding.rule}{note}") <= self._meta.width
        title = f"  {paint('path', where)}  {self._painter.severity(finding.severity, level)}  {finding.rule}"
        self._lines.append(title + (paint("dim", f"  ({note})") if note and fits else ""))
        if note and not fits:
            self._lines.append(paint("dim", f"{_INDENT}({note})"))

    def _also(self, group: Group) -> None:
        named = [self._named(place) for place in group.places]
        if not self._meta.verbose:
            entries = [at for at, place in enumerate(group.places) if place.part == HISTORY and place.state == LIVE]
            if len(entries) > 1:
                numbers = ", ".join(str(group.places[at].history_index) for at in entries)
                named[entries[0]] = f"history: entries {numbers}"
                named = [name for at, name in enumerate(named) if at not in entries[1:]]
        kept = named if self._meta.verbose else named[:_MOST_PLACES]
        lead = f"{_INDENT}also in "
        for name in kept:
            self._lines += (
                wrap(name, self._meta.width, lead, " " * len(lead))
                if name.startswith("history: entries ")
                else [lead + name]
            )
            lead = " " * len(lead)
        if len(named) > len(kept):
            self._lines.append(f"{lead}and {len(named) - len(kept)} more (-v names them)")

    def _named(self, place: ImagePlace) -> str:
        line = line_of(place.dockerfile, place.dockerfile_line) if place.part != LAYER else ""
        return escape(described(place)) + noted(fate(place), line, "base image" if place.in_base else "")

    def _fix(self, finding: Finding, place: ImagePlace) -> None:
        rule = self._meta.rules.get(finding.rule)
        remedy = self._masker.mask(finding.remedy) if finding.remedy else rule.remedy if rule else ""
        if not remedy:
            return
        label = f"{_INDENT}{self._painter.paint('fix', 'fix:')}"
        if remedy in self._advice:
            self._lines.append(f"{label} as for {self._advice[remedy]}")
            return
        self._advice[remedy] = escape(described(place))
        lines = advice(remedy, self._meta.width - _FIX_INDENT, whole=self._meta.verbose)
        self._lines.append(f"{label} {lines.pop(0)}")
        self._lines += [" " * _FIX_INDENT + line for line in lines]

    def _instruction(self, created_by: str, room: int) -> str:
        text = " ".join(self._masker.mask(instruction(created_by)).split())
        return cut(escape(text), room, 0)

    def _say(self, text: str, indent: str) -> None:
        self._lines += wrap(text, self._meta.width, indent, " " * len(indent))


def _section(finding: Finding) -> tuple[int, int]:
    place = finding.image or ImagePlace(LAYER)
    rank = PARTS.index(place.part) if place.part in PARTS else PARTS.index(ATTESTATION)
    return (rank, place.layer_index or 0 if place.part == LAYER else 0)


def _layer_of(number: int, found: list[Group]) -> LayerLine:
    """What the findings know of a layer that the target does not list."""
    place = next((group.finding.image for group in found if group.finding.image), ImagePlace(LAYER))
    return LayerLine(number, place.diff_id, place.digest, created_by=place.created_by)


def _places(group: Group) -> list[ImagePlace]:
    return [place for place in (group.finding.image, *group.places) if place is not None]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
