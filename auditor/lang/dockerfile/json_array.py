"""JSON arrays of strings as Go's encoding/json reads them, with the source place of every character.

No recursion: nesting is counted, as Go's decoder does (it gives up beyond 10,000 levels).
"""

from __future__ import annotations

import re
from functools import cache

from auditor.core.pattern import Pattern, sound
from auditor.lang.dockerfile.text import Text, TextBuilder

_MAX_DEPTH = 10_000
_STRING = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
_ELEMENT = Pattern(rf"[ \t\r\n]*+({_STRING})[ \t\r\n]*+([,\]])")
_EMPTY = Pattern(r"[ \t\r\n]*+\]")
_TOKEN = (
    rf"[ \t\r\n]*+(?:(?P<string>{_STRING})|(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+)"
    r"|(?P<word>true|false|null)|(?P<mark>[][{},:]))"
)
_ESCAPE = r"\\(?:u([0-9a-fA-F]{4})|(.))|([\ud800-\udfff])"
_PLAIN = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class NotStringsError(ValueError):
    """A valid JSON array with an element that is not a string; BuildKit rejects the file for it."""


@cache
def _token() -> re.Pattern[str]:
    return re.compile(sound(_TOKEN))


def parse_strings(text: Text) -> tuple[Text, ...] | None:
    """The elements of a JSON array of strings; None where it is not valid JSON. Raises NotStringsError."""
    source = text.text
    if not source.startswith("["):
        return None
    elements: list[Text] = []
    at = 1
    match = _EMPTY.match(source, at)
    if match:
        return () if match.end() == len(source.rstrip(" \t\r\n")) else None
    while match := _ELEMENT.match(source, at):
        elements.append(_decode(text, match.start(1) + 1, match.end(1) - 1))
        at = match.end()
        if match.group(2) == "]":
            return tuple(elements) if at == len(source.rstrip(" \t\r\n")) else None
    if _valid_array(source):
        raise NotStringsError("when using JSON array syntax, arrays must be comprised of strings only")
    return None


def _decode(text: Text, start: int, end: int) -> Text:
    """The string between the quotes at [start, end)."""
    raw = text.text[start:end]
    if "\\" not in raw and raw.isascii():
        return text.slice(start, end)
    builder = TextBuilder()
    at = 0
    skip = -1
    for match in re.finditer(_ESCAPE, raw):
        if match.start() < skip:
            continue
        _add(builder, text, start + at, start + match.start())
        at, character = _unescape(raw, match)
        skip = at
        span = text.span(start + match.start(), start + at)
        builder.add(character, span.start, span.end)
    _add(builder, text, start + at, end)
    return builder.build(text.source(start))


def _add(builder: TextBuilder, text: Text, start: int, end: int) -> None:
    for part, source, stop in text.slice(start, end).runs():
        builder.add(part, source, stop)


def _unescape(raw: str, match: re.Match[str]) -> tuple[int, str]:
    """End of an escape and its character; halves of a surrogate pair are joined, lone ones become U+FFFD."""
    code, plain, byte = match.groups()
    if byte is not None:
        return match.end(), "\ufffd"
    if plain is not None:
        return match.end(), _PLAIN.get(plain, plain)
    value = int(code, 16)
    if not 0xD800 <= value <= 0xDFFF:
        return match.end(), chr(value)
    low = re.compile(_ESCAPE).match(raw, match.end())
    if value < 0xDC00 and low and low.group(1) and 0xDC00 <= (second := int(low.group(1), 16)) <= 0xDFFF:
        return low.end(), chr(0x10000 + ((value - 0xD800) << 10) + second - 0xDC00)
    return match.end(), "\ufffd"


def _valid_array(source: str) -> bool:
    """Whether Go would decode the text as a JSON array of anything."""
    closers: list[str] = []
    expect = "value"
    at, limit = 0, len(source.rstrip(" \t\r\n"))
    while match := _token().match(source, at):
        at = match.end()
        token = match.group("mark") or match.lastgroup or ""
        if token == "number" and not _fits(match.group("number")):
            return False
        following = _step(token, expect, closers)
        if following is None or len(closers) > _MAX_DEPTH:
            return False
        if not closers:
            return at == limit
        expect = following
    return False


def _step(token: str, expect: str, closers: list[str]) -> str | None:
    """What may follow a token where `expect` was due; None where the token is wrong."""
    if token in ("]", "}"):
        if not closers or closers[-1] != token or expect not in ("comma", "first", "key-first"):
            return None
        closers.pop()
        return "comma"
    if token == ",":
        if expect != "comma" or not closers:
            return None
        return "value" if closers[-1] == "]" else "key"
    if token == ":":
        return "value" if expect == "colon" else None
    if expect in ("key", "key-first"):
        return "colon" if token == "string" else None
    if expect not in ("value", "first"):
        return None
    if token in ("[", "{"):
        closers.append("]" if token == "[" else "}")
        return "first" if token == "[" else "key-first"
    return "comma"


def _fits(number: str) -> bool:
    """Whether a number fits a 64-bit float, beyond which Go refuses it."""
    return float(number) not in (float("inf"), float("-inf"))
