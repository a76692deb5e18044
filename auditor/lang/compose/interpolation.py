"""What compose does with dollar signs in a value: `$$` is one dollar, `$NAME` and `${NAME...}` are filled in.

Source: the compose specification, "Interpolation", and compose-go's template package (2.x).
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.lang.dockerfile.substitution import VariableUse
from auditor.lang.dockerfile.text import TextBuilder

if TYPE_CHECKING:
    from auditor.lang.dockerfile.text import Text

#: A variable without others in its default.
VARIABLE = Pattern(r"\$(?:\{(?P<name>[A-Za-z_]\w*)(?::?(?P<op>[-?])(?P<rest>[^{}]*))?\}|(?P<bare>[A-Za-z_]\w*))")
_NAME = Pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACE = Pattern(r"\$\$|\$\{|\}")
_OPERATOR = Pattern(r":[-?+]|[-?+]")


class Interpolated(NamedTuple):
    """A value without its doubled dollar signs, and the variables in it, those inside defaults left out."""

    text: Text
    uses: list[VariableUse]


def with_defaults(text: str) -> str | None:
    """A value with the defaults of its variables; None where one has none."""
    made, at = "", 0
    for match in VARIABLE.finditer(text):
        if match["op"] != "-":
            return None
        made += text[at : match.start()] + match["rest"]
        at = match.end()
    return made + text[at:]


def interpolated(text: Text) -> Interpolated:
    """Read a value as compose does; a dollar sign that begins nothing stands for itself."""
    source, at = text.text, 0
    if "$" not in source:
        return Interpolated(text, [])
    made, length = TextBuilder(), 0
    uses: list[VariableUse] = []
    closings = _closings(source)
    while at < len(source):
        dollar = source.find("$", at)
        end = len(source) if dollar < 0 else dollar
        if end > at:
            length += _copy(made, text, at, end)
        if dollar < 0:
            break
        if source.startswith("$$", dollar):
            span = text.span(dollar, dollar + 2)
            made.add("$", span.start, span.end)
            length, at = length + 1, dollar + 2
            continue
        use = _use(source, dollar, closings)
        at = use.end if use is not None else dollar + 1
        if use is not None:
            uses.append(use._replace(start=length, end=length + at - dollar))
        length += _copy(made, text, dollar, at)
    return Interpolated(made.build(text.source(0)), uses)


def _copy(made: TextBuilder, text: Text, start: int, end: int) -> int:
    for part, source, stop in text.slice(start, end).runs():
        made.add(part, source, stop)
    return end - start


def _use(source: str, at: int, closings: dict[int, int]) -> VariableUse | None:
    """The variable that begins with the dollar sign at this place."""
    braced = source.startswith("{", at + 1)
    name = _NAME.match(source, at + 1 + braced)
    if name is None:
        return None
    if not braced:
        return VariableUse(name[0], at, name.end(), "", None)
    end = closings.get(at, -1)
    operator = _OPERATOR.match(source, name.end())
    if end < name.end() or (operator is None and end != name.end()):
        return None
    if operator is None:
        return VariableUse(name[0], at, end + 1, "", None)
    return VariableUse(name[0], at, end + 1, operator[0], source[operator.end() : end])


def _closings(source: str) -> dict[int, int]:
    """For every `${` the brace that closes it; those of variables in defaults come in pairs."""
    found: dict[int, int] = {}
    open_ones: list[int] = []
    for brace in _BRACE.finditer(source):
        if brace[0] == "${":
            open_ones.append(brace.start())
        elif brace[0] == "}" and open_ones:
            found[open_ones.pop()] = brace.start()
    return found
