"""A `--build-arg` of a call: its name, and what its value is made of."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.flow.calling.programs import Option
from auditor.lang.derived import FOREIGN
from auditor.lang.shell.nodes import Literal, Part, Substitution, VariableUse, Word

BARE, LITERAL, VARIABLE, DEFAULT, FOREIGN_VALUE, EXPRESSION = "bare literal variable default foreign expression".split()

_NAME = Pattern(r"[A-Za-z_]\w*")


class Argument(NamedTuple):
    """`start` and `end`: the value in the text that the shell reads (quotes inside it included), after `quote` where a
    quote is open there; -1 for a bare name. `variable` is set for VARIABLE and DEFAULT. `option`: where it stands."""

    name: str
    option: Option
    kind: str
    start: int
    end: int
    quote: str
    variable: str
    default: str


def argument(option: Option, words: tuple[Word, ...], text: str) -> Argument | None:
    """The argument of a `--build-arg`; None where its name is not there to be read. `text` is what the shell reads."""
    if option.value < 0:
        return None
    word = words[option.value]
    first = word.parts[0] if word.parts else None
    if not isinstance(first, Literal):
        return None
    name, equals, _ = first.text[option.cut :].partition("=")
    if not _NAME.fullmatch(name) or (not equals and len(word.parts) > 1):
        return None
    if not equals:
        return Argument(name, option, BARE, -1, -1, "", "", "")
    cut = option.cut + len(name) + 1
    rest = first.cut(cut, len(first.text))
    parts: tuple[Part, ...] = ((rest,) if rest.text else ()) + word.parts[1:]
    start = first.place(cut) if cut < len(first.text) else first.place(cut - 1) + 1
    quote = open_quote(text[word.span.start : start])
    kind, variable, default = classify(parts, text)
    return Argument(name, option, kind, start, word.span.end, quote, variable, default)


def open_quote(text: str) -> str:
    """The quote that is open at the end of a piece of a word; `$'` counts as one that cannot be taken along."""
    quote = ""
    index = 0
    while index < len(text):
        char = text[index]
        if char == "\\" and quote != "'":
            index += 1
        elif quote:
            quote = "" if char == quote[-1] else quote
        elif char in "\"'":
            quote = "$" + char if text[index - 1 : index] == "$" else char
        index += 1
    return quote


def classify(parts: tuple[Part, ...], text: str) -> tuple[str, str, str]:
    """Kind of a value, its variable, the text that stands in for the variable."""
    if all(isinstance(p, Literal) for p in parts):
        value = "".join(p.text for p in parts if isinstance(p, Literal))
        if FOREIGN not in value:
            return LITERAL, "", value
        return (EXPRESSION if value.strip(FOREIGN) else FOREIGN_VALUE), "", ""
    only = parts[0]
    if len(parts) == 1 and isinstance(only, VariableUse) and _NAME.fullmatch(only.name):
        source = text[only.span.start : only.span.end]
        if source in ("$" + only.name, "${" + only.name + "}"):
            return VARIABLE, only.name, ""
        if only.operator in (":-", "-", ":=", "=") and only.default is not None and only.default.literal:
            return DEFAULT, only.name, only.default.literal
    return EXPRESSION, "", ""


def literal_span(parts_start: int, end: int, quote: str, text: str) -> tuple[int, int]:
    """A value's range without the quotes around it."""
    if quote and text[end - 1 : end] == quote[-1]:
        return parts_start, max(end - 1, parts_start)
    if end - parts_start >= 2 and text[parts_start] in "\"'" and text[end - 1] == text[parts_start]:
        return parts_start + 1, end - 1
    return parts_start, end


def printed(found: Argument, words: tuple[Word, ...]) -> Word | None:
    """The FILE of an argument that is `NAME=$(cat FILE)`, where FILE is text and plain variables."""
    parts = words[found.option.value].parts
    only = parts[1] if len(parts) == 2 else None
    first = parts[0]
    if (
        not isinstance(only, Substitution)
        or not isinstance(first, Literal)
        or not first.text.endswith(f"{found.name}=")
    ):
        return None
    inner = only.script.commands
    if len(inner) != 1 or inner[0].name != "cat" or len(inner[0].words) != 2 or inner[0].redirects:
        return None
    file = inner[0].words[1]
    other = file.rendered.startswith("-") or FOREIGN in file.rendered or inner[0].assignments
    plain = all(isinstance(p, Literal) or (isinstance(p, VariableUse) and not p.operator) for p in file.parts)
    return file if plain and not other else None
