"""Reads the JSON of an image's metadata whatever it holds, and walks through its strings with their JSON pointers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor.core.record import NamedTuple
from auditor.sources.images.model import LARGEST_DOCUMENT

#: Most values in the documents of one image: each takes many times the memory of its text.
MOST_VALUES = 1_000_000
#: Most names that lead to a value; of deeper ones the first and the last are kept.
_LONGEST_PATH = 64
_LONGEST_POINTER = 1_000
#: No document that sources give is longer, so no text in one is.
_LONGEST_BASE64 = LARGEST_DOCUMENT

#: Characters of a text that is no document which are searched at once, and how much more of it is seen on both sides.
_PIECE, _OVERLAP = 1 << 20, 32 << 10


class Members(tuple[tuple[str, object], ...]):
    """A JSON object as its members in order, a name that is given twice included."""

    def get(self, name: str) -> object:
        """The value of the last member of this name, None if there is none."""
        return next((value for key, value in reversed(self) if key == name), None)


class Node(NamedTuple):
    """A value of a document. `path` are the names and numbers that lead to it, `pointer` the same as a JSON pointer."""

    path: tuple[str, ...]
    pointer: str
    value: object

    @property
    def key(self) -> str:
        """The last name on the way, numbers left out."""
        return next((step for step in reversed(self.path) if not step.isdigit()), "")


class TooManyValues(ValueError):
    """A document has more values than are left to be read."""


class Parser:
    """Reads JSON documents until all of them together have too many values."""

    def __init__(self) -> None:
        self._room = MOST_VALUES

    def parse(self, data: bytes | str) -> object | None:
        """A JSON document; None where it is none, or is nested beyond what can be read.

        Objects are `Members`; numbers become what they are, NaN included. Raises TooManyValues, and nothing else.
        """
        # Every value but the first stands behind one of these.
        signs = (b",", b"[", b"{") if isinstance(data, bytes) else (",", "[", "{")
        count = sum(map(data.count, signs))  # type: ignore[arg-type]
        if count > self._room:
            raise TooManyValues(f"more than {MOST_VALUES:,} values in the metadata")
        self._room -= count
        return _loaded(data)


def parse(data: bytes | str) -> object | None:
    """One JSON document, as a `Parser` of its own reads it; None also where it has too many values. Never raises."""
    try:
        return Parser().parse(data)
    except TooManyValues:
        return None


def _loaded(data: bytes | str) -> object | None:
    import json  # start-up: images only

    try:
        text = data.decode("utf-8-sig", "surrogateescape") if isinstance(data, bytes) else data
        made: object = json.loads(text, object_pairs_hook=Members)
    except (ValueError, RecursionError):
        return None
    return made


def walk(root: object, handled: Callable[[Node], bool], pointer: str = "") -> Iterator[Node]:
    """Every string below a value, in order. What `handled` says True to is left out, with all that is in it."""
    waiting: list[Iterator[Node]] = [iter((Node((), pointer, root),))]
    while waiting:
        node = next(waiting[-1], None)
        if node is None:
            waiting.pop()
        elif handled(node):
            continue
        elif isinstance(node.value, str):
            yield node
        else:
            waiting.append(_children(node))


def _children(node: Node) -> Iterator[Node]:
    """What is in a value, one after the other: all at once would take more memory than the document."""
    if isinstance(node.value, Members):
        for name, inner in node.value:
            yield _child(node, name, inner)
    elif isinstance(node.value, list):
        for number, inner in enumerate(node.value):
            yield _child(node, str(number), inner)


def _child(node: Node, name: str, value: object) -> Node:
    return Node((*node.path[:_LONGEST_PATH], name), point(node.pointer, name), value)


def point(pointer: str, *names: str | int) -> str:
    """The pointer to what these names lead to; a hostile length is cut."""
    for name in names:
        pointer += "/" + str(name)[:_LONGEST_POINTER].replace("~", "~0").replace("/", "~1")
    return pointer[:_LONGEST_POINTER]


def from_base64(text: str) -> str | None:
    """The text that base64 holds; None if it holds none, or too much."""
    import binascii  # start-up: images only

    if not 8 <= len(text) <= _LONGEST_BASE64:
        return None
    try:
        return binascii.a2b_base64(text, strict_mode=True).decode("utf-8")
    except (ValueError, UnicodeDecodeError):
        return None


def pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """A text in parts that overlap: each with the stretch of it, half-open, in which what begins is its own."""
    for start in range(0, max(len(text), 1), _PIECE):
        before = min(start, _OVERLAP)
        yield text[start - before : start + _PIECE + _OVERLAP], before, before + _PIECE
