"""Parts of a build section: arguments in either form, ids of secrets, values with variables in them."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.core.span import Span
from auditor.fixes.callers.yamledit import text_of
from auditor.lang.compose.nodes import Mapping, Node, Scalar, Sequence

VARIABLE = Pattern(r"\$(?:\{(?P<name>[A-Za-z_]\w*)(?::?(?P<op>[-?])(?P<rest>[^{}]*))?\}|(?P<bare>[A-Za-z_]\w*))")


class Given(NamedTuple):
    """One build argument of a service: `index` in the list or mapping, `value` None without one."""

    name: str
    index: int
    value: str | None
    span: Span


def interpolated(text: str) -> str | None:
    """A value with the defaults of its variables; None where one has none."""
    made, at = "", 0
    for match in VARIABLE.finditer(text):
        if match["op"] != "-":
            return None
        made += text[at : match.start()] + match["rest"]
        at = match.end()
    return made + text[at:]


def arguments_of(args: Node | None) -> list[Given]:
    """The arguments of a service, in either form."""
    found: list[Given] = []
    if isinstance(args, Mapping):
        for index, (key, value) in enumerate(args.pairs):
            text = None if isinstance(value, Scalar) and value.null else text_of(value)
            found.append(Given(text_of(key), index, text, value.span))
    elif isinstance(args, Sequence):
        for index, item in enumerate(args.items):
            name, equals, value = text_of(item).partition("=")
            found.append(Given(name, index, value if equals else None, item.span))
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
