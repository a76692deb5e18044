"""Reads a builder's provenance (in-toto, SLSA): the Dockerfile it holds, and the line that made each layer."""

from __future__ import annotations

from auditor.core.record import NamedTuple
from auditor.run.images.metadata.documents import Members, from_base64, parse

_LONGEST_DOCKERFILE = 1 << 20
_MOST_STEPS = 10_000
#: Where BuildKit keeps its own metadata in the predicate, by version of SLSA.
_METADATA = (
    ("runDetails", "metadata", "buildkit_metadata"),
    ("metadata", "https://mobyproject.org/buildkit@v1#metadata"),
)


class Provenance(NamedTuple):
    """What a statement says of the Dockerfile. `filename` and `text` are "" where it has none.

    `steps` leads from a build step ("step3") to the 1-based line of its instruction, `layers` from the digest of a
    stored layer ("sha256:...") to the line that made it.
    """

    filename: str
    text: str
    steps: dict[str, int]
    layers: dict[str, int]


def provenance_lines(statement: object) -> Provenance:
    """What an in-toto statement tells of the Dockerfile and its lines; empty where it tells nothing. Never raises.

    `statement` is what `documents.parse` gives, or the statement as bytes or text.
    """
    root = parse(statement) if isinstance(statement, bytes | str) else statement
    predicate = _at(root, "predicate")
    metadata = next((found for path in _METADATA if (found := _at(predicate, *path)) is not None), None)
    source = _at(metadata, "source")
    filename, text = _dockerfile(_at(source, "infos"))
    steps = _lines(_at(source, "locations"))
    return Provenance(filename, text, steps, _layers(_at(metadata, "layers"), steps))


def _at(value: object, *names: str) -> object:
    for name in names:
        if not isinstance(value, Members):
            return None
        value = value.get(name)
    return value


def _dockerfile(infos: object) -> tuple[str, str]:
    """Name and text of the first source; the lines are those of this one."""
    first = infos[0] if isinstance(infos, list) and infos else None
    filename, data = _at(first, "filename"), _at(first, "data")
    text = from_base64(data) if isinstance(data, str) else None
    if text is None or len(text) > _LONGEST_DOCKERFILE:
        text = ""
    return filename if isinstance(filename, str) else "", text


def _lines(locations: object) -> dict[str, int]:
    found: dict[str, int] = {}
    for step, value in locations[:_MOST_STEPS] if isinstance(locations, Members) else ():
        places = _at(value, "locations")
        for place in places if isinstance(places, list) else ():
            ranges = _at(place, "ranges")
            first = ranges[0] if isinstance(ranges, list) and ranges else None
            line = _at(first, "start", "line")
            if _at(place, "sourceIndex") in (None, 0) and type(line) is int and line > 0:
                found.setdefault(step, line)
    return found


def _layers(layers: object, steps: dict[str, int]) -> dict[str, int]:
    """Each chain lists a step's layers, base first: the last one is its own."""
    found: dict[str, int] = {}
    for name, value in layers[:_MOST_STEPS] if isinstance(layers, Members) else ():
        line = steps.get(name.partition(":")[0])
        for chain in value if isinstance(value, list) and line is not None else ():
            last = chain[-1] if isinstance(chain, list) and chain else None
            digest = _at(last, "digest")
            if isinstance(digest, str) and line is not None:
                found.setdefault(digest, line)
    return found
