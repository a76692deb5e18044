"""Where formats for code reviews hang a finding: a file and a line, for findings in images, too."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report.image_sarif import folded
from auditor.report.images import described, source, told
from auditor.report.plain import from_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.core.finding import Finding
    from auditor.report.masking import FileMasker
    from auditor.report.meta import Meta


class Anchor(NamedTuple):
    """A file, from the repository root, with lines and columns from 1; `column` is 0 where there is none."""

    path: str
    line: int
    end_line: int
    column: int = 0


def anchor(finding: Finding, meta: Meta) -> Anchor:
    """Where a finding is shown.

    In an image that is the line of the Dockerfile where one is known, else the place, as if the image were a folder.
    What is no text has one line.
    """
    place = finding.location
    if finding.image is None:
        if place.offset is not None:
            return Anchor(from_root(place.path, meta), 1, 1)
        return Anchor(from_root(place.path, meta), place.start_line, place.end_line, place.start_column)
    line = source(finding.image)
    if line is not None and not from_root(line.path, meta).startswith("/"):
        return Anchor(from_root(line.path, meta), line.start_line, line.start_line)
    number = finding.image.line or 1
    return Anchor(folded(finding.image), number, number)


def message(finding: Finding, masks: Mapping[str, FileMasker]) -> str:
    """The message on one line, or the rule where there is none; and what became of the place where a container does not
    see it."""
    masker = masks.get(finding.location.path)
    said = (masker.mask(finding.message) if masker else finding.message).replace("\n", " ") or finding.rule
    return said if finding.image is None else told(said, finding.image)


def sentence(finding: Finding, masks: Mapping[str, FileMasker]) -> str:
    """The message; of a finding in an image after the image and the place."""
    said = message(finding, masks)
    return said if finding.image is None else f"{finding.location.path}: {described(finding.image)}: {said}"
