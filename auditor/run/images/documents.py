"""Reads the JSON of an image's metadata whatever it holds, and walks through its strings with their JSON pointers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor.core.record import NamedTuple

#: Most values of one document that are looked at.
MOST_VALUES = 300_000
#: Most names that lead to a value; of deeper ones the first and the last are kept.
_LONGEST_PATH = 64
_LONGEST_POINTER = 1_000
_LONGEST_BASE64 = 16 << 20


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


def parse(data: bytes | str) -> object | None:
    """A JSON document; None where it is none, or is nested beyond what can be read. Never raises.

    Objects are `Members`; numbers become what they are, NaN included.
    """
    import json  # start-up: images only

    try:
        text = data.decode("utf-8-sig", "surrogateescape") if isinstance(data, bytes) else data
        made: object = json.loads(text, object_pairs_hook=Members)
    except (ValueError, RecursionError):
        return None
    return made


def walk(root: object, handled: Callable[[Node], bool], pointer: str = "") -> Iterator[Node]:
    """Every string below a value, in order. What `handled` says True to is left out, with all that is in it.

    Where there are more values than are looked at, the last node that is given has the value None.
    """
    waiting = [Node((), pointer, root)]
    seen = 0
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > MOST_VALUES:
            yield Node((), pointer, None)
            return
        if handled(node):
            continue
        if isinstance(node.value, str):
            yield node
        elif isinstance(node.value, Members):
            waiting += [_child(node, name, inner) for name, inner in reversed(node.value)]
        elif isinstance(node.value, list):
            count = len(node.value)
            waiting += [_child(node, str(count - at), one) for at, one in enumerate(reversed(node.value), 1)]


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
