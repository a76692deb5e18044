"""Literal secrets in the command lines and inline contents of a compose file."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Secret
from auditor.detect import positions, values
from auditor.flow.facts import Literal, Step
from auditor.flow.metadata import literals_in
from auditor.lang.compose.interpolation import interpolated
from auditor.lang.compose.nodes import Scalar, Sequence
from auditor.lang.dockerfile.text import TextBuilder
from auditor.lang.shell import reader
from auditor.lang.shell.nodes import Command, Script, VariableUse, Word
from auditor.lang.shell.nodes import Literal as Letters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.lang.compose.nodes import Node
    from auditor.lang.compose.parts import Line, Parts, Source
    from auditor.lang.compose.services import ComposeText
    from auditor.lang.dockerfile.text import Text

_CONTENT_LIMIT = 256 * 1024
#: What a secret's content may be without being one.
_NO_SECRET = frozenset({"empty", "template", "reference", "encrypted"})
_SHELL_OPTION = ("-c", "-ec", "-lc", "-ce", "-xc", "-exc", "-euc", "-uec")


class Spoken(NamedTuple):
    """A literal secret in a text. `kind`: `command`, `entrypoint`, `healthcheck`, `secrets`, `configs` (the last two:
    in an inline content); `node` is the scalar that holds it, `is_whole` says that it is all of it. `shared`: an alias
    stands for the text elsewhere."""

    kind: str
    label: str
    literal: Literal
    node: Scalar
    is_whole: bool
    shared: bool


def spoken(file: ComposeText, parts: Parts) -> list[Spoken]:
    """All of them, in the order of the file, each place once."""
    found = [one for line in parts.lines for one in _of_line(file, parts, line)]
    found += [one for source in parts.sources for one in _of_content(file, parts, source)]
    kept: dict[int, Spoken] = {}
    for one in found:
        kept.setdefault(one.literal.span.start, one)
    return sorted(kept.values(), key=lambda one: one.literal.span)


# -- command lines ---------------------------------------------------------------------------------------------------


def _of_line(file: ComposeText, parts: Parts, line: Line) -> Iterator[Spoken]:
    scalars = _scalars(file, line.node)
    ordered = sorted(scalars, key=lambda scalar: scalar.span)
    for literal in literals_in(_script(file, parts, line, scalars), _step()):
        if literal.level not in ("secret", "weak"):
            continue
        at = bisect_right(ordered, literal.span.start, key=lambda scalar: scalar.span.start) - 1
        if at < 0 or not ordered[at].span.covers(literal.span.start):
            continue  # in the entrypoint, which is a line of its own
        node = ordered[at]
        text = parts.text_of(node)
        if _is_unplaced(text):
            literal = literal._replace(span=text.whole)
        is_whole = node.value == literal.secret.reveal()
        yield Spoken(line.kind, line.label, literal, node, is_whole, _is_shared(file, line.node, node))


def _is_unplaced(text: Text) -> bool:
    """Whether the places of single characters are not known (escapes, folded quotes): all have that of all."""
    return len(text.text) > 1 and text.source(0) == text.source(1)


def _is_shared(file: ComposeText, *nodes: Node) -> bool:
    return any(file.is_used_elsewhere(node) for node in nodes)


def _scalars(file: ComposeText, node: Node) -> list[Scalar]:
    items = node.items if isinstance(node, Sequence) else [node]
    return [one for item in items if isinstance(one := file.resolve(item), Scalar)]


@lru_cache(maxsize=1)
def _step() -> Step:
    """A step for what is no part of a build; a command line is read as that of CMD is."""
    from auditor.lang.dockerfile.parser import parse  # start-up: as all of this

    return Step(parse("FROM scratch\nCMD true\n").instructions[-1], 0, True, False)


def _script(file: ComposeText, parts: Parts, line: Line, scalars: list[Scalar]) -> Script:
    """What a line runs, as a shell script; for a list one command, behind the program that its options are for."""
    if line.kind == "healthcheck":
        return _health_check(parts, line, scalars)
    before = _before(file, parts, line) if line.kind == "command" else []
    if isinstance(line.node, Scalar):
        script = reader.read(*_on_one_line(parts.text_of(line.node)))
        if script.commands and before and _takes(before, script.commands[0].words):
            script.commands[0].words = (*before, *script.commands[0].words)
        return script
    words = [_word(parts, scalar) for scalar in scalars]
    return _one_command(line, [*before, *words] if _takes(before, tuple(words)) else words)


def _one_command(line: Line, words: list[Word]) -> Script:
    command = Command(line.node.span)
    command.words = tuple(words)
    return Script((command,))


def _health_check(parts: Parts, line: Line, scalars: list[Scalar]) -> Script:
    if isinstance(line.node, Scalar):
        return reader.read(*_read_by_compose(parts.text_of(line.node)))
    if scalars and scalars[0].value == "CMD-SHELL":
        return reader.read(*_read_by_compose(parts.text_of(scalars[1]))) if len(scalars) > 1 else Script(())
    return _one_command(line, [_word(parts, scalar) for scalar in scalars[1:]])


def _before(file: ComposeText, parts: Parts, line: Line) -> list[Word]:
    """The words that a command's options belong to: the entrypoint's, else the image's name."""
    entrypoint = file.inherited(line.owner, "entrypoint")
    if isinstance(entrypoint, Sequence):
        return [_word(parts, scalar) for scalar in _scalars(file, entrypoint)]
    if isinstance(entrypoint, Scalar) and not entrypoint.null:
        commands = reader.read(*_on_one_line(parts.text_of(entrypoint))).commands
        return list(commands[0].words) if commands else []
    image = file.inherited(line.owner, "image")
    name = image.value.partition("@")[0].rpartition("/")[2].partition(":")[0] if isinstance(image, Scalar) else ""
    place = image.span if image is not None else line.key.span
    name = name or line.label or "program"
    return [Word((Letters(name, place),), place, name)]


