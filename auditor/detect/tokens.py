"""Token formats that give themselves away: keyword filter first, one lazily compiled pattern after it.

The formats are data (`rules/secrets/*.toml`). The hook path compiles only the patterns whose keyword occurs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from sys import maxsize

from auditor.core.pattern import Pattern, sound
from auditor.core.record import NamedTuple
from auditor.core.resources import load_rules
from auditor.core.secret import Secret
from auditor.detect import names
from auditor.detect.entropy import entropy

#: Characters of the shortest token of any format; most words of a Dockerfile are shorter.
SHORTEST = 15
#: A match without an end counts as so long; characters beside a match that a pattern may look at.
_WIDEST, _BESIDE = 1 << 16, 32
#: Formats of keys that web pages carry, restricted by the site that uses them.
_MAY_BE_PUBLIC = frozenset({"google-api-key"})
#: The values vendors print in their own manuals; never a live credential.
_DOCUMENTED = Pattern(r"(?i)example|xxxxxx|123456789abc|abcdefghij|0000000000|1111111111")
#: Those without a telling word: keys in the tests of Firebase's open libraries, the storage key built into the Azurite
#: emulator, the examples of the RFCs for WebSocket and OAuth.
_SAMPLES = Pattern(
    r"^AIzaSy(?:AnLA7N|CkEhVj|DMAScl|D3asb-|AdOS2z|ASWm6H|ANUvH9|A5_iVa|A4UrcG|DSb51J|BF2RrA|BcE-OO)|^Eby8vdM02xNOcq"
    r"|^dGhlIHNhbXBsZSBub25jZQ=="
    # UUIDs of RFC 4122 and of WebSocket's handshake (RFC 6455), of OpenAPI's editors and of manuals
    r"|^(?i:f81d4fae-7dec-11d0-a765-00a0c91e6bf6|258eafa5-e914-47da-95ca-c5ab0dc85b11"
    r"|6ba7b81[0-4]-9dad-11d1-80b4-00c04fd430c8|3fa85f64-5717-4562-b3fc-2c963f66afa6"
    r"|550e8400-e29b-41d4-a716-446655440000|123e4567-e89b-12d3-a456-4266\d{8})$"
    # RFC 5849, 6749, 6750, 7009 and OpenID Connect Core
    r"|^(?:2YotnFZFEjr1zCsicMWpAA|tGzv3JOkF0XG5Qx2TlKWIA|SlAV32hkKG|8xLOxBtZp8|mF_9\.B5f-4\.1JqM|7Fjfp0ZBr1KtDRbnfVdmIw"
    r"|gX1fBat3bV|h480djs93hd8|cf136dc3c1fc93f31185e5885805d|j49sk3j29djd|dh893hdasih9|kd94hf93k423kf44"
    r"|SplxlOBeZQQYbYS6WxSbIA|czZCaGRSa3F0Mz[A-Za-z0-9]{15,40}|45ghiukldjahdnhzdauz)$|EXAMPLE(?:KEY)?$"
)


class Token(NamedTuple):
    """A recognised token in a text: its format id and the half-open range of the secret."""

    kind: str
    start: int
    end: int
    secret: Secret
    documented: bool


class Format(NamedTuple):
    """One format: its place in the table, id and title, pattern, length of the public prefix, least entropy."""

    order: int
    id: str
    title: str
    pattern: str
    prefix: int
    entropy: float


@lru_cache(maxsize=1)
def formats() -> tuple[Format, ...]:
    """All formats in the order of the table."""
    return tuple(
        Format(order, row["id"], row["title"], row["pattern"], row["prefix"], row.get("entropy", 0.0))
        for order, row in enumerate(load_rules()["tables"]["secrets"])
    )


@lru_cache(maxsize=1)
def _by_keyword() -> dict[tuple[str, ...], dict[str, tuple[Format, ...]]]:
    """The formats by keyword (lower case), the keywords by their first three characters (none for those too short)."""
    found: dict[tuple[str, ...], dict[str, tuple[Format, ...]]] = {}
    for known, row in zip(formats(), load_rules()["tables"]["secrets"], strict=True):
        for keyword in row["keywords"]:
            group = found.setdefault(tuple(keyword[:3]) if len(keyword) >= 3 else (), {})
            group[keyword] = (*group.get(keyword, ()), known)
    return found


def _candidates(text: str) -> list[Format]:
    """The formats with a keyword in the text (lower case), each once.

    Looking keywords up by their heads needs no pattern: one of them all takes longer to compile than the hook has.
    """
    by_keyword = _by_keyword()
    found: dict[str, Format] = {}
    triples: Iterable[tuple[str, ...]] = {(), *zip(text, text[1:], text[2:], strict=False)} & by_keyword.keys()
    for head in triples:
        for keyword, group in by_keyword[head].items():
            if keyword in text:
                found.update((known.id, known) for known in group)
    return sorted(found.values())


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(sound(pattern), re.ASCII)


@lru_cache(maxsize=1024)
def longest(pattern: str) -> int:
    """Characters of the longest match of a format's pattern, with those that it looks at beside it."""
    # The standard library has no other name for it; its result is what `re` itself relies on.
    parser = re._parser  # type: ignore[attr-defined]
    return min(int(parser.parse(pattern, re.ASCII).getwidth()[1]), _WIDEST) + _BESIDE


def find(text: str) -> Iterator[Token]:
    """Every token of a known format in the text, in order of format. Linear in the text."""
    if len(text) < SHORTEST:
        return
    for known in _candidates(text.lower()):
        yield from within(known, text)


def within(known: Format, text: str, start: int = 0, end: int = maxsize) -> Iterator[Token]:
    """Every token of one format between two offsets of the text, by place."""
    for match in _compiled(known.pattern).finditer(text, start, end):
        group = "secret" if "secret" in match.re.groupindex else 0
        value = match[group]
        secret = Secret(value, known.id, value[: known.prefix])
        body = value[known.prefix :]
        published = bool(_DOCUMENTED.search(value)) or is_sample(value)
        documented = published or len(set(body)) < 4 or entropy(value) < known.entropy
        yield Token(known.id, match.start(group), match.end(group), secret, documented)


def is_sample(value: str) -> bool:
    """Whether a value is one that its owner has published for everybody's use."""
    return _SAMPLES.search(value) is not None


def is_for_browsers(kind: str, name: str) -> bool:
    """Whether a token of a format that may be public is, as the variable that holds it says (`NEXT_PUBLIC_...`)."""
    return kind in _MAY_BE_PUBLIC and names.is_public(name)


def first(text: str) -> Token | None:
    """The first live-looking token of the text, None if there is none."""
    return next((t for t in find(text) if not t.documented), None)
