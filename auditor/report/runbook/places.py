"""Where a credential is: in a file of the source, or in a part of an image, and what became of it there."""

from __future__ import annotations

from auditor.core.image import ATTESTATION, CACHE, DELETED, HIDDEN, LAYER, LIVE, OVERWRITTEN
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report import images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.finding import Finding, Location
    from auditor.core.image import ImagePlace
    from auditor.report.runbook.masks import Mask

#: Part of a place in the source.
SOURCE = "source"
_MOST_STEPS = 3
#: What a state means for whoever has the image.
_MEANINGS = {
    DELETED: "whoever has the image can read it",
    OVERWRITTEN: "whoever has the image can read it",
    HIDDEN: "its bytes are there",
}
_SHORT_DIGEST = 19
_HOLDERS = {ATTESTATION: "an attestation (provenance, SBOM)", CACHE: "the builder's cache information"}


class Place(NamedTuple):
    """One place. `part` is SOURCE or a part of an image, `path` the file's ("" if it is in none), `spot` the place
    within the target, `holder` what holds it ("layer 3"), `digest` the layer's. `told` are sentences, `made` is the
    instruction. `visible`: a reader of the source or a container sees it."""

    target: str
    part: str
    path: str
    spot: str
    told: str
    holder: str = ""
    digest: str = ""
    state: str = LIVE
    made: str = ""
    source: str = ""
    visible: bool = True
    line: int = 0

    @property
    def rank(self) -> tuple[object, ...]:
        """Order in a list: what can be seen first."""
        return (not self.visible, self.target, self.holder, self.path, self.line, self.spot)


def places_of(finding: Finding, mask: Mask) -> Iterator[Place]:
    """The places that a finding tells of, its own first. `mask` takes known values out of what is quoted."""
    target = mask.name(finding.location.path)
    if finding.image is not None:
        yield _in_image(finding.image, target, finding.message, mask)
    else:
        steps = [step.message for step in finding.flow[:_MOST_STEPS]]
        told = mask.text("; ".join([finding.message.removesuffix("."), *steps]))
        yield _in_source(finding.location, target, told, mask)
    for related in finding.related:
        if related.image is not None:
            yield _in_image(related.image, target, "", mask)
        elif related.location is not None:
            yield _in_source(related.location, target, mask.text(related.message.removesuffix(".")), mask)


def _in_source(location: Location, target: str, told: str, mask: Mask) -> Place:
    path = mask.name(location.path)
    where = f"byte {location.offset}" if location.offset is not None else str(location.start_line)
    return Place(target, SOURCE, path, f"{path}:{where}", told, line=location.offset or location.start_line)


def _in_image(place: ImagePlace, target: str, message: str, mask: Mask) -> Place:
    fate = images.fate(place)
    meaning = _MEANINGS.get(place.state, "")
    notes = [message.removesuffix(".")] if message else []
    notes += [f"{fate}, but {meaning}"] if fate and meaning else [fate] if fate else []
    if place.in_base:
        notes.append("it came with the base image")
    if place.package:
        notes.append(f"a file of the package {place.package}")
    source = images.source(place)
    return Place(
        target,
        place.part,
        mask.name(place.path),
        mask.name(images.spot(place)),
        mask.text("; ".join(notes)),
        images.part(place) if place.part == LAYER else _HOLDERS.get(place.part, place.part),
        (place.digest or place.diff_id)[:_SHORT_DIGEST] if place.part == LAYER else "",
        place.state,
        mask.text(images.instruction(place.created_by)),
        mask.name(f"{source.path}:{source.start_line}") if source else "",
        place.state == LIVE,
        place.line or 0,
    )
