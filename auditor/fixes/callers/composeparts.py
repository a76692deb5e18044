"""Parts of a build section: arguments in either form, ids of secrets, values with variables in them."""

from __future__ import annotations

from auditor.core.record import NamedTuple
from auditor.core.span import Span
from auditor.fixes.callers.yamledit import text_of
from auditor.lang.compose.nodes import Mapping, Node, Scalar, Sequence


class Given(NamedTuple):
    """One build argument of a service: `at` is its place in the list or mapping, `value` None without one."""

    name: str
    at: int
    value: str | None
    span: Span


def arguments_of(args: Node | None) -> list[Given]:
    """The arguments of a service, in either form."""
    found: list[Given] = []
    if isinstance(args, Mapping):
        for index, (key, value) in enumerate(args.pairs):
            text = None if isinstance(value, Scalar) and value.null else text_of(value)
            found.append(Given(text_of(key), index, text, value.span))
    elif isinstance(args, Sequence):
        for index, item in enumerate(args.items):
            name, equals, rest = text_of(item).partition("=")
            found.append(Given(name, index, rest if equals else None, item.span))
    return found


def ids_of(node: Node | None) -> set[str]:
    """Ids that a `secrets` or `ssh` list has."""
    found: set[str] = set()
    for item in node.items if isinstance(node, Sequence) else []:
        if isinstance(item, Mapping):
            found |= {item.text("source") or "", item.text("target") or ""}
        else:
            found.add(text_of(item).partition("=")[0])
    if isinstance(node, Mapping):
        found |= {text_of(key) for key, _ in node.pairs}
    return found
