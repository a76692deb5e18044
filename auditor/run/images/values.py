"""Values that an image's metadata shows to be secrets, looked for in its layers as they are.

A rule finds a value by its form or by what announces it. One that a build argument or a variable has given away needs
neither: `key = VALUE` in a file that a later layer deletes is found by the value.
"""

from __future__ import annotations

from functools import partial

from auditor.core.finding import Confidence, Severity
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Secret, encoded
from auditor.detect.detection import ASSIGNED_SECRET, Detection
from auditor.detect.needles import Needles
from auditor.detect.randomness import is_random
from auditor.detect.seeking.encodings import PLAIN
from auditor.run.images.layers.search import LayerSearch
from auditor.run.images.layers.searching import Job
from auditor.run.images.layers.searching import Settings as Looking
from auditor.run.images.needlesweep import NeedleSweep
from auditor.sources.images.inflate import LayerStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.detect.needles import Hit
    from auditor.detect.views import Cut
    from auditor.run.images.layers.outcome import LayerOutcome
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
#: The kind of such a secret, and the number of such a hit beside those of rules.
_KIND, _HIT = "shown-value", -1
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
    """Looks for values in layers that can be read again. `wanted` says what of it is told, and how."""

    def __init__(self, values: Sequence[Value], wanted: Wanted, folder: str) -> None:
        self._known = frozenset(value.secret.reveal() for value in values)
        self._since = min((value.since for value in values), default=0)
        self._needles = Needles({str(number): encoded(value.secret.reveal()) for number, value in enumerate(values)})
        self._sweep = NeedleSweep(self._needles, partial(_detection, values), number=_HIT, encodings=(PLAIN,))
        # What is packed stays so: it is the plain bytes that are looked for.
        self._search = LayerSearch(Looking(self._sweep, wanted, 0, False, False, self._needles.reach, folder))
        #: What was found in layers that passed by once, by their keys.
        self._passed: dict[str, list[Leak]] = {}

    def along(self, search: LayerSearch) -> LayerSearch:
        """A search that looks for these values as well."""
        settings = search.settings
        overlap = max(settings.overlap, self._needles.reach)
        return LayerSearch(settings._replace(sweep=_BothSweeps(settings.sweep, self._sweep), overlap=overlap))

    def taken(self, key: str, outcome: LayerOutcome) -> LayerOutcome:
        """The outcome of a layer as the rules alone give it; the values are kept for `passed`."""
        self._passed[key] = [leak for leak in outcome.leaks if leak.secret.kind == _KIND]
        return outcome._replace(leaks=tuple(leak for leak in outcome.leaks if leak.secret.kind != _KIND))

    def passed(self, image: Image, outcomes: Sequence[LayerOutcome | None]) -> list[LayerOutcome | None]:
        """The outcomes of layers that have passed by, with the values that are in them and that were not told yet."""
        told = list(outcomes)
        for layer in image.layers:
            outcome = told[layer.number]
            if outcome is not None and layer.key in self._passed:
                new = _new(outcome, self._passed[layer.key])
                told[layer.number] = outcome._replace(leaks=(*outcome.leaks, *new))
        return told

    def missed(self, image: Image, outcomes: Sequence[LayerOutcome | None], values: Sequence[Value]) -> int:
        """How many layers with files have passed by without being searched for all of these values."""
        read = {
            layer.key
            for layer, outcome in zip(image.layers, outcomes, strict=True)
            if outcome is not None and outcome.files
        }
        known = all(value.secret.reveal() in self._known for value in values)
        return len(read - self._passed.keys() if known else read)

    def has_passed(self, image: Image) -> bool:
        """Whether a layer of this image was among those that have passed by."""
        return any(layer.key in self._passed for layer in image.layers)

    def more(self, image: Image, outcomes: Sequence[LayerOutcome | None]) -> list[LayerOutcome | None]:
        """The outcomes, with the values that are in their layers and that were not told yet.

        Raises SourceError where a layer cannot be read a second time.
        """
        told = list(outcomes)
        for layer in image.layers:
            outcome = told[layer.number]
            if outcome is not None and self._is_worth_it(layer, outcome) and self._holds_any(image, layer):
                found = self._search.audit(Job(partial(image.open, layer), verify=False, again=False))
                told[layer.number] = outcome._replace(leaks=(*outcome.leaks, *_new(outcome, found.leaks)))
        return told

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
            yield leak._replace(excerpt=_shown(leak))


def _shown(leak: Leak) -> str:
    """The line without anything but the name of a setting: nobody has looked for other secrets in it."""
    name = _NAME.match(leak.excerpt)
    return f"{name[0]}{leak.secret.redacted}" if name is not None and not is_random(name[0]) else leak.secret.redacted


def _detection(values: Sequence[Value], hit: Hit) -> Detection:
    value = values[int(hit.name)]
    title = f"the value that the image's metadata shows as {value.name}"
    return Detection(ASSIGNED_SECRET, title, hit.start, hit.end, Secret(value.secret.reveal(), _KIND), Confidence.HIGH)


class _BothSweeps:
    """What rules find, and values beside it."""

    def __init__(self, rules: Searching, values: NeedleSweep) -> None:
        self._rules = rules
        self._values = values
        self.reads_whole = rules.reads_whole
        self.take_problems = rules.take_problems

    def hits(self, data: bytes | memoryview) -> list[tuple[int, int]]:
        """Where in a block something may be."""
        return sorted([*self._rules.hits(data), *self._values.hits(data)], key=lambda hit: hit[1])

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
        return [*found, *self._values.examine(data, hits, path)] if len(near) < len(hits) else found
