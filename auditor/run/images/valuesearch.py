"""Looks for values in layers as they are, along with the search for secrets, and keeps apart what that finds."""

from __future__ import annotations

import hmac
from collections import Counter
from functools import partial

from auditor.core.finding import Confidence
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.detect.detection import ASSIGNED_SECRET, Detection
from auditor.detect.needles import Needles
from auditor.detect.randomness import is_random
from auditor.run.images.layers.gathered import MOST_SHOWN
from auditor.run.images.layers.outcome import LayerOutcome
from auditor.run.images.layers.pathset import PathSet
from auditor.run.images.layers.search import LayerSearch
from auditor.run.images.leak import ShownValue
from auditor.run.images.needlesweep import NeedleSweep
from auditor.sources.images.packages import Owned

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from auditor.detect.needles import Hit
    from auditor.detect.views import Cut
    from auditor.run.images.layers.searching import Job, Searching
    from auditor.run.images.layers.searching import Settings as Looking
    from auditor.run.images.leak import Leak
    from auditor.run.images.values import Value
    from auditor.sources.images.model import Image, Layer

#: Stored bytes up to which a layer is searched for values that are younger, too.
_SMALL = 64 << 20
#: The number of such a hit beside those of rules, and that of no layer.
_HIT, _ALL = -1, -1
#: Places of one value in one content.
_MOST_OF_CONTENT = 20
#: What may be shown of a line before the value: the name of a setting.
_NAME = Pattern(r"[\w.@-]{1,40}[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?")


class ValueSearch:
    """Looks for values in layers, along with the search for secrets. `key` is that of fingerprints."""

    def __init__(self, values: Sequence[Value], key: bytes) -> None:
        self._values = {value.secret.reveal(): value for value in values}
        self._key = key
        self._needles = _needles_of(values)
        self._sweep = _sweep_of(values, self._needles)
        #: For layers in which not all can be, by the number of the layer: what is sought there, and under which name.
        self._latest = max((value.since for value in values), default=0)
        self._fewer: dict[int, NeedleSweep] = {}
        self._names: dict[int, str] = {}
        #: What was found in layers, by their keys.
        self._kept: dict[str, LayerOutcome] = {}

    def covers(self, values: Sequence[Value]) -> bool:
        """Whether all of these are looked for."""
        return all(value.secret.reveal() in self._values for value in values)

    def name_for(self, layer: Layer | None) -> str:
        """Tells searches for other values apart, and tells nothing of these; "" where none is looked for."""
        number = _ALL if layer is None or self._can_hold_all(layer) else layer.number
        if number not in self._names:
            told = sorted((value.secret.reveal(), value.name) for value in self._sought(layer))
            text = repr(told).encode("utf-8", "backslashreplace")
            self._names[number] = hmac.digest(self._key, text, "sha256").hex() if told else ""
        return self._names[number]

    def along(self, search: LayerSearch) -> LayerSearch:
        """A search that looks for these values as well, in large layers for those that can be in them."""
        overlap = max(search.settings.overlap, self._needles.reach)
        return _Along(search.settings._replace(overlap=overlap), self._sweep_for)

    def taken(self, key: str, outcome: LayerOutcome) -> LayerOutcome:
        """The outcome of a layer as the rules alone give it; the values are kept for `told`."""
        leaks = [_shown(leak) for leak in outcome.leaks if not leak.by_rule]
        rest = tuple(leak for leak in outcome.leaks if leak.by_rule)
        cut = ("", f"more than {MOST_SHOWN:,} places of values that the metadata shows: the rest is not listed")
        # What is known of files without another leak belongs to the values.
        own = {leak.place.path for leak in leaks} - {leak.place.path for leak in rest}
        nothing = PathSet()
        self._kept[key] = LayerOutcome(
            *(outcome.diff_id, outcome.digest, outcome.size, outcome.stored, outcome.files),
            leaks=tuple(leaks[:MOST_SHOWN]),
            removed=(),
            opaque=(),
            files_here=nothing,
            folders_here=nothing,
            links=tuple(link for link in outcome.links if link[1] in own),
            digests={path: digests for path, digests in outcome.digests.items() if path in own},
            owned=Owned(),
            skipped=(cut,) if len(leaks) > MOST_SHOWN else (),
            errors=outcome.errors,
        )
        return outcome._replace(
            leaks=rest,
            links=tuple(link for link in outcome.links if link[1] not in own),
            digests={path: digests for path, digests in outcome.digests.items() if path not in own},
        )

    def kept(self, key: str) -> LayerOutcome:
        """The values that were found in a layer, as an outcome of its own."""
        return self._kept[key]

    def recalled(self, key: str, outcome: LayerOutcome) -> None:
        """What an earlier search has found in a layer."""
        self._kept[key] = outcome

    def told(
        self, image: Image, outcomes: Sequence[LayerOutcome | None], groups: Collection[str]
    ) -> list[LayerOutcome | None]:
        """The outcomes, with the values of these groups that are in their layers and that were not told yet."""
        told = list(outcomes)
        for layer in image.layers:
            outcome, kept = told[layer.number], self._kept.get(layer.key)
            if outcome is None or kept is None:
                continue
            known = outcome._replace(leaks=tuple(map(self._masked, outcome.leaks)))
            new = tuple(_new(outcome, [leak for leak in kept.leaks if leak.group in groups]))
            told[layer.number] = (
                known
                if not new
                else known._replace(
                    leaks=(*known.leaks, *new),
                    links=(*known.links, *kept.links),
                    digests={**kept.digests, **known.digests},
                    skipped=(*known.skipped, *kept.skipped),
                )
            )
        return told

    def _masked(self, leak: Leak) -> Leak:
        """A leak that was made, or remembered, by a search that knew nothing of the values."""
        return leak._replace(excerpt=self._needles.masked(leak.excerpt), message=self._needles.masked(leak.message))

    def _can_hold_all(self, layer: Layer) -> bool:
        return 0 <= layer.size <= _SMALL or layer.number >= self._latest

    def _sought(self, layer: Layer | None) -> list[Value]:
        if layer is None or self._can_hold_all(layer):
            return list(self._values.values())
        return [value for value in self._values.values() if value.since <= layer.number]

    def _sweep_for(self, layer: Layer | None) -> NeedleSweep | None:
        if layer is None or self._can_hold_all(layer):
            return self._sweep
        sought = self._sought(layer)
        if sought and layer.number not in self._fewer:
            self._fewer[layer.number] = _sweep_of(sought, _needles_of(sought))
        return self._fewer.get(layer.number)


