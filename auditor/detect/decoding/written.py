"""Stretches with some characters written otherwise: percent, JSON and programming-language escapes, HTML, UTF-16.

Such a view keeps the text around the escapes, so that a name beside a value stays beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from auditor.core.record import NamedTuple
from auditor.detect.announcing import SHORT_WORDS, WORDS
from auditor.detect.decoding.places import Pieces
from auditor.detect.decoding.stretch import Fresh, Room, Stretch

#: Text kept on either side of an escape, within its line.
_AROUND = 128
#: Longest stretch of the source that one view covers.
_REGION = 1 << 18
_Atoms = list[tuple[str, int]]


class _Spelling(NamedTuple):
    """One way to write characters: what makes a stretch worth reading, every sequence of it, how to read one."""

    kind: str
    mark: str
    trigger: re.Pattern[str]
    sequence: re.Pattern[str]
    read: Callable[[re.Match[str]], _Atoms | None]


def _read_percent(match: re.Match[str]) -> _Atoms | None:
    data = bytes.fromhex(match[0].replace("%", ""))
    if data.isascii():
        return [(data.decode("ascii"), 3)]
    try:
        return [(letter, 3 * len(letter.encode())) for letter in data.decode("utf-8")]
    except UnicodeDecodeError:
        return [(data.decode("latin-1"), 3)]


_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "/": "/", "\\": "\\"}


def _read_escape(match: re.Match[str]) -> _Atoms | None:
    digits = match["code"] or match["braced"] or match["long"] or match["byte"]
    if digits is None:
        return [(_SIMPLE[match[0][1]], 2)]
    number = int(digits, 16)
    if match["low"]:
        number = 0x10000 + ((number - 0xD800) << 10) + (int(match["low"], 16) - 0xDC00)
    return _character(number, len(match[0]))


_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": "\xa0"}


def _read_html(match: re.Match[str]) -> _Atoms | None:
    body = match[1]
    if not body.startswith("#"):
        return [(_NAMED[body], len(match[0]))]
    number = int(body[2:], 16) if body[1] in "xX" else int(body[1:])
    return _character(number, len(match[0]))


def _character(number: int, width: int) -> _Atoms | None:
    if number > 0x10FFFF or 0xD800 <= number < 0xE000 or (number < 32 and number not in (9, 10, 13)):
        return None
    return [(chr(number), width)]


_CODE = (
    r"u(?P<code>[dD][89abAB][0-9a-fA-F]{2}(?=\\u[dD][c-fC-F])|[0-9a-fA-F]{4})"
    r"(?:(?<=u[dD][89abAB]..)\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2}))?"
    r"|u\{(?P<braced>[0-9a-fA-F]{1,6})\}|U(?P<long>00[01][0-9a-fA-F]{5})|x(?P<byte>[0-9a-fA-F]{2})"
)
_PERCENT_ONE = r"%(?:[2-6][0-9A-Fa-f]|7[0-9A-Ea-e]|0[9AaDd]|[CDEFcdef][0-9A-Fa-f]|[89ABab][0-9A-Fa-f])"
#: Two digits of printable ASCII, tabs and line ends, and of Latin letters as well. A text is worth reading for what may
#: be a part of a secret or stand between it and its name; translations and tables of characters are full of others.
_ASCII, _LATIN = "(?:[2-7][0-9A-Fa-f]|0[9ADad])", "(?:[2-7C-Fc-f][0-9A-Fa-f]|0[9ADad])"
_LETTER = re.compile(rf"\\(?:x{_ASCII}|(?:u00|u\{{0{{0,4}}|U000000){_LATIN})")
#: A long word right behind a line end within a string: of a token, that letter seems to be the first. And a name.
_LONG, _LINE = r"[\w-]{16}", r"[A-Za-z_][\w.-]{0,63}\s?[=:]"
_GLUED = re.compile(rf"\\[nrt](?={_LONG})")
#: A slash within a word, of base64 perhaps.
_SLASHED = re.compile(r"(?<=[0-9A-Za-z+])\\/(?=[0-9A-Za-z+])")
#: Words that announce secrets, and what else their places have: addresses, hashes of passwords.
_ANNOUNCING = tuple(literal for _, literals in (*WORDS, *SHORT_WORDS) for literal in literals)
_TELLING = (*dict.fromkeys((*_ANNOUNCING, "auth", "pwd")), "://", "/\\/", ":$")
_SPELLINGS = (
    _Spelling(
        "percent",
        "%",
        re.compile(f"%{_ASCII}"),
        re.compile(rf"(?:{_PERCENT_ONE}){{1,4096}}"),
        _read_percent,
    ),
    _Spelling(
        "escapes",
        "\\",
        # Beside codes: a quoted name, a quoted value (HTML writes lower case and no blank), slashes of a URL and a line
        # that begins with a name, all inside of a string. Letters of other alphabets count between two of ASCII, within
        # a password, not in a language of their own. What comes first decides the speed: `\\n` is most frequent.
        re.compile(
            rf"\\(?:n(?={_LONG}|{_LINE})|\"(?:\s{{0,4}}[:=]|(?<=[:=] \\\")|(?<=[A-Z0-9_][:=]\\\"))|x{_ASCII}"
            rf"|u(?:00{_LATIN}|\{{0{{0,4}}{_LATIN}|[0-9A-Fa-f]{{4}}(?=[0-9A-Za-z])(?<=[0-9A-Za-z]\\u[0-9A-Fa-f]{{4}}))"
            rf"|/\\/|[rt](?={_LONG})|r?\\n(?={_LONG}|{_LINE})|U000000{_LATIN})"
        ),
        re.compile(rf"\\(?:{_CODE}|[ntr\"'/\\])"),
        _read_escape,
    ),
    _Spelling(
        "html",
        "&",
        re.compile(
            rf"&(?:amp|lt|gt|quot|apos|#0{{0,6}}(?:9|1[03]|3[2-9]|[4-9][0-9]|1[0-2][0-9])|#[xX]0{{0,5}}{_ASCII});"
            r"|&(?<=[0-9A-Za-z]&)#(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6});(?=[0-9A-Za-z])"
        ),
        re.compile(r"&(amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});"),
        _read_html,
    ),
)


def spelled_stretches(text: str, room: Room, fresh: Fresh | None) -> Iterator[Stretch]:
    """Parts of lines with percent, backslash or HTML sequences, each with those of one spelling read."""
    yield from _spelled(text, room, fresh, sifted=False)


def telling_stretches(text: str, room: Room, fresh: Fresh | None) -> Iterator[Stretch]:
    """The same without those where backslashes stand before quotes, slashes and line ends only and nothing beside them
    is a word of the detector's own: three of four in maps of sources and other code within strings."""
    yield from _spelled(text, room, fresh, sifted=True)


