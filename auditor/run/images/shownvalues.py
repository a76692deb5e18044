"""When layers are searched for the values that metadata shows: with everything else, or again; if neither, it is said.

What is searched for, and how, is in `values`, which is loaded only where there are such values.
"""

from __future__ import annotations

from auditor.core.finding import Skipped
from auditor.core.record import TYPE_CHECKING
from auditor.detect.detection import ASSIGNED_SECRET
from auditor.detect.prefiltering.store import private_folder
from auditor.sources.images.model import PassingSource, SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.finding import Target
    from auditor.run.images.layers.outcome import LayerOutcome
    from auditor.run.images.layers.outcomes import Layers, Scanned
    from auditor.run.images.layers.telling import Wanted
    from auditor.run.images.metadata.examine import Metadata
    from auditor.run.images.values import Value, ValueSearch
    from auditor.sources.images.model import Image, Layer, Source


class ShownValues:
    """The search of one run, for one source after the other. `asked` is what of it is told, and how."""

    def __init__(self, asked: Wanted, layers: Layers) -> None:
        self._asked = asked
        self._layers = layers
        self._reason = ""
        self._beside: ValueSearch | None = None

    def begin(self, source: Source, described: Sequence[tuple[Image, Metadata]]) -> ValueSearch | None:
        """Turn to a source, of which this is known before a layer is read; what looks for the values in that."""
        self._beside = None
        # A layer of an export that has passed by cannot be opened; those of images beside it can.
        once = not source.rereads and not isinstance(source, PassingSource)
        self._reason = "the source is not read a second time" if once else ""
        if ASSIGNED_SECRET in self._asked.left_out or not any(metadata.found for _, metadata in described):
            return None
        from auditor.run.images.values import values_of  # start-up: only where there are such values

        values = [value for image, metadata in described for value in values_of(metadata, len(image.layers))]
        if len(described) > 1:
            values = [value._replace(since=0) for value in values]  # a layer may have another number in another image
        self._beside = self._search_for(values)
        return self._beside

    def within(self, scanned: Scanned, metadata: Metadata, target: Target) -> Sequence[LayerOutcome | None]:
        """The outcomes of an image's layers, with what the values that its metadata shows are found in.

        What could not be searched is noted with the target.
        """
        if not metadata.found or ASSIGNED_SECRET in self._asked.left_out:
            return scanned.outcomes
        from auditor.run.images.values import values_of  # start-up: as above

        image, outcomes = scanned.image, scanned.outcomes
        values = values_of(metadata, len(image.layers))
        search = self._beside
        if search is None or not search.covers(values):
            search = self._search_for(values)
        if search is None or not any(outcomes):
            return outcomes
        unread = search.unread(image, outcomes)
        reason = self._read_again(search, scanned, unread) if unread else ""
        if reason:
            number = f"{len(unread)} of {len(image.layers)}"
            note = f"{number} not searched for the values that the metadata shows: {reason}"
            target.skipped.append(Skipped("layers", note))
        return search.told(image, outcomes, {found.leak.group for found in metadata.found})

    def _search_for(self, values: Sequence[Value]) -> ValueSearch | None:
        from auditor.run.images.values import ValueSearch  # start-up: as above

        return ValueSearch(values, self._asked, private_folder()) if values else None

    def _read_again(self, search: ValueSearch, scanned: Scanned, layers: Sequence[Layer]) -> str:
        """Search layers that are known from before; why that cannot be, or ""."""
        if self._reason:
            return self._reason
        try:
            for layer in layers:
                search.again(scanned.image, layer)
                outcome = scanned.outcomes[layer.number]
                if outcome is not None:
                    self._layers.keep_beside(layer, outcome, search)
        except SourceError as error:
            return str(error)
        return ""
