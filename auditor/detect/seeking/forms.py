"""The forms in which one character of a value may be written where text is quoted, escaped or encoded."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Style = Callable[[str], bytes]

Forms = tuple[bytes, ...]

_NAMED = {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&apos;"}
_SHORT = {"\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\x1b": "\\e", "\a": "\\a", "\v": "\\v", "\0": "\\0"}
#: Doubled or closed and opened again in SQL, CSV, YAML, shells, printf, Makefiles and compose files.
_QUOTED = {"'": ("''", "'\\''", "'\"'\"'"), '"': ('""', '\\\\\\"'), "$": ("$$",), "%": ("%%",), " ": ("+",)}
_UNRESERVED = frozenset("-._~")


def is_word(char: str) -> bool:
    """Whether a character is an ASCII letter or digit: most encodings leave these alone."""
    return char.isascii() and char.isalnum()


def raw(char: str) -> bytes:
    """As it is: UTF-8, or the byte itself where the value is no UTF-8 (lone surrogates of `surrogateescape`)."""
    return char.encode("utf-8", "surrogateescape")


def percent(char: str) -> bytes:
    """`%2F` (RFC 3986), every byte."""
    return b"".join(b"%%%02X" % byte for byte in raw(char))


def percent_lower(char: str) -> bytes:
    """`%2f`."""
    return percent(char).lower()


def unicode_escape(char: str) -> bytes:
    r"""`\u002f` (RFC 8259), in two halves beyond the first 65,536 characters."""
    units = char.encode("utf-16-be", "surrogatepass")
    return b"".join(b"\\u%02x%02x" % (units[at], units[at + 1]) for at in range(0, len(units), 2))


def unicode_escape_upper(char: str) -> bytes:
    r"""`\u002F`."""
    return unicode_escape(char).upper().replace(b"\\U", b"\\u")


def byte_escape(char: str) -> bytes:
    r"""`\x2f`, every byte."""
    return b"".join(b"\\x%02x" % byte for byte in raw(char))


def decimal_reference(char: str) -> bytes:
    """`&#47;` (XML, HTML)."""
    return b"&#%d;" % ord(char)


def hexadecimal_reference(char: str) -> bytes:
    """`&#x2f;`."""
    return b"&#x%x;" % ord(char)


def _plain_unless(special: Callable[[str], bool], style: Style) -> Style:
    return lambda char: style(char) if special(char) else raw(char)


def _named(char: str) -> bytes:
    return _NAMED[char].encode()


def _backslash(char: str) -> bytes:
    return b"\\" + raw(char)


#: Ways to write a whole value; the forms at one place may also come from several of them.
STYLES: tuple[Style, ...] = (
    raw,
    _plain_unless(lambda char: not is_word(char) and char not in _UNRESERVED, percent),
    _plain_unless(lambda char: not is_word(char) and char not in _UNRESERVED, percent_lower),
    _plain_unless(lambda char: char in '"\\', _backslash),
    _plain_unless(lambda char: char in '"\\/', _backslash),
    _plain_unless(lambda char: char in "<>&'+" or not char.isascii(), unicode_escape),
    _plain_unless(lambda char: char in "<>&'+" or not char.isascii(), unicode_escape_upper),
    _plain_unless(lambda char: not is_word(char), _backslash),
    _plain_unless(lambda char: char in _NAMED, _named),
    percent,
    percent_lower,
    unicode_escape,
    unicode_escape_upper,
    byte_escape,
    decimal_reference,
    hexadecimal_reference,
)


def forms(char: str) -> Forms:
    """All forms of a character, itself first."""
    found = [raw(char), percent(char), percent_lower(char), byte_escape(char)]
    found += [percent(char).replace(b"%", b"%25"), percent_lower(char).replace(b"%", b"%25")]
    for form in (unicode_escape(char), unicode_escape_upper(char)):
        found += [form, form.replace(b"\\", b"\\\\")]
    found += [decimal_reference(char), hexadecimal_reference(char), b"&#x%X;" % ord(char), b"&#%03d;" % ord(char)]
    found += [b"".join(b"\\x%02X" % byte for byte in raw(char))]
    found += [form.encode() for form in _QUOTED.get(char, ())]
    if char in _NAMED:
        found.append(_named(char))
    if char in _SHORT:
        found.append(_SHORT[char].encode())
    if not is_word(char):
        found += [_backslash(char), b"".join(b"\\%03o" % byte for byte in raw(char))]
    if char == "\\":
        found.append(b"\\" * 4)
    return tuple(form for form in dict.fromkeys(found) if form)


_FEED, _RETURN = forms("\n"), forms("\r")
#: A line break, which may be written in any way, be followed by indentation, or be left out; told apart by identity.
LINE: Forms = (*_FEED, *(first + second for first, second in zip(_RETURN, _FEED, strict=False)))


def base64_forms(char: str) -> Forms:
    """Forms of a character of base64 text, first in the standard alphabet, then in that for URLs."""
    if char.isalnum():
        return (char.encode(),)
    other = {"+": "-", "/": "_"}[char]
    escaped = (percent(char), percent_lower(char), unicode_escape(char), unicode_escape_upper(char), _backslash(char))
    return (char.encode(), other.encode(), *dict.fromkeys(escaped))


def hex_forms(digit: str) -> Forms:
    """A hexadecimal digit in both cases."""
    return tuple(dict.fromkeys((digit.encode(), digit.upper().encode())))
