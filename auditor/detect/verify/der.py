"""A bounded reader for DER (X.690): definite lengths, one level at a time, no recursion. Raises ValueError only."""

from __future__ import annotations

from auditor.core.record import NamedTuple

INTEGER, BITS, OCTETS, NULL, OID, UTF8, SEQUENCE, SET = 2, 3, 4, 5, 6, 12, 0x30, 0x31

_MOST_CHILDREN = 200
_LONGEST_OID = 40


class Element(NamedTuple):
    """One element: its tag byte and the bytes inside."""

    tag: int
    body: bytes

    def children(self) -> list[Element]:
        """The elements inside, in order."""
        found = []
        at = 0
        while at < len(self.body):
            element, at = _read(self.body, at)
            found.append(element)
            if len(found) > _MOST_CHILDREN:
                raise ValueError("too many elements")
        return found

    def number(self) -> int:
        """The value of an INTEGER."""
        if self.tag != INTEGER or not self.body:
            raise ValueError("no integer")
        return int.from_bytes(self.body, "big", signed=True)

    def oid(self) -> str:
        """The dotted form of an OBJECT IDENTIFIER."""
        if self.tag != OID or not 1 <= len(self.body) <= _LONGEST_OID:
            raise ValueError("no object identifier")
        arcs, arc = [], 0
        for byte in self.body:
            arc = arc << 7 | byte & 0x7F
            if byte < 0x80:
                arcs.append(arc)
                arc = 0
        if not arcs:
            raise ValueError("no object identifier")
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def bits(self) -> bytes:
        """The bytes of a BIT STRING without unused bits."""
        if self.tag != BITS or not self.body or self.body[0]:
            raise ValueError("no bit string")
        return self.body[1:]


def whole(data: bytes) -> Element:
    """The one element that `data` is, to its last byte."""
    element, end = _read(data, 0)
    if end != len(data):
        raise ValueError("data after the end")
    return element


def sequence(element: Element, least: int) -> list[Element]:
    """The parts of a SEQUENCE of at least that many."""
    if element.tag != SEQUENCE:
        raise ValueError("no sequence")
    parts = element.children()
    if len(parts) < least:
        raise ValueError("too few parts")
    return parts


def encode(tag: int, body: bytes) -> bytes:
    """One element as DER."""
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def _read(data: bytes, at: int) -> tuple[Element, int]:
    if at + 2 > len(data):
        raise ValueError("truncated")
    tag, size = data[at], data[at + 1]
    at += 2
    if tag & 0x1F == 0x1F:
        raise ValueError("long tag")
    if size >= 0x80:
        width = size & 0x7F
        if not 1 <= width <= 4 or at + width > len(data):
            raise ValueError("length")
        size = int.from_bytes(data[at : at + width], "big")
        at += width
    if at + size > len(data):
        raise ValueError("truncated")
    return Element(tag, data[at : at + size]), at + size
