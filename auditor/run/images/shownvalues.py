"""When layers are searched for the values that metadata shows: along with everything else; if they are not, it is said.

What is searched for is in `values`, how in `valuesearch`; both are loaded only where there are such values.
"""

from __future__ import annotations

from auditor.core.finding import Skipped
from auditor.core.record import TYPE_CHECKING
from auditor.detect.detection import ASSIGNED_SECRET
from auditor.sources.images.model import PassingSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.finding import Target
    from auditor.run.images.layers.outcome import LayerOutcome
    from auditor.run.images.layers.outcomes import Scanned
    from auditor.run.images.layers.telling import Wanted
    from auditor.run.images.metadata.examine import Metadata
    from auditor.run.images.values import Value
    from auditor.run.images.valuesearch import ValueSearch
    from auditor.sources.images.model import Image, Source

_NOT_SEARCHED = "not searched for the values that the metadata shows"


class ShownValues:
    """The search of one run, for one source after the other. `asked` is what of it is told, and how."""

    def __init__(self, asked: Wanted) -> None:
        self._asked = asked
        self._beside: ValueSearch | None = None

    def begin(self, source: Source, described: Sequence[tuple[Image, Metadata]]) -> ValueSearch | None:
        """Turn to a source, of which this is known before a layer is read; what looks for the values in that."""
        self._beside = None
        if ASSIGNED_SECRET in self._asked.left_out or not any(metadata.found for _, metadata in described):
            return None
        from auditor.run.images.valuesearch import ValueSearch  # start-up: only where there are such values

        values = [value for image, metadata in described for value in self._values_of(image, metadata)[0]]
        if len(described) > 1 or isinstance(source, PassingSource):
            # A layer may have another number in another image, and none while it passes by.
            values = [value._replace(since=0) for value in values]
        self._beside = ValueSearch(values, self._asked.key) if values else None
        return self._beside

    def within(self, scanned: Scanned, metadata: Metadata, target: Target) -> Sequence[LayerOutcome | None]:
        """The outcomes of an image's layers, with what the values that its metadata shows are found in.

        What could not be searched is noted with the target.
        """
        image, outcomes = scanned.image, scanned.outcomes
        if not metadata.found or ASSIGNED_SECRET in self._asked.left_out or not any(outcomes):
            return outcomes
        values, more = self._values_of(image, metadata)
        if more:
            target.skipped.append(Skipped("layers", f"{_NOT_SEARCHED}: {more:,} of {more + len(values):,} of these"))
        if self._beside is None or not self._beside.covers(values):
            if values:
                target.skipped.append(Skipped("layers", f"{_NOT_SEARCHED}: they passed by before these were known"))
            return outcomes
        return self._beside.told(image, outcomes, {found.leak.group for found in metadata.found})

    def _values_of(self, image: Image, metadata: Metadata) -> tuple[list[Value], int]:
        """The values that are looked for, and how many others there are."""
        if not metadata.found:
            return [], 0
        from auditor.run.images.values import MOST_VALUES, values_of  # start-up: as above

        values = values_of(metadata, len(image.layers))
        return values[:MOST_VALUES], max(len(values) - MOST_VALUES, 0)
