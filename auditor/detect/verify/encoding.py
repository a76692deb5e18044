"""Bounded decoding of what tokens carry: base64 of both alphabets, numbers in base n and varints, JSON objects."""

from __future__ import annotations

import binascii

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"

_STANDARD = str.maketrans("-_", "+/")
#: Deeper JSON than this is no token; the parser recurses once per level.
_DEEPEST = 64


def base64_bytes(text: str) -> bytes | None:
    """The decoded bytes of base64 in either alphabet, with or without padding; None if it is not base64."""
    body = text.rstrip("=")
    if len(text) - len(body) > 2 or len(body) % 4 == 1:
        return None
    try:
        return binascii.a2b_base64(body.translate(_STANDARD) + "=" * (-len(body) % 4), strict_mode=True)
    except ValueError:
        return None


def base64_object(text: str) -> dict[str, object] | None:
    """The JSON object inside base64, None if there is none."""
    data = base64_bytes(text)
    return None if data is None else json_object(data)


def json_object(text: str | bytes) -> dict[str, object] | None:
    """The JSON object that `text` is, None if it is anything else or nested deeper than 64 levels."""
    found = json_value(text)
    return found if isinstance(found, dict) else None


def json_value(text: str | bytes) -> object:
    """The JSON value that `text` is, None if it is none or nested deeper than 64 levels."""
    import json  # start-up: only for tokens that carry JSON

    try:
        read = text.decode("utf-8") if isinstance(text, bytes) else text
        return None if _depth(read) > _DEEPEST else json.loads(read)
    except (ValueError, RecursionError):
        return None


def _depth(text: str) -> int:
    """An upper bound of the nesting depth: brackets inside strings count too."""
    depth = deepest = 0
    for char in text:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def member(found: dict[str, object], *names: str) -> str:
    """The first of the named members that is a non-empty string or a number, as text; empty if none is."""
    for name in names:
        value = found.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return f"{value:.0f}" if isinstance(value, float) else f"{value}"
    return ""


def inner(found: dict[str, object], name: str) -> dict[str, object]:
    """The named member if it is an object, else an empty one."""
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def digits(number: int, alphabet: str, width: int = 0) -> str:
    """A non-negative number in the base of `alphabet`, most significant digit first, left-padded to `width`."""
    out = []
    while number:
        number, rest = divmod(number, len(alphabet))
        out.append(alphabet[rest])
    return "".join(reversed(out)).rjust(width, alphabet[0])


def varint(data: bytes, at: int, *, bits: int) -> tuple[int, int]:
    """A number in groups of seven bits, least significant first, and the index behind it.

    Raises ValueError where it does not end within the data or within `bits` bits.
    """
    number = 0
    for shift, byte in zip(range(0, bits, 7), data[at : at + bits // 7], strict=False):
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at + shift // 7 + 1
    raise ValueError("number")
