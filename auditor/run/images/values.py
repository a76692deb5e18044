"""Values that an image's metadata shows to be secrets, looked for in its layers as they are.

A rule finds a value by its form or by what announces it. One that a build argument or a variable has given away needs
neither: `key = VALUE` in a file that a later layer deletes is found by the value.
"""

from __future__ import annotations

import hmac
from functools import partial

from auditor.core.finding import Confidence, Severity
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Secret, encoded
from auditor.detect.detection import ASSIGNED_SECRET, Detection
from auditor.detect.needles import Needles
from auditor.detect.randomness import is_random
from auditor.detect.seeking.encodings import PLAIN
from auditor.run.images.layers.outcome import LayerOutcome
from auditor.run.images.layers.pathset import PathSet
from auditor.run.images.layers.search import LayerSearch
from auditor.run.images.layers.searching import Job
from auditor.run.images.layers.searching import Settings as Looking
from auditor.run.images.leak import SHOWN_VALUE
from auditor.run.images.needlesweep import NeedleSweep
from auditor.sources.images.inflate import LayerStream
from auditor.sources.images.packages import Owned

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from auditor.detect.needles import Hit
    from auditor.detect.views import Cut
    from auditor.run.images.layers.searching import Searching
    from auditor.run.images.layers.telling import Wanted
    from auditor.run.images.leak import Leak
    from auditor.run.images.metadata.examine import Found, Metadata
    from auditor.sources.images.model import Image, Layer

#: Characters of values that are looked for: shorter ones may be anything, longer ones have forms of their own.
_SHORTEST, _LONGEST = 12, 1024
_MOST_VALUES = 50
#: Stored bytes up to which a layer is read again that is older than every value.
_SMALL = 64 << 20
_BLOCK = 1 << 20
#: The number of such a hit beside those of rules.
_HIT = -1
#: Of one content: what rules find in it must have its place in a report.
_MOST_OF_CONTENT = 200
#: What may be shown of a line before the value: the name of a setting.
_NAME = Pattern(r"[\w.@-]{1,40}[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?")


class Value(NamedTuple):
    """A value, what the metadata calls it, and the first layer that can have been made with it."""

    secret: Secret
    name: str
    since: int


def values_of(metadata: Metadata, layers: int) -> list[Value]:
    """The values worth a search: random ones, which stand nowhere by chance."""
    known: dict[str, Value] = {}
    for found in metadata.found:
        text = found.leak.secret.reveal()
        usable = found.leak.severity >= Severity.MEDIUM and _SHORTEST <= len(text) <= _LONGEST and "\n" not in text
        if not usable or not is_random(text):
            continue
        since = _first_layer(found, metadata, layers)
        before = known.get(text)
        name = before.name if before is not None else found.leak.subject.rpartition(" ")[2]
        known[text] = Value(found.leak.secret, name, min(since, before.since) if before is not None else since)
    return list(known.values())[:_MOST_VALUES]


def _first_layer(found: Found, metadata: Metadata, layers: int) -> int:
    """The first layer whose entry in the history is not older than the value's; 0 where nobody knows."""
    places = (found.leak.place, *found.also)
    entries = [place.history_index for place in places if place.history_index is not None]
    if not entries:
        return 0
    made = ((number, metadata.alignment.entry_of(number)) for number in range(layers))
    return next((number for number, entry in made if entry is not None and entry >= min(entries)), layers)


