"""Token formats that give themselves away: keyword filter first, one lazily compiled pattern after it.

The formats are data (`rules/secrets/*.toml`). The hook path compiles only the patterns whose keyword occurs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.core.resources import load_rules
from auditor.core.secret import Secret

#: The values vendors print in their own manuals; never a live credential.
_DOCUMENTED = Pattern(r"(?i)example|xxxxxx|123456789abc|abcdefghij|0000000000|1111111111")


class Token(NamedTuple):
    """A recognised token in a text: its format id and the half-open range of the secret."""

    kind: str
    start: int
    end: int
    secret: Secret
    documented: bool


class _Format(NamedTuple):
    id: str
    pattern: str
    keywords: tuple[str, ...]
    prefix: int


@lru_cache(maxsize=1)
def _formats() -> tuple[tuple[_Format, ...], re.Pattern[str]]:
    """The formats, and one pattern that finds any keyword (case-insensitive by lowering the text)."""
    formats = []
    for row in load_rules()["tables"]["secrets"]:
        formats.append(_Format(row["id"], row["pattern"], tuple(row["keywords"]), row["prefix"]))
    words = sorted({w for f in formats for w in f.keywords}, key=lambda w: (-len(w), w))
    return tuple(formats), re.compile("|".join(map(re.escape, words)))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def find(text: str) -> Iterator[Token]:
    """Every token of a known format in the text, in order of format. Linear in the text."""
    formats, any_keyword = _formats()
    lower = text.lower()
    present = set(any_keyword.findall(lower))
    if not present:
        return
    for known in formats:
        if not any(k in lower for k in known.keywords):
            continue
        for match in _compiled(known.pattern).finditer(text):
            group = "secret" if "secret" in match.re.groupindex else 0
            value = match[group]
            secret = Secret(value, known.id, value[: known.prefix])
            documented = bool(_DOCUMENTED.search(value)) or len(set(value[known.prefix :])) < 4
            yield Token(known.id, match.start(group), match.end(group), secret, documented)


def first(text: str) -> Token | None:
    """The first live-looking token of the text, None if there is none."""
    return next((t for t in find(text) if not t.documented), None)
