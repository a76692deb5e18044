"""Values that an image's metadata shows to be secrets, and that are worth a search in its layers.

A rule finds a value by its form or by what announces it. One that a build argument or a variable has given away needs
neither: `key = VALUE` in a file that a later layer deletes is found by the value (`valuesearch`).
"""

from __future__ import annotations

from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.randomness import is_random

if TYPE_CHECKING:
    from auditor.core.secret import Secret
    from auditor.run.images.metadata.examine import Found, Metadata

#: Characters of values that are looked for: shorter ones may be anything, longer ones have forms of their own.
_SHORTEST, _LONGEST = 12, 1024
#: Values of one image that are looked for.
MOST_VALUES = 200


class Value(NamedTuple):
    """A value, what the metadata calls it, and the first layer that can have been made with it."""

    secret: Secret
    name: str
    since: int


def values_of(metadata: Metadata, layers: int) -> list[Value]:
    """The values worth a search: random ones and mixed ones, which stand nowhere by chance."""
    known: dict[str, Value] = {}
    for found in metadata.found:
        text = found.leak.secret.reveal()
        usable = found.leak.severity >= Severity.MEDIUM and _SHORTEST <= len(text) <= _LONGEST and "\n" not in text
        if not usable or not (is_random(text) or _is_mixed(text)):
            continue
        since = _first_layer(found, metadata, layers)
        before = known.get(text)
        name = before.name if before is not None else found.leak.subject.rpartition(" ")[2]
        known[text] = Value(found.leak.secret, name, min(since, before.since) if before is not None else since)
    return list(known.values())


def _is_mixed(text: str) -> bool:
    """Whether a password has digits, and two of small letters, capitals and signs: no word, and no name of a thing."""
    others = (any(map(str.islower, text)), any(map(str.isupper, text)), not text.isalnum())
    return any(map(str.isdigit, text)) and sum(others) >= 2 and not any(map(str.isspace, text)) and "://" not in text


def _first_layer(found: Found, metadata: Metadata, layers: int) -> int:
    """The first layer whose entry in the history is not older than the value's; 0 where nobody knows."""
    places = (found.leak.place, *found.also)
    entries = [place.history_index for place in places if place.history_index is not None]
    if not entries:
        return 0
    made = ((number, metadata.alignment.entry_of(number)) for number in range(layers))
    return next((number for number, entry in made if entry is not None and entry >= min(entries)), layers)
