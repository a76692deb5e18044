"""Leaks of layers and metadata become the findings of one image: attributed, judged as a whole, one for each cause."""

from __future__ import annotations

from auditor.core.finding import Finding, Location, Related, Suppression
from auditor.core.image import DELETED, HIDDEN, LAYER, LIVE, OVERWRITTEN, ImagePlace
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.images.layers.doubts import lowered
from auditor.run.images.layers.inside import file_of
from auditor.run.images.states import Fates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.run.images.layers.outcome import LayerOutcome
    from auditor.run.images.leak import Leak
    from auditor.run.images.metadata.examine import Found, Metadata
    from auditor.sources.images.model import Image

#: A container sees the first, whoever has the image can get at the others.
_STRENGTH = {LIVE: 0, OVERWRITTEN: 1, DELETED: 2, HIDDEN: 3}
_MOST_RELATED = 100


class Attribution(NamedTuple):
    """What is known of the build beside the image: the number of layers and of history entries that came with the base
    image, and the Dockerfile with the line (from 1) of each history entry."""

    base_layers: int = 0
    base_entries: int = 0
    dockerfile: str = ""
    lines: Mapping[int, int] = {}


def findings(
    name: str,
    image: Image,
    outcomes: Sequence[LayerOutcome | None],
    metadata: Metadata,
    known: Attribution,
) -> list[Finding]:
    """The findings of one image, in order of place. `outcomes`: of each layer, None for one that was not read."""
    placing = _Placing(image, outcomes, metadata, known)
    groups: dict[tuple[str, str, str], list[Leak]] = {}
    for number, outcome in enumerate(outcomes):
        for leak in outcome.leaks if outcome else ():
            placed = placing.of_layer(number, outcome, leak)
            groups.setdefault((leak.group, placed.place.path, leak.rule), []).append(placed)
    found = [_finding(name, _strongest_first(leaks)) for leaks in groups.values()]
    found += (placing.of_metadata(name, one) for one in metadata.found)
    return sorted(found, key=lambda finding: finding.sort_key)


class _Placing:
    """Completes the places of leaks."""

    def __init__(
        self, image: Image, outcomes: Sequence[LayerOutcome | None], metadata: Metadata, known: Attribution
    ) -> None:
        self._image = image
        self._metadata = metadata
        self._known = known
        self._fates = Fates(outcomes)
        self._owners: dict[tuple[int, str], str] = {}
        # A later layer may hold what an earlier one's lists name.
        self._owned = [outcome.owned for outcome in outcomes if outcome is not None and len(outcome.owned)]

    def of_layer(self, number: int, outcome: LayerOutcome | None, leak: Leak) -> Leak:
        """A leak of a layer with everything that only the image tells."""
        layer = self._image.layers[number]
        path = file_of(leak.place.path, leak.place.inner_path)
        place = self._attributed(leak.place._replace(layer_index=number, diff_id=layer.diff_id, digest=layer.digest))
        if place.state != HIDDEN:
            fate, seen = self._fates.of(number, path)
            place = place._replace(state=fate.state, removed_by_layer=fate.layer)
            if seen != path and path == leak.place.path:
                place = place._replace(path=seen)
        package = self._owner(number, outcome, path)
        leak = leak._replace(place=place)
        return lowered(leak, package) if package and not place.package else leak

    def _owner(self, number: int, outcome: LayerOutcome | None, path: str) -> str:
        """The package that brought a file as it is in this layer; "" if there is none."""
        key = (number, path)
        if key not in self._owners:
            digests = outcome.digests.get(path) if outcome else None
            owners = (owned.owner(path, digests) for owned in self._owned) if digests is not None else ()
            self._owners[key] = next(filter(None, owners), "")
        return self._owners[key]

    def of_metadata(self, name: str, found: Found) -> Finding:
        """The finding for a leak of the metadata."""
        places = [self._attributed(place) for place in (found.leak.place, *found.also)]
        leaks = [found.leak._replace(place=place) for place in places]
        return _finding(name, leaks)

    def _attributed(self, place: ImagePlace) -> ImagePlace:
        """The place with the instruction behind it, in the image's history and in the Dockerfile."""
        known, entry = self._known, place.history_index
        if place.part == LAYER and place.layer_index is not None:
            entry = self._metadata.alignment.entry_of(place.layer_index, place.path)
        made = self._metadata.created_by
        line = known.lines.get(entry) if entry is not None else None
        layer_of_base = place.layer_index is not None and place.layer_index < known.base_layers
        return place._replace(
            history_index=entry,
            created_by=made[entry] if entry is not None and entry < len(made) else place.created_by,
            dockerfile=known.dockerfile if line is not None else "",
            dockerfile_line=line,
            in_base=layer_of_base or (place.part != LAYER and entry is not None and entry < known.base_entries),
        )


def _strongest_first(leaks: list[Leak]) -> list[Leak]:
    def strength(leak: Leak) -> tuple[bool, int, int, int, int]:
        place = leak.place
        return (
            leak.silenced is not None,
            _STRENGTH.get(place.state, len(_STRENGTH)),
            -leak.severity,
            -(place.layer_index or 0),
            place.offset or 0,
        )

    return sorted(leaks, key=strength)


def _finding(name: str, leaks: Sequence[Leak]) -> Finding:
    """One finding; further leaks of the same cause are its related places."""
    leak = leaks[0]
    more = len(leaks) - 1 - _MOST_RELATED
    finding = Finding(
        leak.rule,
        leak.severity,
        Location.target(name),
        f"{leak.message} It is in {more:,} more places." if more > 0 else leak.message,
        leak.subject,
        confidence=leak.confidence,
        verdict=leak.verdict,
        secret=leak.secret,
        remedy=leak.remedy,
        image=leak.place,
        related=tuple(Related(_also(one.place), None, one.place) for one in leaks[1 : _MOST_RELATED + 1]),
        group=leak.group,
        excerpt=leak.excerpt,
    )
    if leak.silenced is not None:
        finding.suppressed = Suppression("inline", leak.silenced)
    return finding


def _also(place: ImagePlace) -> str:
    if place.part != LAYER:
        return f"The same value, in the {place.part}."
    return "The same value, in the same file." if place.state == LIVE else f"The same value, {place.state}."
