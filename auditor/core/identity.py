"""What makes a finding the same one in the next run, and where findings in an image stand in a report."""

from __future__ import annotations

from auditor.core.image import LAYER, PARTS
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.core.finding import Finding
    from auditor.core.image import ImagePlace

_AFTER_ALL_LAYERS = 1 << 32


def identity(finding: Finding) -> tuple[str, ...]:
    """What the id is made of besides the occurrence: rule, place and subject.

    For an image that is part, path, inner path and pointer, without the target's name, layer numbers and digests.
    """
    place = finding.image
    if place is None:
        return (finding.rule, finding.location.path, finding.subject)
    return ("image", finding.rule, *image_place(place), finding.subject)


def image_place(place: ImagePlace) -> tuple[str, str, str, str]:
    """What of a place outlives a rebuild: part, path, inner path, and the pointer without positions in lists."""
    # Positions in lists (of the history, of the environment) shift with every instruction that is added.
    pointer = "/".join("-" if part.isdecimal() else part for part in place.pointer.split("/"))
    return (place.part, place.path, place.inner_path, pointer)


def image_order(finding: Finding, place: ImagePlace) -> tuple[str, int, int, str, str]:
    """As `Finding.sort_key`: by target, layers from the base up, then the metadata part by part."""
    rank = place.layer_index or 0
    number = 0
    if place.part != LAYER:
        rank = _AFTER_ALL_LAYERS + (PARTS.index(place.part) if place.part in PARTS else len(PARTS))
        number = place.history_index or 0
    where = "\0".join((place.path, place.inner_path, place.pointer))
    within = f"{place.line or 0:012}\0{place.offset or 0:020}\0{finding.rule}\0{finding.subject}"
    return (finding.location.path, rank, number, where, within)
