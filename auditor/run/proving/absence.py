"""Where in an image values stand: the search of `audit image --assert-absent`, told in sentences."""

from __future__ import annotations

from auditor.core.config import Settings
from auditor.core.image import LIVE
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.images.proof import ProofScan
from auditor.run.images.scan import run_over

if TYPE_CHECKING:
    from auditor.core.finding import Finding
    from auditor.core.image import ImagePlace
    from auditor.run.proving.masking import Masks


class Sightings(NamedTuple):
    """Where values stand: `places` are sentences, `paths` the files with one that a container sees; `errors` say what
    could not be looked at."""

    places: tuple[str, ...] = ()
    paths: frozenset[str] = frozenset()
    errors: tuple[str, ...] = ()


def sightings(target: str, masks: Masks) -> Sightings:
    """All places in an image where one of the values stands."""
    if not masks.names:
        return Sightings()
    report, _ = run_over(ProofScan(Settings(), None, masks.needles), [target], None, ())
    errors = [f"{error.path}: {error.message}" for image in report.targets for error in image.errors]
    return Sightings(
        tuple(dict.fromkeys(map(_told, report.findings))),
        frozenset(
            place.path
            for finding in report.findings
            for place in _places(finding)
            if place.path and place.state == LIVE
        ),
        tuple(dict.fromkeys(errors)),
    )


def _places(finding: Finding) -> list[ImagePlace]:
    images = [finding.image, *(related.image for related in finding.related)]
    return [image for image in images if image is not None]


def _told(finding: Finding) -> str:
    place = finding.image
    if place is None:
        return finding.message
    if place.layer_index is None:
        where = f"{place.part} {place.pointer}".strip()
    else:
        inner = f"!{place.inner_path}" if place.inner_path else ""
        where = f"layer {place.layer_index}: {place.path}{inner} ({place.state})"
    return f"{where}: {finding.message}"
