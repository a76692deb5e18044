"""Findings in images, for every format: which are of one secret, and how a place in an image is called."""

from __future__ import annotations

from auditor.core.finding import Location
from auditor.core.image import DELETED, HISTORY, LAYER, LIVE, OVERWRITTEN, PARTS, STATES, ImagePlace
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.core.finding import Finding, Severity

_LONGEST_INSTRUCTION = 2000
_LONGEST_NAME = 1000
_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_STEP = 1000
#: What builders put around an instruction: the legacy one, BuildKit, and both for build arguments (`|2 A=b C=d`).
_NOP = Pattern(r"\A/bin/sh -c #\(nop\)\s*")
_ARGUMENTS = Pattern(r"(?s)\A(?:RUN )?\|\d{1,6} (?:.*? )?/bin/sh -c (?=.)")
_SHELL = Pattern(r"(?s)\A(?:RUN )?/bin/sh -c (?=.)")
_BUILDKIT = " # buildkit"


class Group(NamedTuple):
    """Findings of one secret in one image: the strongest of them, and the other places where it stands."""

    finding: Finding
    places: tuple[ImagePlace, ...]

    @property
    def severity(self) -> Severity:
        """That of the strongest finding."""
        return self.finding.severity


def groups(findings: Iterable[Finding]) -> list[Group]:
    """The findings in images, one group for each secret and image, in the order of the report."""
    together: dict[tuple[str, str], list[Finding]] = {}
    for number, finding in enumerate(findings):
        if finding.image is not None:
            key = finding.group or f"\0{number}"
            together.setdefault((finding.location.path, key), []).append(finding)
    return sorted(map(_group, together.values()), key=lambda group: group.finding.sort_key)


def leading(findings: list[Finding]) -> list[Finding]:
    """Of findings of one secret in one image the strongest; all findings that are in no image."""
    return [f for f in findings if f.image is None] + [group.finding for group in groups(findings)]


def location(finding: Finding) -> Location | None:
    """Where a finding stands in a file of the source; None if it is in an image, and no line is known for it."""
    return finding.location if finding.image is None else source(finding.image)


def source(place: ImagePlace) -> Location | None:
    """The line of the Dockerfile that made a place; what names no file (provenance) means the usual one."""
    return Location.line(place.dockerfile or "Dockerfile", place.dockerfile_line) if place.dockerfile_line else None


def file(place: ImagePlace) -> str:
    """A file's path in its layer, with the way inside of an archive: `app/x.jar!BOOT-INF/y.properties`."""
    return f"{place.path}!{place.inner_path}" if place.inner_path else place.path


def spot(place: ImagePlace) -> str:
    """A place within its part: `app/.env:4`, `entry 9` of the history, a JSON pointer; endless names are cut."""
    if place.path:
        if place.line is not None:
            return f"{_cut(file(place))}:{place.line}"
        return _cut(f"{file(place)}{place.pointer and '#'}{place.pointer}")
    if place.part == HISTORY and place.history_index is not None:
        return f"entry {place.history_index}"
    if place.pointer:
        return _cut(place.pointer)
    return "outside of files" if place.offset is None else f"byte {place.offset}, outside of files"


def part(place: ImagePlace) -> str:
    """What holds a place: `layer 3`, `history`, `config`."""
    return f"layer {place.layer_index}" if place.part == LAYER and place.layer_index is not None else place.part


def fate(place: ImagePlace) -> str:
    """What became of a place since: `deleted in layer 5`; "" for one that a container sees."""
    if place.state == LIVE:
        return ""
    if place.removed_by_layer is None:
        return place.state
    return f"{place.state} {'in' if place.state in (DELETED, OVERWRITTEN) else 'by'} layer {place.removed_by_layer}"


def described(place: ImagePlace) -> str:
    """A place in one line: `layer 3: app/.env:4`."""
    return f"{part(place)}: {spot(place)}"


def told(message: str, place: ImagePlace) -> str:
    """The message, and what became of the place if a container does not see it."""
    gone = fate(place)
    return f"{message} {gone[:1].upper()}{gone[1:]}." if gone else message


def instruction(created_by: str) -> str:
    """An entry of the history as the Dockerfile may have had it: without what the builder put around it."""
    text = created_by[:_LONGEST_INSTRUCTION].strip()
    if nop := _NOP.match(text):
        return text[nop.end() :].strip()
    text = text.removesuffix(_BUILDKIT)
    for shell in (_ARGUMENTS, _SHELL):
        if found := shell.match(text):
            return f"RUN {text[found.end() :].strip()}"
    return text


def size(number: int) -> str:
    """Bytes for people: `1.9 GB`, `48 MB`; "" if not known."""
    if number < 0:
        return ""
    value, unit = float(number), 0
    while value >= _STEP - 0.5 and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    if unit == 0:
        return f"{number} {'byte' if number == 1 else 'bytes'}"
    return f"{value:.1f} {_UNITS[unit]}" if value < 9.95 else f"{value:.0f} {_UNITS[unit]}"


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME // 2]}…{name[-_LONGEST_NAME // 2 :]}"


def _group(findings: list[Finding]) -> Group:
    ordered = sorted(findings, key=_weakness) if len(findings) > 1 else findings
    strongest = ordered[0]
    others = [finding.image for finding in ordered if finding.image is not None]
    others += [related.image for f in findings for related in f.related if related.image is not None]
    places = {_coordinates(place): place for place in reversed(others)}
    if strongest.image is not None:
        places.pop(_coordinates(strongest.image), None)
    return Group(strongest, tuple(sorted(places.values(), key=_place_weakness)))


def _weakness(finding: Finding) -> tuple[object, ...]:
    place = finding.image or ImagePlace(LAYER)
    return (-finding.severity, -finding.confidence, *_place_weakness(place), finding.sort_key)


def _place_weakness(place: ImagePlace) -> tuple[int, int, int, int, str]:
    """What a container sees counts most, then what lies in files; of equals the first."""
    state = STATES.index(place.state) if place.state in STATES else len(STATES)
    rank = PARTS.index(place.part) if place.part in PARTS else len(PARTS)
    return (state, rank, place.layer_index or 0, place.history_index or 0, described(place))


def _coordinates(place: ImagePlace) -> tuple[object, ...]:
    where = place.line if place.line is not None else place.offset
    return (place.part, place.layer_index, place.path, place.inner_path, where, place.pointer, place.history_index)
