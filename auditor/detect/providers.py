"""Services whose keys only their owner's name gives away: which names stand near a value, and whose keys look like it.

The table is `rules/secrets/providers*.toml`; a run without a scan of texts does not load it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from auditor.core.record import NamedTuple
from auditor.core.resources import load_providers
from auditor.core.secretrules import shape_pattern

_HEAD = 4
_SEPARATORS = str.maketrans("", "", " -_.")
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


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@lru_cache(maxsize=1)
def _index() -> dict[str, tuple[Named, ...]]:
    """The names by their first characters, longest first, so that the more precise of two counts."""
    by_name: dict[str, list[Provider]] = {}
    for row in load_providers()["providers"]:
        pattern = row.get("pattern") or shape_pattern(row["shape"])
        provider = Provider(row["id"], row["title"], pattern, row.get("group", ""))
        for name in row["names"]:
            by_name.setdefault(name.replace(" ", ""), []).append(provider)
    heads: dict[str, list[Named]] = {}
    for name in sorted(by_name, key=lambda name: (-len(name), name)):
        heads.setdefault(name[:_HEAD], []).append(Named(name, tuple(by_name[name])))
    return {head: tuple(group) for head, group in heads.items()}


def near(text: str) -> list[Named]:
    """The services named in a short text, separators ignored, from left to right, at one place the longest first."""
    plain = text.translate(_SEPARATORS)
    lower = plain.lower()
    index = _index()
    found: list[Named] = []
    for place in range(len(lower) - _HEAD + 1):
        group = index.get(lower[place : place + _HEAD])
        if group is None:
            continue
        for named in group:
            if lower.startswith(named.name, place) and _stands(plain, lower, place, place + len(named.name)):
                found.append(named)
    return found


def _stands(plain: str, lower: str, start: int, end: int) -> bool:
    """Whether a name stands as a word, or as a part of a compound that cannot be a syllable of something else."""
    inside = start and plain[start - 1].isalpha() and not (plain[start].isupper() and plain[start - 1].islower())
    if inside and end - start < _UNMISTAKABLE:
        return False  # `myStripeKey` has its capital; `transportkey` is no key of Portkey
    after = plain[end : end + 1]
    if not after.isalpha() or after.isupper() != plain[end - 1].isupper() or end - start >= _TELLING:
        return True
    return lower.startswith(_GOES_ON, end)