class ValueSearch:
    """Looks for values in layers: with everything else, or again. `wanted` says what of it is told, and how.

    `name` tells searches for other values apart, and tells nothing of these.
    """

    def __init__(self, values: Sequence[Value], wanted: Wanted, folder: str) -> None:
        self._values = {value.secret.reveal(): value for value in values}
        told = sorted((text, value.name, value.since) for text, value in self._values.items())
        self.name = hmac.digest(wanted.key, repr(told).encode("utf-8", "backslashreplace"), "sha256").hex()
        self._since = min((value.since for value in values), default=0)
        self._needles, self._sweep = _sweep_for(values)
        #: For layers older than some of the values, by the number of the layer.
        self._fewer: dict[int, NeedleSweep] = {}
        # What is packed stays so: it is the plain bytes that are looked for.
        self._search = LayerSearch(Looking(self._sweep, wanted, 0, False, False, self._needles.reach, folder))
        #: What was found in layers, by their keys.
        self._found: dict[str, tuple[Leak, ...]] = {}

    def covers(self, values: Sequence[Value]) -> bool:
        """Whether all of these are looked for."""
        return all(value.secret.reveal() in self._values for value in values)

    def along(self, search: LayerSearch) -> LayerSearch:
        """A search that looks for these values as well, in large layers for those that can be in them."""
        overlap = max(search.settings.overlap, self._needles.reach)
        return _Along(search.settings._replace(overlap=overlap), self._sweep_of)

    def _sweep_of(self, layer: Layer | None) -> NeedleSweep | None:
        if layer is None or 0 <= layer.size <= _SMALL:
            return self._sweep
        possible = [value for value in self._values.values() if value.since <= layer.number]
        if len(possible) == len(self._values):
            return self._sweep
        if layer.number not in self._fewer and possible:
            self._fewer[layer.number] = _sweep_for(possible)[1]
        return self._fewer.get(layer.number)

    def taken(self, key: str, outcome: LayerOutcome) -> LayerOutcome:
        """The outcome of a layer as the rules alone give it; the values are kept for `told`."""
        self._found[key] = tuple(_shown(leak) for leak in outcome.leaks if not leak.by_rule)
        return outcome._replace(leaks=tuple(leak for leak in outcome.leaks if leak.by_rule))

    def bare(self, key: str, outcome: LayerOutcome) -> LayerOutcome:
        """The values that were found in a layer, as an outcome of its own."""
        nothing = PathSet()
        read = outcome.diff_id, outcome.digest, outcome.size, outcome.stored, outcome.files
        return LayerOutcome(*read, self._found[key], (), (), nothing, nothing, (), {}, Owned(), (), ())

    def recalled(self, key: str, outcome: LayerOutcome) -> None:
        """What an earlier run has found in a layer."""
        self._found[key] = outcome.leaks

    def told(
        self, image: Image, outcomes: Sequence[LayerOutcome | None], groups: Collection[str]
    ) -> list[LayerOutcome | None]:
        """The outcomes, with the values of these groups that are in their layers and that were not told yet."""
        told = list(outcomes)
        for layer in image.layers:
            outcome = told[layer.number]
            if outcome is not None and layer.key in self._found:
                new = _new(outcome, [leak for leak in self._found[layer.key] if leak.group in groups])
                told[layer.number] = outcome._replace(leaks=(*outcome.leaks, *new))
        return told

    def unread(self, image: Image, outcomes: Sequence[LayerOutcome | None]) -> list[Layer]:
        """The layers with files that were not searched for these values, and that are worth it."""
        read = ((layer, outcomes[layer.number]) for layer in image.layers if layer.key not in self._found)
        return [layer for layer, outcome in read if outcome is not None and self._is_worth_it(layer, outcome)]

    def again(self, image: Image, layer: Layer) -> None:
        """Search a layer that was read before. Raises SourceError where it cannot be read a second time."""
        leaks: Sequence[Leak] = ()
        if self._holds_any(image, layer):
            leaks = self._search.audit(Job(partial(image.open, layer), verify=False, again=False)).leaks
        self._found[layer.key] = tuple(map(_shown, leaks))

    def _is_worth_it(self, layer: Layer, outcome: LayerOutcome) -> bool:
        return bool(outcome.files) and (layer.number >= self._since or outcome.stored <= _SMALL)

    def _holds_any(self, image: Image, layer: Layer) -> bool:
        """Whether a value is anywhere in a layer: most have none, and need no look at their files."""
        stream = LayerStream(image.open(layer), verify=False)
        try:
            buffer = bytearray(self._needles.reach + _BLOCK)
            kept = 0
            while count := stream.readinto(memoryview(buffer)[kept : kept + _BLOCK]):
                if self._needles.search(memoryview(buffer)[: kept + count]):
                    return True
                tail = bytes(buffer[max(0, kept + count - self._needles.reach) : kept + count])
                kept = len(tail)
                buffer[:kept] = tail
        finally:
            stream.close()
        return False


def _new(outcome: LayerOutcome, leaks: Sequence[Leak]) -> Iterator[Leak]:
    """Of the leaks that are values those that no rule has told at that place."""
    values = {(leak.group, leak.place.path) for leak in outcome.leaks}
    lines = {(leak.place.path, leak.place.line) for leak in outcome.leaks if leak.place.line is not None}
    for leak in leaks:
        place = leak.place
        if (leak.group, place.path) not in values and (place.path, place.line) not in lines:
            yield leak


def _shown(leak: Leak) -> Leak:
    """With nothing of the line but the name of a setting: nobody has looked for other secrets in it."""
    match = _NAME.match(leak.excerpt)
    name = match[0] if match is not None and not is_random(match[0]) else ""
    return leak._replace(excerpt=f"{name}{leak.secret.redacted}")


def _sweep_for(values: Sequence[Value]) -> tuple[Needles, NeedleSweep]:
    texts = {str(number): encoded(value.secret.reveal()) for number, value in enumerate(values)}
    needles = Needles(texts, plain=True)
    return needles, NeedleSweep(needles, partial(_detection, values), number=_HIT, encodings=(PLAIN,))


def _detection(values: Sequence[Value], hit: Hit) -> Detection:
    value = values[int(hit.name)]
    title = f"the value that the image's metadata shows as {value.name}"
    return Detection(
        ASSIGNED_SECRET, title, hit.start, hit.end, Secret(value.secret.reveal(), SHOWN_VALUE), Confidence.HIGH
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
        found = self._rules.examine(data, near, path, cuts, whole=whole) if near or whole else []
        if len(near) == len(hits):
            return found
        return [*found, *self._values.examine(data, hits, path)[:_MOST_OF_CONTENT]]