def _spelled(text: str, room: Room, fresh: Fresh | None, *, sifted: bool) -> Iterator[Stretch]:
    for spelling in _SPELLINGS:
        if spelling.mark not in text:
            continue
        for start, end in _regions(text, spelling.trigger, fresh):
            if sifted and spelling.mark == "\\" and not _tells(text[start:end]):
                continue
            granted = room.take(end - start)
            if granted and (found := _reread(text, start, start + granted, spelling)):
                yield found


def _tells(region: str) -> bool:
    """Whether a region has a word that announces a secret, the mark of another place for one, or an escape that may
    be a part of a token or stand right before one."""
    lower = region.lower()
    parts = (_LETTER, _GLUED, _SLASHED)
    return any(word in lower for word in _TELLING) or any(part.search(region) for part in parts)


def _regions(text: str, trigger: re.Pattern[str], fresh: Fresh | None) -> Iterator[tuple[int, int]]:
    """Ranges around triggers of the same line that stand close to each other; they do not overlap."""
    start = end = limit = 0
    open_ = False
    for match in trigger.finditer(text):
        if fresh and not fresh(*match.span()):
            continue
        if open_ and match.start() <= limit and match.end() - start <= _REGION:
            end = match.end()
            limit = _after(text, end)
            continue
        if open_:
            yield start, min(limit, match.start()) if match.start() >= end else end
        start = _before(text, match.start(), limit if open_ else 0)
        end, open_ = match.end(), True
        limit = _after(text, end)
    if open_:
        yield start, limit


def _before(text: str, at: int, floor: int) -> int:
    low = max(at - _AROUND, floor)
    return max(text.rfind("\n", low, at) + 1, min(low, at))


def _after(text: str, at: int) -> int:
    high = min(at + _AROUND, len(text))
    line_end = text.find("\n", at, high)
    return line_end if line_end >= 0 else high


def _reread(text: str, start: int, end: int, spelling: _Spelling) -> Stretch | None:
    pieces = Pieces()
    out: list[str] = []
    at = start
    for match in spelling.sequence.finditer(text, start, end):
        atoms = spelling.read(match)
        if atoms is None:
            continue
        if match.start() > at:
            out.append(text[at : match.start()])
            pieces.add(match.start() - at, at, 1)
        at = match.start()
        for letters, width in atoms:
            out.append(letters)
            pieces.add(len(letters), at, width)
            at += len(letters) * width
    if not out:
        return None
    out.append(text[at:end])
    pieces.add(end - at, at, 1)
    return Stretch(spelling.kind, start, end, "".join(out), pieces)


#: Letter, zero, letter, zero: at least this many pairs.
_WIDE_LEAST = 6
_WIDE_PAIRS = re.compile(rb"(?:\x01\x02)+\x01?")
_WIDE_TABLE = bytes(2 if byte == 0 else 1 if 0x20 <= byte < 0x7F or byte in b"\t\n\r" else 0 for byte in range(256))


def has_wide(data: bytes) -> bool:
    """Whether bytes hold a stretch for `wide_stretches`, which reads them as text."""
    return b"\1\2" * _WIDE_LEAST in data.translate(_WIDE_TABLE)


def wide_stretches(text: str, room: Room, fresh: Fresh | None) -> Iterator[Stretch]:
    """Printable ASCII with a zero after each character: UTF-16 of either byte order inside of something else."""
    if "\0" not in text:
        return
    marks = text.encode("latin-1", "replace").translate(_WIDE_TABLE)
    at = marks.find(b"\1\2" * _WIDE_LEAST)
    while at >= 0 and (match := _WIDE_PAIRS.match(marks, at)):
        start, end = match.span()
        big = marks[start - 1 : start] == b"\2" and start > 0 and (end - start) % 2 == 1
        end -= (end - start) % 2 if not big else 0
        count = (end - start + big) // 2
        if room.left <= 0:
            room.cut = True
            return
        if not fresh or fresh(start, end):
            yield _wide(text, start - big, room.take(count))
        at = marks.find(b"\1\2" * _WIDE_LEAST, end)


def _wide(text: str, start: int, count: int) -> Stretch:
    pieces = Pieces()
    pieces.add(count, start, 2)
    first = start + (text[start] == "\0")
    return Stretch("utf-16", start, start + 2 * count, text[first : first + 2 * count : 2], pieces)
