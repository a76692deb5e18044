"""Services whose keys only their owner's name gives away: which names stand near a value, and whose keys look like it.

The table is `rules/secrets/providers*.toml`; a run without a scan of texts does not load it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from auditor.core.pattern import Pattern, sound
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.resources import load_providers
from auditor.core.secretrules import shape_pattern

if TYPE_CHECKING:
    from auditor.core.ruledata import ProviderEntry

_HEAD = 4
_SEPARATORS = Pattern(r"[-_. ]+")
#: From this length on a name counts wherever it begins, and from the second on whatever follows it.
_UNMISTAKABLE, _TELLING = 10, 7
#: What follows a short name within one word: `shodankey`, `stripeapi`.
_GOES_ON = ("key", "token", "api", "secret", "auth", "pass", "access", "pat", "cred", "client", "id", "account", "prod")


class Provider(NamedTuple):
    """One kind of key of a service: its id and title, and the pattern that a whole value must match."""

    id: str
    title: str
    pattern: str
    group: str

    def fits(self, value: str) -> bool:
        """Whether the whole value has the shape of this key."""
        return _compiled(self.pattern).fullmatch(value) is not None


class Named(NamedTuple):
    """A service's name near a value: the name without separators, and the kinds of keys it stands for."""

    name: str
    providers: tuple[Provider, ...]

    @property
    def least(self) -> int:
        """Characters of the shortest key of the service."""
        return min(_least(provider.pattern) for provider in self.providers)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(sound(pattern))


@lru_cache(maxsize=1024)
def _least(pattern: str) -> int:
    from auditor.detect.prefiltering.expression import width  # start-up: only for values that fit no key of a service
    from auditor.detect.prefiltering.tree import read

    return width(read(pattern))[0]


@lru_cache(maxsize=1)
def _rows() -> dict[str, list[ProviderEntry]]:
    """What the table says of the keys that a name without separators stands for."""
    by_name: dict[str, list[ProviderEntry]] = {}
    for row in load_providers()["providers"]:
        for name in row["names"]:
            by_name.setdefault(name.replace(" ", ""), []).append(row)
    return by_name


@lru_cache(maxsize=1)
def _index() -> dict[str, list[str]]:
    """The names by their first characters, longest first, so that the more precise of two counts."""
    heads: dict[str, list[str]] = {}
    for name in _rows():
        heads.setdefault(name[:_HEAD], []).append(name)
    for group in heads.values():
        group.sort(key=lambda name: (-len(name), name))
    return heads


@lru_cache(maxsize=4096)
def _named(name: str) -> Named:
    """A name with its services. Start-up: few of the thousands of names stand in any text."""
    return Named(name, tuple(map(_provider, _rows()[name])))


def _provider(row: ProviderEntry) -> Provider:
    return Provider(row["id"], row["title"], row.get("pattern") or shape_pattern(row["shape"]), row.get("group", ""))


def near(text: str) -> list[Named]:
    """The services named in a short text, separators ignored, from left to right, at one place the longest first."""
    plain, begins = _without_separators(text)
    lower = plain.lower()
    index = _index()
    found: list[Named] = []
    for place in range(len(lower) - _HEAD + 1):
        for name in index.get(lower[place : place + _HEAD], ()):
            if lower.startswith(name, place) and _stands(plain, lower, begins, place, place + len(name)):
                found.append(_named(name))
    return found


def _without_separators(text: str) -> tuple[str, set[int]]:
    """The text without blanks, dots, dashes and underscores, and the places in it where a word begins."""
    words = _SEPARATORS.compiled.split(text)
    begins: set[int] = set()
    place = 0
    for word in words:
        begins.add(place)
        place += len(word)
    return "".join(words), begins


def _stands(plain: str, lower: str, begins: set[int], start: int, end: int) -> bool:
    """Whether a name stands as a word, or as a part of a compound that cannot be a syllable of something else."""
    inside = start not in begins and plain[start - 1].isalpha()
    if inside and not (plain[start].isupper() and plain[start - 1].islower()) and end - start < _UNMISTAKABLE:
        return False  # `myStripeKey` has its capital; `transportkey` is no key of Portkey
    after = plain[end : end + 1]
    if not after.isalpha() or after.isupper() != plain[end - 1].isupper() or end - start >= _TELLING:
        return True
    return end in begins or lower.startswith(_GOES_ON, end)
