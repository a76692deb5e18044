"""Credentials in statements of programs: SQL that sets a password, calls that take a name and its value, setters.

Only the places; what stands there is for the caller to judge. Holes (`${NAME}`, `$(...)`) of rendered texts are read
as parts of a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from sys import maxsize

from auditor.core.pattern import BytePattern
from auditor.core.record import NamedTuple

#: What is not literal in a rendered text.
HOLE = r"\$\{[^{}\s]{1,200}\}|\$\(\.\.\.\)|\$[A-Za-z_][A-Za-z0-9_]*"
_SQL = BytePattern(
    r"(?i)\b(?:identified\s{1,9}(?:with\s{1,9}\S{1,60}\s{1,9})?by|(?:with\s{1,9})?(?:encrypted\s{1,9})?password"
    r"|set\s{1,9}password(?:\s{1,9}for\s{1,9}\S{1,80})?\s{0,9}=)\s{1,9}"
    rf"(?:\\['\"](?P<inner>(?:{HOLE}|[^'\"\\])+)|['\"](?P<value>(?:{HOLE}|\\.|[^'\"\\])+))"
)
_SQL_HINT = BytePattern(r"(?i)\b(?:alter|create)\s{1,9}(?:user|role|login)|identified\s|set\s{1,9}password")
#: Characters before a password in which its statement begins.
_STATEMENT = 600
_CALL = BytePattern(
    r"[(\[]\s{0,3}(?P<quote>['\"])(?P<name>[\w.-]{2,80})(?P=quote)\s{0,3}(?:,|\]\s{0,3}=)\s{0,3}"
    r"['\"](?P<value>[^'\"\s]{1,2000})['\"]"
)
_SET_ENVIRONMENT = BytePattern(
    r"(?i)SetEnvironmentVariable\(\s{0,3}['\"]?(?P<name>\w{1,80})['\"]?\s{0,3},\s{0,3}['\"]?(?P<value>[^'\",)\s]+)"
)
_SETTER = BytePattern(
    r"(?i)(?:(?<![a-z0-9])(?:set|with)_?|\.(?=passw))"
    r"(?P<name>\w{0,40}(?:passw(?:or)?d|passphrase|pwd|secret|token|api_?key|secret_?key))"
    r"\(\s{0,3}(?P<quote>['\"])(?P<value>[^'\"\s]{1,2000})(?P=quote)"
)


class Named(NamedTuple):
    """A value, half-open, that a statement gives to a name."""

    name: str
    start: int
    end: int


def sql(text: str, start: int = 0, end: int = maxsize) -> Iterator[tuple[int, int]]:
    """The passwords of accounts that SQL creates or changes, their places between two offsets of the text."""
    for match in _SQL.finditer(text, start, end):
        if _SQL_HINT.search(text[max(0, match.start() - _STATEMENT) : match.end()]):
            yield match.span("inner" if match["inner"] else "value")


def named(text: str, start: int = 0, end: int = maxsize) -> Iterator[Named]:
    """The values that calls give to names: `define('X', 'y')`, `environ["X"] = "y"`, `setPassword("y")`, .NET."""
    part = text if start == 0 and end >= len(text) else text[start:end]
    called = ("(" in part or "[" in part) and ("'" in part or '"' in part)
    patterns: tuple[BytePattern, ...] = (_CALL, _SETTER) if called else ()
    if "setenvironmentvariable" in part.lower():
        patterns = (_SET_ENVIRONMENT, *patterns)
    seen: set[int] = set()
    for pattern in patterns:
        for match in pattern.finditer(text, start, end):
            if match.start("value") not in seen:
                seen.add(match.start("value"))
                yield Named(match["name"], *match.span("value"))
