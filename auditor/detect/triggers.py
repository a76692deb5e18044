"""What makes the detector look closer at a place: one trigger per token format and per kind of announcement.

A trigger is an over-approximation of what its finder accepts. The multi-pattern pass (`prefilter.py`) reports where
triggers match; the finders then read a window around those places.
"""

from __future__ import annotations

import re
from functools import lru_cache

from auditor.core.record import NamedTuple
from auditor.core.resources import load_rules
from auditor.detect.announcing import CHOOSING, CHOSEN, ON_VALUE, PAIRED, SHORT_WORDS, SOUGHT, TO_VALUE, WORDS
from auditor.detect.prefilter import Trigger

#: Formats that `structures` reads with what belongs to them.
_STRUCTURED = frozenset({"private-key", "docker-auth", "npmrc-auth"})
#: Finders that read around a hit.
FORMAT, ANNOUNCED, CONNECTION, USER = "format", "announced", "connection", "user"

_SOURCE = r"(?:jdbc:|(?:server|source|driver|provider|database|catalog|name|uid|user id)[ \t]{0,2}=)"
_LOGIN = r"(?:password|pwd)[ \t]{0,2}=[ \t]{0,2}[^\s;&\"'<>{}`\\]{3}"
#: Parts of names whose values calls give, and of calls that take a value alone.
_NAMES = tuple("passw passphrase pwd _pass .pass secret token apikey api_key api-key access_key".split())
_SETTERS = tuple(
    f"{w}(" for w in "password passwd passphrase pwd secret token apikey api_key secretkey secret_key".split()
)
#: What `connections` asks of a value that a call gives: a digit or a sign that no name has. Only the first counts.
_BEGUN = r"['\"][^'\"\s0-9!#$%^&*?+~@]{0,200}[0-9!#$%^&*?+~@]"
_CONNECTIONS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    (r"://[^\s\"'<>|\\/`,@]{3,200}@", ("://",), False),
    (
        r"authorization[\"'`]?\]?[ \t]{0,9}[:=,][ \t]{0,9}[\"'`]?[a-z-]{3,9}[ \t]{1,4}[a-z0-9_+/.~:%=-]{8}",
        ("authorization",),
        True,
    ),
    (rf"{_SOURCE}[^\n]{{0,200}}?{_LOGIN}", ("password", "pwd"), True),
    (rf"{_LOGIN}[^\n]{{0,200}}?{_SOURCE}", ("password", "pwd"), True),
    (r"sshpass[ \t]{1,4}-p", ("sshpass",), False),
    (r"curl[ \t][^\n|;]{0,200}?(?:-u|--user)[ =]", ("curl",), False),
    (r"docker[ \t]{1,4}login[ \t][^\n|;]{0,160}?(?:-p|--password)[ =]", ("docker",), False),
    (r"PGPASSWORD=", ("pgpassword",), False),
    (r"operator unseal[ \t]{1,4}[A-Za-z0-9+/]{8}", ("operator unseal",), False),
    (r"mysql(?:dump|admin)?[ \t][^\n|;]{0,120}?(?:-p|--password=)[^ ]", ("mysql",), False),
    (r"NetworkCredential\(", ("networkcredential",), False),
    (r"SetEnvironmentVariable\(", ("setenvironmentvariable",), True),
    (r"identified\s{1,9}(?:with\s{1,9}[^\s]{1,60}\s{1,9})?by\s{1,9}\\?['\"]", ("identified",), True),
    (r"(?:user|role|login)\s[^;]{0,300}?password\s{1,9}\\?['\"]", ("password",), True),
    (r"set\s{1,9}password[\s=][^\n;]{0,120}?['\"]", ("password",), True),
    (rf"(?:passw(?:or)?d|passphrase|pwd|secret|token|(?:api|secret)_?key)\(\s{{0,3}}{_BEGUN}", _SETTERS, True),
    (
        rf"['\"][\w.-]{{0,40}}(?:{'|'.join(map(re.escape, _NAMES))})[\w.-]{{0,40}}['\"]\s{{0,3}},\s{{0,3}}{_BEGUN}",
        _NAMES,
        True,
    ),
)


class Kind(NamedTuple):
    """What a trigger stands for: the finder, and for a format or a user's rule its place among these."""

    finder: str
    number: int = -1


@lru_cache(maxsize=1)
def triggers() -> tuple[tuple[Trigger, ...], tuple[Kind, ...]]:
    """All triggers and, at the same places, what each stands for."""
    found: list[tuple[Trigger, Kind]] = []
    for place, row in enumerate(load_rules()["tables"]["secrets"]):
        if row["id"] in _STRUCTURED:
            continue
        found.append((Trigger(row["pattern"], tuple(row["keywords"]), False), Kind(FORMAT, place)))
    for word, literals in WORDS:
        pattern = f"{word}(?:{TO_VALUE}|{PAIRED}){SOUGHT}"
        found.append((Trigger(pattern, literals, True, True), Kind(ANNOUNCED)))
    for word, literals in SHORT_WORDS:
        found.append((Trigger(word + ON_VALUE + SOUGHT, literals, True, True), Kind(ANNOUNCED)))
    found.append((Trigger(CHOOSING + CHOSEN, ("pass", "pwd", "secret"), True, True), Kind(ANNOUNCED)))
    for pattern, literals, caseless in _CONNECTIONS:
        found.append((Trigger(pattern, literals, caseless, True), Kind(CONNECTION)))
    return tuple(trigger for trigger, _ in found), tuple(kind for _, kind in found)
