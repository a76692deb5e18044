"""The top level of a shell script: commands and what joins them (`&&`, `;`, a new line). Knows no command."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.lang.shell.grammar import MAX_BYTES, is_bearable, parse, pipeline_parts
from auditor.lang.shell.heredocs import extract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_JOINS = frozenset({"&&", "||", ";", "&", "\n"})
_SIMPLE = frozenset({"", "&&", ";", "\n"})


class Link(NamedTuple):
    """One statement at the top level, a pipeline with its redirections as a whole.

    `span` is in characters of the text that was read; `join` is what stands before it ("" for the first: `&&`, `||`,
    `;`, `&`, a line feed). `kind` is tree-sitter-bash's node type (`command`, `pipeline`, `redirected_statement`,
    `if_statement`, ...).
    """

    span: Span
    join: str
    kind: str


def chain(text: str) -> tuple[Link, ...]:
    """The statements of a script in order; () where the script is too large or the grammar cannot place all of it."""
    if not is_bearable(text):
        return ()
    bare, heredocs = extract(text)
    data = bare.encode("utf-8", "surrogatepass")
    if heredocs or len(data) > MAX_BYTES:
        return ()
    root = parse(data)
    if root.has_error:
        return ()
    at = _places(bare, data)
    return tuple(Link(Span(at[start], at[end]), join, kind) for start, end, join, kind in _statements(root))


def is_simple(links: tuple[Link, ...]) -> bool:
    """Whether every statement runs after the one before it, so that any may be taken out."""
    return bool(links) and all(link.join in _SIMPLE for link in links)


def _statements(root: Node) -> Iterator[tuple[int, int, str, str]]:
    """Statements of the program and of the lists in it: first byte, end, what joins it, kind.

    The grammar hangs a redirection on the whole list that ends with it (`a && b > c`): the last statement takes it. An
    explicit stack, since lists nest deeply.
    """
    join = ""
    first = True
    stack: list[tuple[Node, int]] = [(node, node.end_byte) for node in reversed(root.children)]
    while stack:
        node, end = stack.pop()
        body = node.child_by_field_name("body") if node.type == "redirected_statement" else None
        inner = node if body is None else body
        elements, joined = pipeline_parts(inner) if inner.type == "pipeline" else ([], [])
        if inner.type == "list":
            stack += [(part, end if part == inner.children[-1] else part.end_byte) for part in reversed(inner.children)]
        elif joined:
            yield node.start_byte, elements[-1].end_byte, "" if first else join, inner.type
            first = False
            stack += [(part, end if part == joined[-1] else part.end_byte) for part in reversed(joined)]
        elif not node.is_named:
            join = node.type if node.type in _JOINS else join
        elif node.type != "comment":
            yield node.start_byte, end, "" if first else join, node.type
            join, first = "\n", False


def _places(text: str, data: bytes) -> range | list[int]:
    """Character offset of every byte offset."""
    if len(text) == len(data):
        return range(len(text) + 1)
    places: list[int] = []
    for index, char in enumerate(text):
        places += [index] * len(char.encode("utf-8", "surrogatepass"))
    return [*places, len(text)]
