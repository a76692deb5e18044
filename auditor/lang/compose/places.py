"""The value of a scalar with the place of each character, and where its text stands."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.span import Span
from auditor.lang.compose.nodes import Scalar
from auditor.lang.compose.scalars import derived
from auditor.lang.dockerfile.text import Text, TextBuilder

_PROPERTIES = Pattern(r"(?:[&!]\S*[ \t\r\n]+)*")


def content(text: str, node: Scalar) -> Span:
    """A scalar without its anchor and tag, and without the quotes around it; of a block the whole notation."""
    start, end = node.span
    if node.marked:
        match = _PROPERTIES.match(text, start, end)
        start = match.end() if match is not None else start
    if node.style in ("|", ">"):
        while end > start and text[end - 1].isspace():
            end -= 1
    elif node.style:
        return Span(start + 1, max(end - 1, start + 1))
    return Span(start, end)


def located(text: str, node: Scalar) -> Text:
    """The value of a scalar with places; where single characters have none that is certain, all have that of all."""
    inner = content(text, node)
    start, end = inner
    if node.style in ("'", '"'):
        start, end = start - 1, end + 1
    elif node.style:
        end = node.span.end
    found = derived(text, Scalar(Span(start, end), node.value, node.style, "", False))
    if found is None or not found.text.startswith(node.value):
        return Text(node.value, [*range(len(node.value))] or [0], [inner.start] * max(len(node.value), 1),
                    [inner.end] * max(len(node.value), 1))  # fmt: skip
    made, first = TextBuilder(), 0
    for index in range(1, len(node.value) + 1):
        if index == len(node.value) or found.at(index) != found.at(index - 1) + 1:
            made.add(node.value[first:index], found.at(first), found.at(index - 1) + 1)
            first = index
    return made.build(inner.start)
