"""Possessive repeats of groups, for versions of Python whose `re` fails with them.

Before 3.11.5, a possessive repeat of a group loses its place where an attempt within the group fails after it has gone
forward (CPython issue 106052): `(?:a{1,3}b)*+` matches too little, or nothing. Atomic groups say the same and work.
"""

from __future__ import annotations

import re

_REPEAT = re.compile(r"(?:[*+?]|\{[0-9]*,?[0-9]*\})\+")


def as_atomic(source: str) -> str:
    """The pattern with an atomic group in the place of every possessive repeat of a group. No verbose patterns."""
    parts: list[str] = []
    opened: list[int] = []
    at = 0
    while at < len(source):
        part = source[at : _end(source, at)]
        at += len(part)
        if part == "(":
            opened.append(len(parts))
        parts.append(part)
        if part != ")" or not opened:
            continue
        start = opened.pop()
        repeat = _REPEAT.match(source, at)
        if repeat is not None:
            at = repeat.end()
            parts[start:] = ["(?>", *parts[start:], repeat[0][:-1], ")"]
    return "".join(parts)


def _end(source: str, at: int) -> int:
    """Where the character, the escape or the set of characters ends that begins here."""
    if source[at] == "\\":
        return at + 2
    if source[at] != "[":
        return at + 1
    at += 2 if source.startswith("[^", at) else 1
    at += source.startswith("]", at)
    while at < len(source) and source[at] != "]":
        at += 2 if source[at] == "\\" else 1
    return at + 1
