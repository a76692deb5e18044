"""Finds the line of a configuration file that sets a key."""

from __future__ import annotations

import re

from auditor.core.configfile import MAX_BYTES
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.core.smallfile import content_of

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Lines that look right and are looked at: each costs one reading of the file up to there.
_MOST_LOOKS = 8


def line_of(path: str, table: Sequence[str], key: str) -> int:
    """The 1-based line of `key` in the table at this place, 0 where that cannot be told (an inline table, dotted keys).

    `table` are the keys that lead to it from the top. A line counts if it begins a statement that sets this very key.
    """
    try:
        lines = content_of(path, MAX_BYTES).decode("utf-8-sig").splitlines(keepends=True)
    except (UsageError, UnicodeDecodeError):
        return 0
    assigns = re.compile(rf"""[ \t]*(["']?){re.escape(key)}\1[ \t]*=""")
    dotted = r"[ \t]*\.[ \t]*".join(rf"""["']?{re.escape(part)}["']?""" for part in (*table, key))
    heads = re.compile(rf"[ \t]*\[[ \t]*{dotted}[ \t]*\]")
    looks = 0
    for number, line in enumerate(lines):
        found = assigns.match(line) or heads.match(line)
        if found is None:
            continue
        looks += 1
        if looks > _MOST_LOOKS:
            break
        statement = f"{found[0]} 1\n" if found.re is assigns else f"{found[0]}\n"
        if _sets("".join(lines[:number]), statement, (*table, key)):
            return number + 1
    return 0


def _sets(before: str, statement: str, keys: Sequence[str]) -> bool:
    """Whether this statement after that text brings the key, so that it is no part of a text or of another table."""
    return not _has(before, keys) and _has(before + statement, keys)


def _has(text: str, keys: Sequence[str]) -> bool:
    import tomllib  # start-up: only where a configuration exists

    try:
        at: object = tomllib.loads(text)
    except (ValueError, RecursionError):
        return False
    for key in keys:
        if not isinstance(at, dict) or key not in at:
            return False
        at = at[key]
    return True
