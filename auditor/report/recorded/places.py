"""Where a finding of a JSON report stands: in a file, or in an image, with the line of the Dockerfile."""

from __future__ import annotations

from auditor.core.finding import Location, Related, Step
from auditor.core.image import PARTS, STATES, ImagePlace
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span

if TYPE_CHECKING:
    from auditor.report.recorded.fields import Table


def spot(table: Table) -> tuple[ImagePlace | None, Location]:
    """The place in the image (None: in a file) and the location, as a finding has them. Raises RecordError."""
    place, location = _image(table), _location(table)
    name = table.text("target")
    if place is not None:
        return place, Location.target(name)
    if location is None:
        raise table.error("location", "must be an object where image is null")
    if location.path != name:
        raise table.error("location.path", "must be the target where image is null")
    return None, location


def related_of(table: Table, *, in_image: bool) -> tuple[tuple[Step, ...], tuple[Related, ...]]:
    """The steps of a finding in a file, or the other places of one in an image. Raises RecordError."""
    found = [(entry.text("message"), _location(entry), _image(entry)) for entry in table.tables("related")]
    if in_image:
        return (), tuple(Related(text, None if image else location, image) for text, location, image in found)
    steps = tuple(Step(text, location) for text, location, image in found if image is None)
    return steps, tuple(Related(text, image=image) for text, _, image in found if image is not None)


def _location(table: Table) -> Location | None:
    place = table.maybe_table("location")
    if place is None:
        return None
    start, start_column = place.whole("start_line", 1), place.whole("start_column", 1)
    end, end_column = place.whole("end_line", 1), place.whole("end_column", 1)
    if (end, end_column) < (start, start_column):
        raise place.error("end_line", "must not stand before the beginning")
    offset = place.whole("offset") if "offset" in place else None
    return Location(place.text("path"), start, start_column, end, end_column, Span(0, 0), offset)


def _image(table: Table) -> ImagePlace | None:
    place = table.maybe_table("image")
    if place is None:
        return None
    return _coordinates(place, _location(table))


def _coordinates(place: Table, location: Location | None) -> ImagePlace:
    """A place in an image; `location` is that of its instruction in the Dockerfile. Raises RecordError."""
    line = place.maybe_whole("dockerfile_line", 1)
    if (line is None) != (location is None):
        raise place.error("dockerfile_line", "must be a line where location is one, else null")
    return ImagePlace(
        place.one_of("part", PARTS),
        place.maybe_whole("layer_index"),
        place.maybe_text("diff_id"),
        place.maybe_text("digest"),
        place.maybe_text("path"),
        place.maybe_text("inner_path"),
        place.maybe_whole("line", 1),
        place.maybe_whole("offset"),
        place.maybe_text("pointer"),
        place.one_of("state", STATES),
        place.maybe_whole("removed_by_layer"),
        place.maybe_whole("history_index"),
        place.maybe_text("created_by"),
        location.path if location is not None else "",
        line,
        place.flag("in_base"),
        place.maybe_text("package"),
    )
