"""When layers are searched for the values that metadata shows: as they pass by, or again; if neither, it is said.

What is searched for, and how, is in `values`, which is loaded only where there are such values.
"""

from __future__ import annotations

from auditor.core.finding import Skipped
from auditor.core.record import TYPE_CHECKING
from auditor.detect.detection import ASSIGNED_SECRET
from auditor.detect.prefiltering.store import private_folder
from auditor.sources.images.model import PassingSource, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.core.finding import Target
    from auditor.run.images.layers.outcome import LayerOutcome
    from auditor.run.images.layers.outcomes import Scanned
    from auditor.run.images.layers.telling import Wanted
    from auditor.run.images.metadata.examine import Metadata
    from auditor.run.images.values import Value, ValueSearch
    from auditor.sources.images.model import Image, Source

_NOT_SEARCHED = "not searched for the values that the metadata shows"
_ONCE = "the source is not read a second time"


class ShownValues:
    """The search of one run, for one source after the other. `asked` is what of it is told, and how."""

    def __init__(self, asked: Wanted) -> None:
        self._asked = asked
        self._rereads = True
        self._beside: ValueSearch | None = None

    def begin(self, source: Source, examined: Callable[[Image], Metadata]) -> ValueSearch | None:
        """Turn to a source; what looks for the values of metadata that is known before its layers pass by."""
        self._rereads, self._beside = source.rereads, None
        if not isinstance(source, PassingSource) or ASSIGNED_SECRET in self._asked.left_out:
            return None
        described = [(image, examined(image)) for image in source.described()]
        if not any(metadata.found for _, metadata in described):
            return None
        from auditor.run.images.values import ValueSearch, values_of  # start-up: only where there are such values

        values = [value for image, metadata in described for value in values_of(metadata, len(image.layers))]
        self._beside = ValueSearch(values, self._asked, private_folder()) if values else None
        return self._beside

    def within(self, scanned: Scanned, metadata: Metadata, target: Target) -> Sequence[LayerOutcome | None]:
        """The outcomes of an image's layers, with what the values that its metadata shows are found in.

        What could not be searched is noted with the target.
        """
        if not metadata.found or ASSIGNED_SECRET in self._asked.left_out:
            return scanned.outcomes
        from auditor.run.images.values import values_of  # start-up: as above

        values = values_of(metadata, len(scanned.image.layers))
        if not values or not any(scanned.outcomes):
            return scanned.outcomes
        outcomes, reason = self._searched(scanned, values)
        if reason:
            target.skipped.append(Skipped("layers", f"{_NOT_SEARCHED}: {reason}"))
        return outcomes

    def _searched(self, scanned: Scanned, values: Sequence[Value]) -> tuple[Sequence[LayerOutcome | None], str]:
        """The outcomes, and why they may lack something ("": they do not)."""
        from auditor.run.images.values import ValueSearch  # start-up: as above

        image, outcomes, beside = scanned.image, scanned.outcomes, self._beside
        if beside is not None and beside.has_passed(image):
            missed = beside.missed(image, outcomes, values)
            return beside.passed(image, outcomes), f"{missed} of them were read without these" if missed else ""
        # An engine's other images lie beside what it exports, and can be read like files.
        if not self._rereads and beside is None:
            return outcomes, _ONCE
        try:
            return ValueSearch(values, self._asked, private_folder()).more(image, outcomes), ""
        except SourceError as error:
            return outcomes, str(error)
