"""Where values that must be absent stand in the metadata of an image."""

from __future__ import annotations

import binascii
import re
from array import array
from bisect import bisect_right

from auditor.core import image as places
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import encoded
from auditor.run.images.metadata.documents import Members, Parser, TooManyValues
from auditor.sources.images import model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.detect.needles import Hit, Needles
    from auditor.sources.images.model import Document, Image

#: Way to a value in a JSON document: the way to what holds it, and the key or number in there; None is the document.
Way = tuple["Way | None", str | int]

_PARTS = {
    model.CONFIG: places.CONFIG,
    model.LEGACY: places.CONFIG,
    model.MANIFEST: places.ANNOTATION,
    model.INDEX: places.ANNOTATION,
    model.ATTESTATION: places.ATTESTATION,
    model.CACHE: places.CACHE,
}
_BASE64 = re.compile(r"[A-Za-z0-9+/_\s-]{8,}={0,2}\s*")
_TO_STANDARD = str.maketrans("-_", "+/")
_LONGEST_KEY = 200
_NO_TEXT = (int, float, type(None))


class Presence(NamedTuple):
    """The value of this name is there, written in this encoding."""

    name: str
    encoding: str
    place: places.ImagePlace


class Searched(NamedTuple):
    """What a search of documents has found, and as (message, part) what it has not looked at."""

    presences: list[Presence]
    errors: list[tuple[str, str]]


def search_documents(image: Image, needles: Needles) -> Searched:
    """All places in the documents of an image: their strings and keys, decoded, and what is base64 among them.

    Each value is reported once for each place. A document that is no JSON is searched as it is, and so is one that
    holds a value outside of strings. One with too many values is searched as it is, too, but that is an error: what is
    base64 in it has not been decoded.
    """
    found: dict[Presence, None] = {}
    errors: list[tuple[str, str]] = []
    parser = Parser()
    for document in image.documents:
        named = set()
        try:
            for presence in _in_strings(document, parser, needles):
                named.add(presence.name)
                found[presence] = None
        except TooManyValues as error:
            errors.append((f"{error}: searched as text", document.name))
        for hit in needles.search(document.data):
            if hit.name not in named:
                place = places.ImagePlace(_PARTS.get(document.kind, places.CONFIG), offset=hit.start)
                found[Presence(hit.name, hit.encoding, place)] = None
    return Searched(list(found), errors)


def presences_of_documents(image: Image, needles: Needles) -> list[Presence]:
    """The places that `search_documents` finds."""
    return search_documents(image, needles).presences


def _in_strings(document: Document, parser: Parser, needles: Needles) -> Iterator[Presence]:
    content = parser.parse(document.data)
    texts = _Joined()
    inner = _Joined()
    for way, text in _strings(content):
        texts.add(way, encoded(text))
        decoded = _decoded(text)
        if decoded:
            inner.add(way, decoded)
    known = set()
    for way, hit in texts.found(needles):
        known.add((id(way), hit.name))
        yield Presence(hit.name, hit.encoding, _place(document, way, needles))
    for way, hit in inner.found(needles):
        if (id(way), hit.name) not in known:
            yield Presence(hit.name, f"base64 of {hit.encoding}", _place(document, way, needles))


class _Joined:
    """Many texts as one, so that they are searched at once."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._starts = array("Q")
        self._ways: list[Way | None] = []

    def add(self, way: Way | None, content: bytes) -> None:
        """Put a text behind the others; no encoding of a value has two zero bytes in a row, so none spans two texts."""
        self._starts.append(len(self._data))
        self._ways.append(way)
        self._data += content + b"\0\0"

    def found(self, needles: Needles) -> Iterator[tuple[Way | None, Hit]]:
        """Hits, and the way to the text of each."""
        for hit in needles.search(bytes(self._data)):
            yield self._ways[bisect_right(self._starts, hit.start) - 1], hit


def _strings(content: object) -> Iterator[tuple[Way | None, str]]:
    """All strings and keys of a JSON document."""
    left: list[tuple[Way | None, object]] = [(None, content)]
    while left:
        way, value = left.pop()
        if isinstance(value, str):
            yield way, value
        elif isinstance(value, Members):
            for key, member in value:
                below = (way, key)
                yield below, key
                if not isinstance(member, _NO_TEXT):
                    left.append((below, member))
        elif isinstance(value, list):
            left.extend(
                ((way, number), member) for number, member in enumerate(value) if not isinstance(member, _NO_TEXT)
            )


def _decoded(text: str) -> bytes:
    if not _BASE64.fullmatch(text):
        return b""
    try:
        return binascii.a2b_base64(text.translate(_TO_STANDARD).rstrip().rstrip("=") + "==")
    except (binascii.Error, ValueError):
        return b""


def _place(document: Document, way: Way | None, needles: Needles) -> places.ImagePlace:
    """The place of a string, by a pointer that holds no value, even where a key does."""
    keys: list[str | int] = []
    while way is not None:
        way, key = way
        keys.append(key)
    keys.reverse()
    shown = [str(key) if isinstance(key, int) else needles.masked(key)[:_LONGEST_KEY] for key in keys]
    pointer = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in shown)
    part = _PARTS.get(document.kind, places.CONFIG)
    history: int | None = None
    if part == places.CONFIG and len(keys) > 1:
        if keys[0] == "history" and isinstance(keys[1], int):
            part, history = places.HISTORY, keys[1]
        elif keys[1] == "Labels":
            part = places.LABEL
    if part == places.CONFIG and keys and str(keys[0]).startswith("moby.buildkit.cache"):
        part = places.CACHE
    return places.ImagePlace(part, pointer=pointer, history_index=history)
