"""The timeline of one image for the HTML report: its layers with what they hold, and what became of that since."""

from __future__ import annotations

from math import sqrt

from auditor.core.image import ANNOTATION, ATTESTATION, CACHE, CONFIG, HISTORY, LABEL, LAYER, LIVE, PARTS, STATES
from auditor.core.layerline import CACHED, SCANNED, SKIPPED, LayerLine
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report.image_story import line_of
from auditor.report.images import size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from auditor.core.finding import Target
    from auditor.core.image import ImagePlace
    from auditor.report.html.entries import Entry

#: Rows of one image, lanes beside them, and findings named in one row.
MOST_ROWS, MOST_LANES = 400, 16
_MOST_CHIPS = 12
_INSTRUCTION = 600
#: Pixels: the distance of lanes, and of the first row's middle from its top.
LANE, MIDDLE = 14, 18
#: Percent of the strip that every layer gets, however small it is, and that its number and its size need.
_LEAST, _NUMBERED, _LABELLED = 1.0, 2.5, 9.0
#: So few layers have their numbers whatever they weigh: there is room.
_FEW = 12
#: Pixels of the strip's bars.
_TALLEST, _SHORTEST = 36, 8
_SECTIONS = {
    CONFIG: "Configuration",
    LABEL: "Labels",
    HISTORY: "History",
    ANNOTATION: "Annotations",
    ATTESTATION: "Attestations",
    CACHE: "Build cache",
}
_READ = {SCANNED: "", CACHED: "known from an earlier run", SKIPPED: "not searched", "failed": "not searched whole"}


class Chip(NamedTuple):
    """A finding in a row: its number in the list, its severity, what it is, and its state there."""

    number: int
    severity: str
    what: str
    state: str
    times: int


class Mark(NamedTuple):
    """What a lane shows in a row: `born` here, `ends` here, or passes; `x` in pixels, `state` what becomes of it."""

    x: int
    severity: str
    state: str
    born: bool
    ends: bool
    number: int


class Row(NamedTuple):
    """One layer, or one part of the metadata (`layer` is None)."""

    name: str
    layer: LayerLine | None
    bulk: str
    percent: float
    what: str
    source: str
    read: str
    chips: list[Chip]
    more: int
    marks: list[Mark]


class Segment(NamedTuple):
    """A layer in the strip: begin and width in percent, label and size ("": no room), height of the bar in pixels."""

    number: int
    x: float
    width: float
    label: str
    bulk: str
    told: str
    in_base: bool
    leaks: int
    height: int
    severity: str


class Timeline(NamedTuple):
    """One image, the target number `at` of the report. `states` has how many places are in which state; `lanes` is the
    width of the lanes in pixels."""

    target: Target
    at: int
    facts: list[str]
    states: list[tuple[str, int]]
    rows: list[Row]
    unshown_rows: int
    lanes: int
    unshown_lanes: int
    strip: list[Segment]


class _Held(NamedTuple):
    """One finding in one part of an image: its entry and its places there."""

    entry: Entry
    places: list[ImagePlace]


def timeline(target: Target, at: int, entries: list[Entry], said: Callable[[str, int], str]) -> Timeline:
    """The timeline of an image with these findings; `said` shortens an instruction and masks it."""
    held = _held(entries)
    layers = _layers(target, held)
    kept = layers if len(layers) <= MOST_ROWS else [one for one in layers if (LAYER, one.number) in held][:MOST_ROWS]
    lives = _lives(held)
    marks = _marks(lives[:MOST_LANES], [layer.number for layer in kept])
    total = sum(max(layer.size, 0) for layer in layers) or 1
    rows = [_layer_row(one, held.get((LAYER, one.number), []), marks[one.number], total, said) for one in kept]
    for part in PARTS:
        if part != LAYER and (part, -1) in held:
            chips, more = _chips(held[part, -1])
            rows.append(Row(_SECTIONS[part], None, "", 0, "", "", "", chips, more, []))
    number = len(layers)
    facts = [target.platform, f"{number:,} {'layer' if number == 1 else 'layers'}" if number else ""]
    facts += [size(target.size) if target.size else "", target.digest]
    return Timeline(
        target,
        at,
        [fact for fact in facts if fact],
        _states(held),
        rows,
        len(layers) - len(kept),
        LANE * min(len(lives), MOST_LANES),
        max(len(lives) - MOST_LANES, 0),
        _strip(kept, held),
    )


def _held(entries: Iterable[Entry]) -> dict[tuple[str, int], list[_Held]]:
    """By part and layer (-1: metadata) what is there, in the order of the list."""
    held: dict[tuple[str, int], list[_Held]] = {}
    for entry in entries:
        mine: dict[tuple[str, int], list[ImagePlace]] = {}
        places = (entry.finding.image, *(entry.group.places if entry.group is not None else ()))
        for place in places:
            if place is not None:
                part = place.part if place.part in PARTS else ATTESTATION
                at = place.layer_index or 0 if part == LAYER else -1
                mine.setdefault((part, at), []).append(place)
        for key, found in mine.items():
            held.setdefault(key, []).append(_Held(entry, found))
    return held