def _new(outcome: LayerOutcome, leaks: Sequence[Leak]) -> Iterator[Leak]:
    """Of the leaks that are values those that no rule has told at that place."""
    places = [leak.place for leak in outcome.leaks]
    values = {(leak.group, leak.place.path) for leak in outcome.leaks}
    lines = {(place.path, place.inner_path, place.line) for place in places if place.line is not None}
    for leak in leaks:
        place = leak.place
        if (leak.group, place.path) not in values and (place.path, place.inner_path, place.line) not in lines:
            yield leak


def _shown(leak: Leak) -> Leak:
    """With nothing of the line but the name of a setting: nobody has looked for other secrets in it."""
    match = _NAME.match(leak.excerpt)
    name = match[0] if match is not None and not is_random(match[0]) else ""
    return leak._replace(excerpt=f"{name}{leak.secret.redacted}")


def _needles_of(values: Sequence[Value]) -> Needles:
    return Needles({str(number): encoded(value.secret.reveal()) for number, value in enumerate(values)}, plain=True)


def _sweep_of(values: Sequence[Value], needles: Needles) -> NeedleSweep:
    return NeedleSweep(needles, partial(_detection, values), number=_HIT)


def _detection(values: Sequence[Value], hit: Hit) -> Detection:
    value = values[int(hit.name)]
    title = f"the value that the image's metadata shows as {value.name}"
    return Detection(
        ASSIGNED_SECRET,
        title,
        hit.start,
        hit.end,
        ShownValue(value.secret.reveal(), value.secret.kind),
        Confidence.HIGH,
    )


class _Along(LayerSearch):
    """Searches layers for what the settings say, and for the values that `sweep_of` says for a layer."""

    def __init__(self, settings: Looking, sweep_of: Callable[[Layer | None], NeedleSweep | None]) -> None:
        super().__init__(settings)
        self._sweep_of = sweep_of

    def audit(self, job: Job) -> LayerOutcome:
        """See `LayerSearch.audit`."""
        values, rules = self._sweep_of(job.layer), self.settings.sweep
        search = LayerSearch(self.settings._replace(sweep=_BothSweeps(rules, values) if values else rules))
        search.ahead, search.heard = self.ahead, self.heard
        return search.audit(job)


class _BothSweeps:
    """What rules find, and values beside it."""

    def __init__(self, rules: Searching, values: NeedleSweep) -> None:
        self._rules = rules
        self._values = values
        self.reads_whole = rules.reads_whole
        self.take_problems = rules.take_problems

    def hits(self, data: bytes | memoryview) -> list[tuple[int, int]]:
        """Where in a block something may be."""
        hits, found = self._rules.hits(data), self._values.hits(data)
        return sorted([*hits, *found], key=lambda hit: hit[1]) if found else hits

    def is_weak(self, index: int) -> bool:
        """Whether a hit may wait."""
        return index != _HIT and self._rules.is_weak(index)

    def reach(self, index: int) -> int:
        """Bytes around a weak hit that are needed."""
        return self._values.reach(index) if index == _HIT else self._rules.reach(index)

    def examine(
        self,
        data: bytes | memoryview,
        hits: Sequence[tuple[int, int]],
        path: str,
        cuts: list[Cut] | None = None,
        *,
        whole: bool = False,
    ) -> list[Detection]:
        """What is in one content."""
        near = [hit for hit in hits if hit[0] != _HIT]
        found = list(self._rules.examine(data, near, path, cuts, whole=whole)) if near or whole else []
        if len(near) == len(hits):
            return found
        counts: Counter[str] = Counter()
        for detection in self._values.examine(data, hits, path):
            value = detection.secret.reveal()
            counts[value] += 1
            if counts[value] <= _MOST_OF_CONTENT:
                found.append(detection)
        return found
