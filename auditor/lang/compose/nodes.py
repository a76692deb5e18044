"""What a YAML document consists of, with spans of the file. Aliases are not followed: nothing is ever expanded."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.span import Span


class Node:
    """`span`: from the first to behind the last character, properties included, comments after it not.

    `marked` says that an anchor or a tag stands before it; `anchor` is the anchor's name.
    """

    __slots__ = ("anchor", "marked", "span")

    def __init__(self, span: Span, anchor: str = "", marked: bool = False) -> None:
        self.span = span
        self.anchor = anchor
        self.marked = marked


class Scalar(Node):
    """`style`: "" plain, `'`, `"`, `|`, `>`; `null`: an empty one or `~`."""

    __slots__ = ("style", "value")

    def __init__(self, span: Span, value: str, style: str, anchor: str, marked: bool) -> None:
        super().__init__(span, anchor, marked)
        self.value = value
        self.style = style

    @property
    def null(self) -> bool:
        """Whether it means nothing at all."""
        return not self.style and self.value in ("", "~", "null", "Null", "NULL")


class Alias(Node):
    """`*name`."""

    __slots__ = ()


class Mapping(Node):
    """`pairs` in the order of the file; `flow`: written with braces."""

    __slots__ = ("flow", "pairs")

    def __init__(self, span: Span, flow: bool, anchor: str, marked: bool) -> None:
        super().__init__(span, anchor, marked)
        self.flow = flow
        self.pairs: list[tuple[Node, Node]] = []

    def pair(self, name: str) -> tuple[Node, Node] | None:
        """Key and value of a name; the last one, as readers take it."""
        for key, value in reversed(self.pairs):
            if isinstance(key, Scalar) and key.value == name:
                return key, value
        return None

    def get(self, name: str) -> Node | None:
        """The value of a name."""
        found = self.pair(name)
        return found[1] if found else None

    def mapping(self, name: str) -> Mapping | None:
        """The value of a name, if it is a mapping."""
        value = self.get(name)
        return value if isinstance(value, Mapping) else None

    def text(self, name: str) -> str | None:
        """The value of a name, if it is a scalar."""
        value = self.get(name)
        return value.value if isinstance(value, Scalar) else None

    @property
    def merges(self) -> bool:
        """Whether it takes over another mapping with `<<`."""
        return self.get("<<") is not None


class Sequence(Node):
    """`items` in order; `flow`: written with brackets."""

    __slots__ = ("flow", "items")

    def __init__(self, span: Span, flow: bool, anchor: str, marked: bool) -> None:
        super().__init__(span, anchor, marked)
        self.flow = flow
        self.items: list[Node] = []


def walk(node: Node) -> Iterator[Node]:
    """The node and all that it holds, in order."""
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, Mapping):
            todo += [part for pair in reversed(node.pairs) for part in reversed(pair)]
        elif isinstance(node, Sequence):
            todo += reversed(node.items)


def text_of(node: Node | None) -> str:
    """The value of a scalar; "" for anything else."""
    return node.value if isinstance(node, Scalar) else ""
