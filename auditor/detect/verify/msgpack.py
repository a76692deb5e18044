"""A bounded reader for MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md), without extensions."""

from __future__ import annotations

#: Anything a reader may return; a map is the list of its keys and values in turn.
Item = int | bool | bytes | str | None | list["Item"]

#: Bytes of the number that follows: lengths of binary, integers, lengths of text and of arrays.
_BINARY = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_INTEGERS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_TEXT_AND_ARRAYS = {0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
_WIDTHS = _BINARY | _INTEGERS | _TEXT_AND_ARRAYS

_MOST = 4096
_DEEPEST = 16


def unpack(data: bytes) -> Item:
    """The one item that `data` is. Raises ValueError for anything else, more than 4096 items or 16 levels."""
    stack: list[tuple[list[Item], int]] = []
    at = items = 0
    while True:
        item, size, at = _next(data, at)
        items += 1
        if items > _MOST or len(stack) > _DEEPEST:
            raise ValueError("too much")
        if size:
            stack.append(([], size))
            continue
        while stack:
            stack[-1][0].append(item)
            if len(stack[-1][0]) < stack[-1][1]:
                break
            item = stack.pop()[0]
        else:
            if at != len(data):
                raise ValueError("data after the end")
            return item


def _next(data: bytes, at: int) -> tuple[Item, int, int]:
    """The item at `at`, the number of items that an array still needs, and where the next one begins."""
    code = _take(data, at, 1)[0]
    at += 1
    if code < 0x80 or code >= 0xE0:
        return (code if code < 0x80 else code - 256), 0, at
    if code & 0xF0 == 0x90:
        return [], code & 15, at
    if code & 0xF0 == 0x80:
        return [], 2 * (code & 15), at
    if code & 0xE0 == 0xA0:
        return _text(_take(data, at, code & 31)), 0, at + (code & 31)
    if code in (0xC0, 0xC2, 0xC3):
        return (None if code == 0xC0 else code == 0xC3), 0, at
    width = _WIDTHS.get(code)
    if width is None:
        raise ValueError("unknown type")
    number = int.from_bytes(_take(data, at, width), "big", signed=code >= 0xD0 and code <= 0xD3)
    at += width
    if code >= 0xDC:
        return [], number if code <= 0xDD else 2 * number, at
    if 0xCC <= code <= 0xD3:
        return number, 0, at
    body = _take(data, at, number)
    return (body if code <= 0xC6 else _text(body)), 0, at + number


def _take(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise ValueError("truncated")
    return data[at : at + size]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
