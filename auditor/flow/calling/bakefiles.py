"""Bake files, HCL and JSON: their blocks by kind and name, and what the values in them are."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.lang import hcl
from auditor.lang.compose import reader
from auditor.lang.compose.nodes import Mapping, Node, Scalar, text_of

_USE = Pattern(r"\$\{\s*([A-Za-z_]\w*)\s*\}")
_NAME = Pattern(r"[A-Za-z_]\w*")


def blocks(text: str, *, json: bool) -> dict[str, dict[str, Mapping]]:
    """The bodies of `target`, `variable`, `group` by kind and name. Raises reader.Unreadable, with a reason."""
    if json:
        return _json(text)
    try:
        return _hcl(text)
    except hcl.Unreadable:
        raise reader.Unreadable("this bake file cannot be read") from None


def _hcl(text: str) -> dict[str, dict[str, Mapping]]:
    kinds: dict[str, dict[str, Mapping]] = {}
    for block in hcl.read(text):
        named = kinds.setdefault(block.kind, {})
        if block.labels and block.labels[0] in named:  # bake puts them together
            raise hcl.Unreadable
        named[" ".join(block.labels)] = block.body
    return kinds


def _json(text: str) -> dict[str, dict[str, Mapping]]:
    """JSON is YAML but for tabs, which stand only between its parts."""
    documents = reader.read(text.replace("\t", " "))
    top = documents[0] if len(documents) == 1 else None
    if not isinstance(top, Mapping) or not top.flow:
        raise reader.Unreadable("it is not JSON")
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
