"""The Dockerfile behind an image: the one the user names, that of its provenance, or one found beside the target."""

from __future__ import annotations

from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.run.images.history.dockerfile_lines import dockerfile_lines
from auditor.run.images.metadata.provenance import provenance_lines
from auditor.sources.files import UnreadableFile, open_regular
from auditor.sources.images import model

if TYPE_CHECKING:
    from auditor.core.config import Settings
    from auditor.run.images.history.entries import History
    from auditor.sources.images.model import Image

_NAMES = ("Dockerfile", "Containerfile")
_LARGEST = 1 << 20


def lines_of(settings: Settings, image: Image, history: History) -> tuple[str, dict[int, int]]:
    """Path of the Dockerfile, and which of its lines (from 1) each history entry comes from; ("", {}) without one.

    Raises UsageError if the Dockerfile that the user names cannot be read.
    """
    if settings.dockerfile:
        text = _read(settings.dockerfile)
        if text is None:
            raise UsageError(f"{settings.origins.get('dockerfile', 'dockerfile')}: {settings.dockerfile}: not readable")
        return settings.dockerfile, dockerfile_lines(text, history, settings.target or None)
    told = _of_provenance(image, history)
    if told[1]:
        return told
    for name in _NAMES:
        text = _read(name)
        lines = dockerfile_lines(text, history) if text is not None else {}
        if lines:
            return name, lines
    return "", {}


def _of_provenance(image: Image, history: History) -> tuple[str, dict[int, int]]:
    """What the builder's own record says: the Dockerfile's text, or only the lines of the layers."""
    for document in image.documents:
        if document.kind != model.ATTESTATION:
            continue
        told = provenance_lines(document.data)
        name = told.filename or _NAMES[0]
        lines = dockerfile_lines(told.text, history) if told.text else {}
        makers = history.makers
        if told.layers and len(makers) == len(image.layers):
            by_layer = {makers[layer.number]: told.layers.get(layer.digest, 0) for layer in image.layers}
            lines |= {entry: line for entry, line in by_layer.items() if line}
        if lines:
            return name, lines
    return "", {}


def _read(path: str) -> str | None:
    try:
        with open_regular(path, follow=True) as file:
            data = file.read(_LARGEST)
    except (OSError, UnreadableFile):
        return None
    return data.decode("utf-8", "surrogateescape")