def _takes(before: list[Word], words: tuple[Word, ...]) -> bool:
    """Whether a command's words are no program of their own, but what the words before them are given."""
    return bool(before and words) and (words[0].rendered.startswith("-") or before[-1].rendered in _SHELL_OPTION)


def _read_by_compose(text: Text) -> tuple[str, Callable[[int], int]]:
    made = interpolated(text).text
    return made.text, made.source


def _on_one_line(text: Text) -> tuple[str, Callable[[int], int]]:
    """A command given as a string: compose splits it into words, for which a line break is a space."""
    made, quote = TextBuilder(), ""
    for part, start, end in interpolated(text).text.runs():
        out = []
        for char in part:
            if quote:
                quote = "" if char == quote else quote
            elif char in "\"'":
                quote = char
            out.append(" " if char == "\n" and not quote else char)
        made.add("".join(out), start, end)
    one = made.build(text.source(0))
    return one.text, one.source


def _word(parts: Parts, scalar: Scalar) -> Word:
    """A word of a list, which no shell reads: only compose fills in its variables."""
    text, uses = interpolated(parts.text_of(scalar))
    made: list[Letters | VariableUse] = []
    at = 0
    for use in uses:
        if use.start > at:
            made.append(_letters(text.slice(at, use.start)))
        default = None
        if use.default and use.operator in ("-", ":-"):
            start = use.end - 1 - len(use.default)
            default = Word((_letters(text.slice(start, use.end - 1)),), text.span(start, use.end - 1), use.default)
        made.append(VariableUse(use.name, text.span(use.start, use.end), use.operator, default))
        at = use.end
    if at < len(text.text):
        made.append(_letters(text.slice(at, len(text.text))))
    return Word(tuple(made), text.whole, text.text)


def _letters(text: Text) -> Letters:
    return Letters(text.text, text.whole, tuple(map(text.source, range(len(text.text)))))


# -- contents --------------------------------------------------------------------------------------------------------


def _of_content(file: ComposeText, parts: Parts, source: Source) -> Iterator[Spoken]:
    """The secrets in a config that stands in the file, and a secret that does."""
    node = source.content
    if node is None or len(node.value) > _CONTENT_LIMIT:
        return
    text, uses = interpolated(parts.text_of(node))
    shared = _is_shared(file, node)
    found = [p for p in positions.find(text.text) if p.level in ("secret", "weak")]
    for place in found:
        secret = Secret(text.text[place.start : place.end], place.secret_kind, place.prefix)
        span = text.whole if _is_unplaced(text) else text.span(place.begin, place.end)
        literal = Literal(secret, span, place.level, place.kind, place.name)
        yield Spoken(source.kind, source.name, literal, node, False, shared)
    bare = text.text.strip()
    if source.kind != "secrets" or found or uses or values.classify(bare, source.name).kind in _NO_SECRET:
        return
    level = "placeholder" if values.classify(bare, source.name).kind == "placeholder" else "secret"
    start = text.text.index(bare)
    span = text.whole if _is_unplaced(text) else text.span(start, start + len(bare))
    yield Spoken(
        source.kind, source.name, Literal(Secret(bare, "secret"), span, level, "value", source.name), node, True, shared
    )
