"""Bake files, HCL and JSON: their blocks by kind and name, and what the values in them are."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.flow.calling.given import LITERAL, TYPED, VARIABLE, Given, is_in_url, is_secret_name, of_text
from auditor.flow.calling.uses import BUILD_ARG, Use
from auditor.flow.calling.uses import VARIABLE as VARIABLE_USE
from auditor.lang import hcl
from auditor.lang.compose import reader
from auditor.lang.compose.nodes import Mapping, Node, Scalar, text_of
from auditor.lang.unreadable import Unreadable

if TYPE_CHECKING:
    from auditor.flow.calling.files import Gathered

_USE = Pattern(r"\$\{\s*([A-Za-z_]\w*)\s*\}")
_NAME = Pattern(r"[A-Za-z_]\w*")


def blocks(text: str, *, json: bool, unique: bool = True) -> dict[str, dict[str, Mapping]]:
    """The bodies of `target`, `variable`, `group` by kind and name; with `unique` no name may stand there twice, else
    the names of later ones get a number. Raises Unreadable, with a reason."""
    if json:
        return _json(text)
    try:
        return _hcl(text, unique=unique)
    except hcl.Unreadable:
        raise Unreadable("this bake file cannot be read") from None


def _hcl(text: str, *, unique: bool) -> dict[str, dict[str, Mapping]]:
    kinds: dict[str, dict[str, Mapping]] = {}
    for block in hcl.read(text):
        named = kinds.setdefault(block.kind, {})
        if block.labels and block.labels[0] in named:  # bake puts them together
            if unique:
                raise hcl.Unreadable
            named[f"{block.labels[0]} {len(named)}"] = block.body
            continue
        named[" ".join(block.labels)] = block.body
    return kinds


def _json(text: str) -> dict[str, dict[str, Mapping]]:
    """JSON is YAML but for tabs, which stand only between its parts."""
    documents = reader.read(text.replace("\t", " "))
    top = documents[0] if len(documents) == 1 else None
    if not isinstance(top, Mapping) or not top.flow:
        raise Unreadable("it is not JSON")
    return {
        text_of(kind): {text_of(key): body for key, body in named.pairs if isinstance(body, Mapping)}
        for kind, named in top.pairs
        if isinstance(named, Mapping)
    }


def variable_of(value: Node | None) -> str:
    """The variable that a value is; "" for any other value."""
    if not isinstance(value, Scalar):
        return ""
    match = _USE.fullmatch(value.value) if value.style else _NAME.fullmatch(value.value)
    name = match[match.lastindex or 0] if match else ""
    return "" if name in ("null", "true", "false") and not value.style else name


def read_into(into: Gathered) -> None:
    """The build arguments of the targets. Raises Unreadable."""
    kinds = blocks(into.text, json=into.path.endswith(".json"), unique=False)
    variables = kinds.get("variable", {})
    typed: set[Span] = set()
    for target in kinds.get("target", {}).values():
        for key, value in _arguments(target.get("args")):
            given = _given(text_of(key), value, variables)
            if given is None or (given.how == TYPED and given.literal is not None and given.literal.span in typed):
                continue
            story: tuple[tuple[str, Span], ...] = ()
            shown = Span(key.span.start, value.span.end)
            if given.literal is not None and given.how == TYPED:
                typed.add(given.literal.span)
                story = (("its value stands here", given.literal.span),)
            elif given.literal is not None:
                shown = given.literal.span
            into.uses.append(Use(BUILD_ARG, "docker buildx bake", text_of(key), shown, given, story))
    for name, body in variables.items():
        _default(into, name, body.get("default"), typed)


def _arguments(args: Node | None) -> list[tuple[Node, Node]]:
    """The pairs of `args`: those of an object, or of the objects that `merge(...)` is given."""
    if isinstance(args, Scalar) and not args.style:
        return [pair for each in hcl.merged(args) for pair in each.pairs]
    return args.pairs if isinstance(args, Mapping) else []


def _default(into: Gathered, name: str, default: Node | None, typed: set[Span]) -> None:
    """A literal default that no argument is known to take."""
    if not isinstance(default, Scalar) or not default.style or not default.value:
        return
    literal = of_text(name, default.value, _inside(default))
    if literal is not None and literal.span not in typed:
        into.uses.append(Use(VARIABLE_USE, "", name, literal.span, Given(LITERAL, default.span, literal, "")))


def _given(name: str, value: Node, variables: dict[str, Mapping]) -> Given | None:
    """The value of an argument, if it is a secret."""
    if not isinstance(value, Scalar):
        return None
    used = variable_of(value)
    body = variables.get(used) if used else None
    default = body.get("default") if body is not None else None
    if isinstance(default, Scalar) and default.style and default.value:
        literal = of_text(name, default.value, _inside(default))
        if literal is not None:
            return Given(TYPED, value.span, literal, used)
    elif value.style and not used:
        literal = of_text(name, value.value, _inside(value))
        if literal is not None:
            return Given(LITERAL, value.span, literal, "")
    if not used:  # `null` takes the argument away
        return Given(VARIABLE, value.span, None, "") if value.style and is_in_url(value.value) else None
    telling = is_secret_name(name) or is_secret_name(used)
    return Given(VARIABLE, value.span, None, used) if telling else None


def _inside(node: Scalar) -> Span:
    """A quoted scalar without its quotes."""
    return Span(node.span.start + 1, node.span.end - 1)
