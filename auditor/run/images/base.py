"""Which layers and which history an image has from its base image."""

from __future__ import annotations

import re
from collections import deque

from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.run.images.history import entries as histories
from auditor.sources.images.model import PassingSource, SourceError
from auditor.sources.images.target import open_source, parse_target

if TYPE_CHECKING:
    from auditor.run.images.history.entries import History
    from auditor.sources.images.model import Image

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Base:
    """The base image that the user names: any target, or the diff_id of its last layer.

    Raises UsageError if it names nothing that can be read.
    """

    def __init__(self, text: str, platform: str) -> None:
        self._text = text
        self._layers: list[list[str]] = []
        self._histories: list[History] = []
        self._last = text if _DIGEST.fullmatch(text) else ""
        if not self._last:
            try:
                with open_source(parse_target(text), platform=platform) as source:
                    if isinstance(source, PassingSource):
                        deque(source.passing(), 0)
                    for image in source.images():
                        self._layers.append([layer.diff_id for layer in image.layers])
                        self._histories.append(histories.read(image.config))
            except SourceError as error:
                raise UsageError(f"--base: {error}") from None

    def shared(self, image: Image, history: History) -> tuple[int, int]:
        """How many layers and history entries of an image came with the base. Raises UsageError if none did."""
        diff_ids = [layer.diff_id for layer in image.layers]
        if self._last:
            if self._last not in diff_ids:
                raise UsageError(f"--base: no layer of {image.name} has the diff_id {self._text}")
            count = diff_ids.index(self._last) + 1
            return count, _entries_of(count, history)
        best = (0, 0)
        for layers, ours in zip(self._layers, self._histories, strict=True):
            if layers and diff_ids[: len(layers)] == layers:
                best = max(best, (len(layers), _same(ours, history)))
        if not best[0]:
            raise UsageError(f"--base: {image.name} is not built on {self._text}: their first layers differ")
        return best


def _same(base: History, history: History) -> int:
    """How many entries both begin with."""
    count = 0
    for one, other in zip(base.entries, history.entries, strict=False):
        if (one.created_by, one.comment) != (other.created_by, other.comment):
            break
        count += 1
    return count


def _entries_of(layers: int, history: History) -> int:
    """How many entries there are up to the one that made this many layers."""
    makers = history.makers
    return makers[layers - 1] + 1 if layers <= len(makers) else 0
