"""Where in a RUN a value stands: in which scripts inside scripts, how quoted, in which command."""

from __future__ import annotations

from bisect import bisect_left

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.fixes import quotes
from auditor.fixes.plan import Refused, Replace
from auditor.fixes.script import the_script
from auditor.flow import commands
from auditor.flow.runs import with_heredocs
from auditor.flow.script import nested_text
from auditor.lang.shell import reader
from auditor.lang.shell.nodes import Literal, Substitution, VariableUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.fixes.plan import Change
    from auditor.flow.facts import Run
    from auditor.lang.dockerfile.nodes import Instruction
    from auditor.lang.shell.nodes import Command, Script, Word

_OTHER_USERS = frozenset({"su", "runuser"})
_OTHER_ROOTS = frozenset({"chroot"})
_MAX_NESTING = 6
_MOST_WORDS = 200
_PLAIN = Pattern(r"[\w./:@%+,-]+")


class Layer(NamedTuple):
    """One script that a place stands in: its text, the way back to the file, and what it consists of."""

    text: str
    source: Callable[[int], int]
    script: Script


class Site(NamedTuple):
    """A place in a RUN: the scripts around it, outermost first; how it is quoted in each (a JSON string counts too).

    `command` is the innermost command that it belongs to (None: a comment, an expansion outside commands);
    `other_user` says that `su` or the like runs it, as whom the mount must be readable.
    """

    layers: tuple[Layer, ...]
    kinds: tuple[str, ...]
    escaped: bool
    command: Command | None
    other_user: bool

    @property
    def nested(self) -> bool:
        """Whether it stands in a script inside a script, or in a JSON string."""
        return len(self.kinds) > 1


def script_layer(node: Instruction) -> Layer:
    """The script of a RUN in any form. Raises Refused where no single shell script is run."""
    if node.json:
        if not is_shell(node):
            raise Refused("the RUN is in exec form, in which nothing is expanded")
        text = node.words[2]
    else:
        script = the_script(node)
        if script is None and node.heredocs and not node.body.text.strip().partition("<<")[0]:
            raise Refused("the RUN consists of several heredocs")
        text = script.body if script is not None else with_heredocs(node.body, node.heredocs)
    return Layer(text.text, text.source, reader.read(text.text, text.source))


def is_shell(node: Instruction) -> bool:
    """Whether a RUN in exec form is `["/bin/sh", "-c", "SCRIPT"]`."""
    words = [word.text for word in node.words]
    shell = words[0].rpartition("/")[2] if words else ""
    return shell in commands.SHELLS and len(words) == 3 and words[1].startswith("-") and words[1].endswith("c")


def site(run: Run, place: int) -> Site:
    """The site of a character of the file. Raises Refused where it is no part of a shell script that can be read."""
    node = run.step.instruction
    layer = script_layer(node)
    layers: list[Layer] = []
    kinds = [quotes.JSON] if node.json else []
    escaped = other_user = False
    found: Command | None = None
    while len(layers) < _MAX_NESTING:
        at = index_of(layer, place)
        if at is None:
            raise Refused("its place in the command cannot be told")
        layers.append(layer)
        kind, escaped = quotes.quoting(layer.text, at)
        kinds.append(kind)
        inner: Layer | None = None
        for command in every(layer.script):
            if not command.span.covers(place) and not any(r.target.span.covers(place) for r in command.redirects):
                inner = inner or _fed(command, place)
                continue
            found = command
            inner = _inside(command, place) or inner
        if inner is None:
            break
        words = commands.program(found.words) if found else ()
        before = found.words[: len(found.words) - len(words)] if found else ()
        if any(commands.base_name(word) in _OTHER_ROOTS for word in before):
            raise Refused("it stands in a script that runs in another root folder, where no mount is seen")
        other_user = other_user or (bool(words) and commands.base_name(words[0]) in _OTHER_USERS)
        layer = inner
    return Site(tuple(layers), tuple(kinds), escaped, found, other_user)


def _fed(command: Command, place: int) -> Layer | None:
    """The script on a shell's input that has the place in it: a heredoc's body, what is echoed into it."""
    return (
        _inside(command, place) if command.words and commands.base_name(command.words[0]) in commands.SHELLS else None
    )


def _inside(command: Command, place: int) -> Layer | None:
    """The script that a command is given, where the place is in it."""
    words = commands.program(command.words)
    flat = nested_text(command, words) if words else None
    if flat is None:
        return None
    layer = Layer(flat.text, flat.source, reader.read(flat.text, flat.source))
    return layer if index_of(layer, place) is not None else None