def _layers(target: Target, held: dict[tuple[str, int], list[_Held]]) -> list[LayerLine]:
    """Those of the target, and those that only findings know of."""
    known = {layer.number: layer for layer in target.layers}
    for (part, number), found in held.items():
        if part == LAYER and number not in known:
            place = found[0].places[0]
            known[number] = LayerLine(number, place.diff_id, place.digest, created_by=place.created_by)
    return [known[number] for number in sorted(known)]


def _layer_row(
    layer: LayerLine, held: list[_Held], marks: list[Mark], total: int, said: Callable[[str, int], str]
) -> Row:
    chips, more = _chips(held)
    return Row(
        f"Layer {layer.number}",
        layer,
        size(layer.size),
        round(100 * max(layer.size, 0) / total, 2),
        said(layer.created_by, _INSTRUCTION),
        line_of(layer.dockerfile, layer.dockerfile_line),
        _READ.get(layer.state, layer.state),
        chips,
        more,
        marks,
    )


def _chips(held: list[_Held]) -> tuple[list[Chip], int]:
    chips = []
    for entry, places in held[:_MOST_CHIPS]:
        secret = entry.finding.secret
        state = min((place.state for place in places), key=_rank)
        what = secret.kind if secret is not None else entry.finding.rule
        chips.append(Chip(entry.number, entry.severity, what, state, len(places)))
    return chips, max(len(held) - _MOST_CHIPS, 0)


def _rank(state: str) -> int:
    return STATES.index(state) if state in STATES else len(STATES)


def _states(held: dict[tuple[str, int], list[_Held]]) -> list[tuple[str, int]]:
    counted = dict.fromkeys(STATES, 0)
    for found in held.values():
        for one in found:
            for place in one.places:
                counted[place.state] = counted.get(place.state, 0) + 1
    return [(state, number) for state, number in counted.items() if number]


def _lives(held: dict[tuple[str, int], list[_Held]]) -> list[tuple[Entry, int, int | None, str]]:
    """What lies in layers: finding, layer, the layer that removed it, state; strongest first, copies of one once."""
    lives = {}
    for (part, number), found in held.items():
        if part == LAYER:
            for entry, places in found:
                for place in places:
                    lives[entry.number, number, place.removed_by_layer, place.state] = entry
    ordered = sorted(lives, key=lambda life: (life[0], life[1], -1 if life[2] is None else life[2], life[3]))
    return [(lives[life], life[1], life[2], life[3]) for life in ordered]


def _marks(lives: list[tuple[Entry, int, int | None, str]], numbers: list[int]) -> dict[int, list[Mark]]:
    """For each layer what the lanes show in its row."""
    marks: dict[int, list[Mark]] = {number: [] for number in numbers}
    # Left the oldest: lines then cross as little as they can.
    for lane, (entry, born, ended, state) in enumerate(sorted(lives, key=lambda life: life[1])):
        x = LANE * lane + LANE // 2
        for number in numbers:
            if number == born:
                ends = state != LIVE and (ended is None or ended == born)
                marks[number].append(Mark(x, entry.severity, state, True, ends, entry.number))
            elif number > born and (state == LIVE or (ended is not None and number <= ended)):
                marks[number].append(Mark(x, entry.severity, state, False, number == ended, entry.number))
    return marks


def _strip(layers: list[LayerLine], held: dict[tuple[str, int], list[_Held]]) -> list[Segment]:
    """Every layer as wide as its share of the bytes, with a bar as high as it has leaks."""
    if not layers:
        return []
    total = sum(max(layer.size, 0) for layer in layers)
    least = min(_LEAST, 50 / len(layers)) if total else 100 / len(layers)
    room = 100 - least * len(layers)
    most = max((len(held.get((LAYER, layer.number), [])) for layer in layers), default=0)
    strip, x = [], 0.0
    for layer in layers:
        width = least + (room * max(layer.size, 0) / total if total else 0)
        found = held.get((LAYER, layer.number), [])
        height = round(_SHORTEST + (_TALLEST - _SHORTEST) * sqrt(len(found) / most)) if found else 0
        bulk = size(layer.size)
        told = ", ".join(fact for fact in (f"Layer {layer.number}", bulk, _leaks(len(found))) if fact)
        worst = max((one.entry.finding.severity for one in found), default=None)
        strip.append(
            Segment(
                layer.number,
                round(x, 3),
                round(width, 3),
                str(layer.number) if width >= _NUMBERED or len(layers) <= _FEW else "",
                bulk if width >= _LABELLED else "",
                told,
                layer.in_base,
                len(found),
                height,
                worst.label if worst is not None else "",
            )
        )
        x += width
    return strip


def _leaks(number: int) -> str:
    return f"{number:,} {'leak' if number == 1 else 'leaks'}" if number else "no leak found"
