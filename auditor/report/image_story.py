"""What is told of one place in an image: whether it can still be seen, who put it there, and the line that holds it."""

from __future__ import annotations

from auditor.core.image import ANNOTATION, ATTESTATION, CACHE, CONFIG, HISTORY, LABEL, LAYER, LIVE
from auditor.core.record import TYPE_CHECKING
from auditor.report.images import fate
from auditor.report.terminal import cut, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditor.core.finding import Finding
    from auditor.core.image import ImagePlace
    from auditor.core.layerline import LayerLine
    from auditor.report.masking import FileMasker

_SEEN = {
    LAYER: "Every container sees it.",
    CONFIG: "Every container and docker inspect show it.",
    LABEL: "docker inspect shows it.",
    HISTORY: "docker history shows it.",
    ANNOTATION: "Everyone who can pull the image can read it.",
    ATTESTATION: "Everyone who can pull the image can read it.",
    CACHE: "Everyone who can use the cache can read it.",
}
_MASK = "****"
#: Columns of an instruction within a sentence.
_NOT_ALL = 48


def story(place: ImagePlace, layers: Mapping[int, LayerLine], said: Callable[[str, int], str]) -> str:
    """Whether it can still be seen, and which instruction is to blame.

    `said` gives what the history calls an instruction as it may be shown, in so many columns.
    """
    maker = ""
    if place.part not in (LAYER, HISTORY) and place.history_index is not None:
        line = line_of(place.dockerfile, place.dockerfile_line)
        known = f"history entry {place.history_index}"
        what = said(place.created_by, _NOT_ALL)
        maker = f" From {what or known}{noted(line, known if what else '')}."
    if place.state == LIVE:
        return _SEEN.get(place.part, _SEEN[ATTESTATION]) + maker
    if place.part != LAYER:
        return f"The final configuration has it no more; {_kept(place.part)}.{maker}"
    remover = layers.get(-1 if place.removed_by_layer is None else place.removed_by_layer)
    by = said(remover.created_by, _NOT_ALL) if remover else ""
    what = fate(place) if place.removed_by_layer is not None else "no path leads to it any more"
    return f"{what[:1].upper()}{what[1:]}{f' by {by}' if by else ''}; whoever has the image can still read it."


def quoted(finding: Finding, masker: FileMasker, room: int) -> str:
    """The line that holds the secret, masked, escaped and cut around it; else the secret's public parts; or ""."""
    excerpt = masker.mask(finding.excerpt.strip())
    if not excerpt and finding.secret is not None and finding.secret.redacted != _MASK:
        excerpt = finding.secret.redacted
    shown = escape(excerpt)
    return cut(shown, room, _focus(shown, finding)) if shown else ""


def noted(*facts: str) -> str:
    """What is known besides, in brackets after a blank."""
    told = ", ".join(escape(fact) for fact in facts if fact)
    return f" ({told})" if told else ""


def line_of(path: str, line: int | None) -> str:
    """A line of the Dockerfile as people name it: `app/Dockerfile:7`; "" if not known."""
    return f"{escape(path or 'Dockerfile')}:{line}" if line else ""


def _kept(which: str) -> str:
    return "docker history still shows it" if which == HISTORY else "whoever has the image can still read it"


def _focus(shown: str, finding: Finding) -> int:
    """Where this secret stands in a line that may have several: where its mask is not a part of another's."""
    mask = escape(finding.secret.redacted) if finding.secret is not None else _MASK
    at = shown.find(mask)
    while at >= 0:
        around = shown[max(at - 1, 0) : at] + shown[at + len(mask) : at + len(mask) + 1]
        if not any(char.isalnum() or char in "_-*" for char in around):
            return at
        at = shown.find(mask, at + 1)
    return shown.find(_MASK)