def index_of(layer: Layer, place: int) -> int | None:
    """Offset in a script's text of a character of the file; None where it has none."""
    at = bisect_left(range(len(layer.text)), place, key=layer.source)
    return at if at < len(layer.text) and layer.source(at) == place else None


def every(script: Script, depth: int = 0) -> Iterator[Command]:
    """The commands of a script with those of its functions and substitutions, inner ones behind the outer."""
    for command in script.commands:
        yield command
        if depth >= _MAX_NESTING:
            continue
        if command.body is not None:
            yield from every(command.body, depth + 1)
        values = [a.value for a in command.assignments if a.value is not None]
        for word in (*command.words, *values, *(r.target for r in command.redirects)):
            for part in word.substitutions():
                yield from every(part.script, depth + 1)


def all_commands(run: Run) -> Iterator[Command]:
    """Every command of a RUN, also in scripts inside scripts; nothing where none can be read."""
    try:
        todo = [(script_layer(run.step.instruction).script, 0)]
    except Refused:
        return
    while todo:
        script, depth = todo.pop()
        for command in every(script):
            yield command
            words = commands.program(command.words)
            flat = nested_text(command, words) if words and depth < _MAX_NESTING else None
            if flat is not None:
                todo.append((reader.read(flat.text, flat.source), depth + 1))


def word_at(command: Command, place: int) -> Word | None:
    """The argument, or the assigned value, that a place lies in."""
    values = [a.value for a in command.assignments if a.value is not None]
    return next((word for word in (*command.words, *values) if word.span.covers(place)), None)


def in_double_quotes(text: str, parts: list[Literal | VariableUse | Substitution]) -> str:
    """Parts of a word as they are written between double quotes; `text` is the file."""
    written = []
    for part in parts:
        if isinstance(part, Literal):
            written.append(quotes.quoted(part.text, quotes.DOUBLE))
            continue
        source = text[part.span.start : part.span.end]
        if "\n" in source or '"' in source:
            raise Refused("a part of the URL cannot be written elsewhere in the command")
        written.append(source)
    return "".join(written)


def hidden(text: str, where: Site, span: Span, value: str, command: str) -> Replace:
    """The change that puts a command's output in the place of a literal value; `span` is what was reported of it.

    Raises Refused where the value cannot be cut out exactly.
    """
    begin = span.end - len(value)
    word = word_at(where.command, span.start) if where.command is not None else None
    if word is not None and word.literal == value and not where.nested and word.span.end >= span.end:
        outer = quotes.quoting(where.layers[0].text, index_of(where.layers[0], word.span.start) or 0)
        return Replace(word.span, quotes.insertion((outer.kind,), command))
    if begin < span.start or text[begin : span.end] != value or "\n" in value or where.escaped:
        raise Refused("the value is written with quotes or escapes in it, so it cannot be cut out exactly")
    made = quotes.insertion(where.kinds, command)
    start, end = begin, span.end
    if where.kinds == (quotes.SINGLE,):
        if text[start - 1] == "'":
            start, made = start - 1, made[1:]
        if text[end : end + 1] == "'":
            end, made = end + 1, made[:-1]
    return Replace(Span(start, end), made)


def through_shell(run: Run, span: Span, value: str, command: str) -> list[Change]:
    """The changes that let a RUN in exec form have a command's output in the place of a literal value.

    Its command becomes arguments of a shell, which expands the one word: `["/bin/sh", "-c", "\"$0\" \"$1\"...", ...]`.
    """
    node = run.step.instruction
    texts = [word.text for word in node.words]
    touched = [n for n, word in enumerate(node.words) if word.whole.covers(span.start)]
    if len(touched) != 1 or texts[touched[0]].count(value) != 1 or len(texts) > _MOST_WORDS:
        raise Refused("the RUN is in exec form, in which nothing is expanded")
    words = [_shell_word(text, value if n == touched[0] else "", command) for n, text in enumerate(texts)]
    script = quotes.quoted("exec " + " ".join(words), quotes.JSON)
    place = Span(node.words[0].whole.start, node.words[-1].whole.end)
    return [Replace(place, f'/bin/sh", "-c", "{script}')]


def _shell_word(text: str, value: str, command: str) -> str:
    before, found, behind = text.partition(value) if value else (text, "", "")
    if not found and _PLAIN.fullmatch(text):
        return text
    taken = f"$({command})" if found else ""
    return f'"{quotes.quoted(before, quotes.DOUBLE)}{taken}{quotes.quoted(behind, quotes.DOUBLE)}"'
