"""Turns a value into what is searched for: sequences of units, each in one of several forms, and anchors in them."""

from __future__ import annotations

import binascii
import json
import re
from itertools import product
from math import prod

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.seeking.forms import (
    LINE,
    STYLES,
    base64_forms,
    forms,
    hex_forms,
    is_word,
    percent,
    raw,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.detect.seeking.forms import Forms

PLAIN, ESCAPED, PERCENT, REFERENCES = "plain", "escaped", "percent-encoded", "character references"
BASE64, HEX = "base64", "hexadecimal"
REFLOWED = "plain with other line breaks"

#: One break stands for several, which would be read in very many ways.
_BREAKS = re.compile(r"[ \t]*\n[ \t\n]*")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#: Units that an anchor takes; from so many on a sequence with gaps gets two, so that no line break cuts both.
_ANCHOR = 16
_TWO_FROM = 12
#: A word of so many letters and digits is enough of an anchor; else it has so many forms at most.
_SHORT_WORD = 4
_MOST_LITERALS = 500
#: Anchors are looked for in so many units of a sequence.
_WITHIN = 600
#: Longest gap (line break and indentation) in a sequence, and how many units are between two, at least.
LONGEST_GAP = 64
_UNITS_PER_GAP = 16


class Anchor(NamedTuple):
    """Bytes that stand for the units from `first` up to, not including, `end`."""

    literal: bytes
    first: int
    end: int


class Needle(NamedTuple):
    """One encoding of a value. With `gaps`, line breaks may stand between any two units."""

    encoding: str
    units: tuple[Forms, ...]
    gaps: bool
    anchors: tuple[Anchor, ...]

    @property
    def longest(self) -> int:
        """Bytes of the longest match that is surely found."""
        size = sum(max(map(len, unit)) for unit in self.units)
        lines = sum(unit is LINE for unit in self.units)
        return size + LONGEST_GAP * (lines + (len(self.units) // _UNITS_PER_GAP + 1 if self.gaps else 0))


def needles_of(value: bytes, *, plain: bool = False) -> list[Needle]:
    """All encodings of a value, or itself as it is. Line breaks at its ends do not count."""
    value = value.replace(b"\r\n", b"\n").strip(b"\r\n")
    text = value.decode("utf-8", "surrogateescape")
    if plain:
        return [_exact(PLAIN, value)]
    found = [_text_needle(_BREAKS.sub("\n", text))]
    if b"\n" in value:
        found += [_exact(PLAIN, value), _exact(REFLOWED, value.replace(b"\n", b"\r\n"))]
    for encoding, wide in _wide(text):
        found.append(_exact(encoding, wide))
    found.append(_sequence(HEX, [hex_forms(digit) for digit in value.hex()]))
    for name, source in _sources(value, text):
        found += _base64_needles(name, source)
    for inner in base64_parts(value):
        for alphabet in {inner, inner.replace("+", "-").replace("/", "_")}:
            for part in base64_parts(alphabet.encode()):
                found.append(_sequence("base64 of base64", [base64_forms(char) for char in part]))
    return found


def base64_parts(content: bytes) -> Iterator[str]:
    """What base64 of any data that contain `content` contains, for the three ways in which it may be aligned.

    Characters that depend on the bytes before or after are left out.
    """
    for before in range(3):
        yield _written(bytes(before) + content)[(0, 2, 3)[before] : (before + len(content)) * 8 // 6]


def _base64_needles(encoding: str, content: bytes) -> Iterator[Needle]:
    """The same, with the characters at both ends that depend on the bytes beside: in all forms that these can give."""
    for before, inner in enumerate(base64_parts(content)):
        lowest, highest = (_written(bytes([fill]) * before + content + bytes([fill]) * 2) for fill in (0, 255))
        first, last = (0, 1, 2)[before], (before + len(content)) * 8 // 6
        units = [base64_forms(char) for char in inner]
        if before:
            units.insert(0, _between(lowest[first], highest[first]))
        if (before + len(content)) % 3:
            units.append(_between(lowest[last], highest[last]))
        yield _sequence(encoding, units, int(before > 0), len(inner))


def _written(content: bytes) -> str:
    return binascii.b2a_base64(content, newline=False).decode()


def _between(lowest: str, highest: str) -> Forms:
    """The characters of base64 that have all bits of one, and perhaps more of those that another one has."""
    low, high = _ALPHABET.index(lowest), _ALPHABET.index(highest)
    fitting = [char for bits, char in enumerate(_ALPHABET) if bits & low == low and bits | high == high]
    return tuple(form for char in fitting for form in base64_forms(char))


def _sources(value: bytes, text: str) -> Iterator[tuple[str, bytes]]:
    """What may have been encoded as base64, each once: the value, or what somebody had made of it before."""
    seen = set()
    lines = value.replace(b"\n", b"\r\n")
    written = [(BASE64, value), (BASE64, lines), *((f"base64 of {name}", wide) for name, wide in _wide(text))]
    if not any("\ud800" <= char <= "\udfff" for char in text):
        quoted = (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
        written += [("base64 of escaped text", one.encode()) for one in quoted]
    written.append(("base64 of percent-encoded text", _percent(text)))
    for name, source in written:
        if source not in seen:
            seen.add(source)
            yield name, source


def _percent(text: str) -> bytes:
    return b"".join(raw(char) if is_word(char) or char in "-._~" else percent(char) for char in text)


def _wide(text: str) -> Iterator[tuple[str, bytes]]:
    """UTF-16; a value that is no UTF-8 has none. Text of one byte order mostly reads as such of the other, too."""
    for encoding in ("utf-16-le", "utf-16-be"):
        for lines in dict.fromkeys((text, text.replace("\n", "\r\n"))):
            try:
                yield "utf-16", lines.encode(encoding)
            except UnicodeEncodeError:
                return


def _text_needle(text: str) -> Needle:
    """The value as text, with every character in any form."""
    known = {char: forms(char) for char in set(text)}
    units = tuple(LINE if char == "\n" else known[char] for char in text)
    start, end = _window([unit if is_word(char) else LINE for char, unit in zip(text, units, strict=True)], _ANCHOR)
    literals: dict[bytes, None] = {}
    if end - start < _SHORT_WORD:
        start, end = _few_forms(text, units)
        usual = [unit[:1] if is_word(char) else unit for char, unit in zip(text, units, strict=True)]
        literals.update(dict.fromkeys(b"".join(one) for one in product(*usual[start:end])))
    literals.update(dict.fromkeys(b"".join(map(style, text[start:end])) for style in STYLES))
    return Needle(PLAIN, units, False, tuple(Anchor(literal, start, end) for literal in literals))


def _few_forms(text: str, units: Sequence[Forms]) -> tuple[int, int]:
    """The longest short stretch that can be written in so few ways that all are looked for.

    Libraries differ in which of the characters they escape that are no letters or digits.
    """
    ways = [1 if is_word(char) else len(unit) for char, unit in zip(text, units, strict=True)]
    for size in (6, 5, 4, 3, 2):
        starts = [at for at in range(min(len(text), _WITHIN) - size + 1) if LINE not in units[at : at + size]]
        best = min(starts, key=lambda at: prod(ways[at : at + size]), default=None)
        if best is not None and prod(ways[best : best + size]) <= _MOST_LITERALS:
            return best, best + size
    return 0, 1


def _exact(encoding: str, content: bytes) -> Needle:
    units = tuple(content[at : at + 1] for at in range(len(content)))
    start, end = _window([(unit,) for unit in units], 2 * _ANCHOR)
    return Needle(encoding, tuple((unit,) for unit in units), False, (Anchor(content[start:end], start, end),))


def _sequence(encoding: str, units: Iterable[Forms], first: int = 0, count: int | None = None) -> Needle:
    """Characters that may be broken into lines anywhere; anchors are among `count` of them."""
    row = tuple(units)
    solid = row[first:] if count is None else row[first : first + count]
    anchors: dict[Anchor, None] = {}
    if len(solid) < _TWO_FROM:
        windows = [(first, first + len(solid))]
    else:
        size = min(_ANCHOR, len(solid) // 2)
        start = first + _window(solid, 2 * size)[0]
        windows = [(start, start + size), (start + size, start + 2 * size)]
    for start, end in windows:
        for place in (0, 1):
            literal = b"".join(unit[min(place, len(unit) - 1)] for unit in row[start:end])
            anchors[Anchor(literal, start, end)] = None
    return Needle(encoding, row, True, tuple(anchors))


def _window(units: Sequence[Forms], size: int) -> tuple[int, int]:
    """The most telling stretch of up to `size` units with no line break in it: letters and digits of many kinds."""
    best, found = -1.0, (0, 1)
    start = 0
    for end in range(1, min(len(units), _WITHIN) + 1):
        if units[end - 1] is LINE:
            start = end
            continue
        if end - start < size and end < len(units) and units[end] is not LINE:
            continue
        start = max(start, end - size)
        worth = sum(map(_worth, {unit[0] for unit in units[start:end]}))
        if worth > best:
            best, found = worth, (start, end)
    return found


def _worth(form: bytes) -> float:
    if form.isdigit() or form.isupper():
        return 3.0
    return 2.0 if form.isalpha() else 0.5
