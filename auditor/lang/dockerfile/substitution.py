"""Pieces of the shell lexer: its errors and results, word splitting, what `${name<operator>word}` gives."""

from __future__ import annotations

import re
from functools import cache

from auditor.core.record import NamedTuple
from auditor.lang.dockerfile.pattern import PatternError, remove_prefix, remove_suffix
from auditor.lang.dockerfile.text import SPACE


class ExpansionError(ValueError):
    """A word that BuildKit refuses to expand; the message is BuildKit's."""


class VariableUse(NamedTuple):
    """A variable mentioned in a text: offsets of `$NAME` or `${...}`, operator ("", ":-", "#", ...) and its operand
    as written (None where there is no operator)."""

    name: str
    start: int
    end: int
    operator: str
    default: str | None


@cache
def _space_run() -> re.Pattern[str]:
    return re.compile(f"[{re.escape(SPACE)}]+")


class Words:
    """Collects words split at white space.

    All nesting levels share one buffer, which each level clears when it begins: BuildKit loses the beginning of a
    word before `${x:-...}` in that way, and heredoc detection depends on it.
    """

    __slots__ = ("_buffer", "_words")

    def __init__(self, buffer: list[str]) -> None:
        self._buffer = buffer
        self._words: list[str] = []
        buffer.clear()

    def add(self, part: str) -> None:
        """Characters among which white space ends a word."""
        at = 0
        for match in _space_run().finditer(part):
            if match.start() > at:
                self._buffer.append(part[at : match.start()])
            self._flush()
            at = match.end()
        if at < len(part):
            self._buffer.append(part[at:])

    def add_raw(self, part: str) -> None:
        """Characters that all belong to the word."""
        if part:
            self._buffer.append(part)

    def finish(self) -> list[str]:
        """All words."""
        self._flush()
        return self._words

    def _flush(self) -> None:
        if self._buffer:
            self._words.append("".join(self._buffer))
            self._buffer.clear()


def letters(name: str) -> str:
    """The part of `\\w` characters that Go takes for a name: letters, decimal digits, underscore."""
    for index, character in enumerate(name):
        if not (character.isalpha() or character.isdecimal() or character == "_"):
            return name[:index]
    return name


def substitute(name: str, operator: str, word: str, value: str | None) -> str:
    """What `${name<operator>word}` gives."""
    kind = operator[-1]
    missing = value is None or (operator[0] == ":" and not value)
    if kind == "-":
        return word if missing else value or ""
    if kind == "+":
        return "" if missing else word
    if kind == "?":
        if missing:
            state = "unset" if value is None else "empty"
            raise ExpansionError(f"{name}: {word or f'is not allowed to be {state}'}")
        return value or ""
    if kind not in "#%":
        raise ExpansionError(f"unsupported modifier ({operator}) in substitution")
    longest = word.startswith(kind)
    strip = remove_suffix if kind == "%" else remove_prefix
    try:
        return strip(word[longest:], value or "", longest=longest)
    except PatternError as error:
        raise ExpansionError(f"invalid pattern ({error.pattern}) in substitution: {error}") from None
