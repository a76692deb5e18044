"""Reads shell words out of a syntax tree: literals unquoted, variables, substitutions, each with its source span."""

from __future__ import annotations

from collections.abc import Callable

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span, mapped
from auditor.lang.shell import quoting
from auditor.lang.shell.heredocs import Heredoc
from auditor.lang.shell.nodes import Assignment, Literal, Part, Redirect, Script, Substitution, VariableUse, Word
from auditor.lang.shell.quoting import Unquoted

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_DEPTH = 40

_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_EXPANSIONS = frozenset({"simple_expansion", "expansion", "arithmetic_expansion"}) | _SUBSTITUTIONS
_KEEPS_DEFAULT = frozenset({":-", "-", ":=", "=", ":+", "+"})
_ASSIGNMENT = Pattern(r"([A-Za-z_][A-Za-z0-9_]*)=")
PROBE = "a <<AUDIT_HEREDOC\n"


class Source:
    """A script's text with the way from the parser's byte offsets to the source file."""

    def __init__(self, text: str, data: bytes, at: Callable[[int], int] | None) -> None:
        self.text = text
        self.data = data
        self.at = at
        self._chars = None if len(data) == len(text) else _char_offsets(text)

    def char(self, byte: int) -> int:
        """Character offset of a byte offset."""
        return byte if self._chars is None else self._chars[byte]

    def span(self, start: int, end: int) -> Span:
        """Source span of a byte range."""
        return mapped(self.char(start), self.char(end), self.at)

    def slice(self, start: int, end: int) -> str:
        """Text of a byte range."""
        return self.text[self.char(start) : self.char(end)]

    def literal(self, start: int, end: int, unquoted: Unquoted) -> Literal:
        """A literal made of a byte range, with the place of each character where they do not lie side by side."""
        text, offsets = unquoted
        span = self.span(start, end)
        if offsets is None and span.end - span.start == len(text):
            return Literal(text, span)
        first = self.char(start)
        chars = range(first, first + len(text)) if offsets is None else [first + offset for offset in offsets]
        return Literal(text, span, tuple(chars) if self.at is None else tuple(map(self.at, chars)))


class WordReader(Source):
    """Reads words, assignments and redirections; `truncated` is set where nesting goes beyond `MAX_DEPTH`."""

    def __init__(self, text: str, data: bytes, at: Callable[[int], int] | None) -> None:
        super().__init__(text, data, at)
        self.truncated = False
        #: The script with its heredocs still in it, and where they are.
        self.source = text
        self.heredocs: dict[int, Heredoc] = {}

    def expanded(self, text: str, at: Callable[[int], int], depth: int) -> Word:
        """A heredoc body with its expansions; parsed by the subclass, `PROBE` before it."""
        raise NotImplementedError

    def script(self, node: Node, depth: int, *, captured: bool = True) -> Script:
        """The commands inside a substitution (`captured`) or a function; statements are read by the subclass."""
        raise NotImplementedError

    def assignment(self, node: Node, depth: int) -> Assignment:
        """Read `NAME=value`; an empty value is a word without parts."""
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        name_span = self.span(name.start_byte, name.end_byte) if name is not None else Span(0, 0)
        label = self.slice(name.start_byte, name.end_byte) if name is not None else ""
        span = self.span(node.start_byte, node.end_byte)
        if value is None:
            end = node.end_byte
            return Assignment(label, Word((), self.span(end, end), ""), name_span, span)
        return Assignment(label, self.word(value, depth), name_span, span)

    def redirect(self, node: Node, depth: int) -> list[Redirect]:
        """The redirection a node stands for ([] if it is broken); `<` of a word that `heredocs` knows is a heredoc."""
        op, fd = "", ""
        target: Word | None = None
        # The grammar takes `> file <<< word` for an error, `<<`, and a redirection from `word`.
        before = node.prev_sibling
        torn = before is not None and before.type == "ERROR" and before.end_byte == node.start_byte
        here = torn and before is not None and self.slice(before.start_byte, before.end_byte) == "<<"
        for child in node.children:
            if child.type == "file_descriptor":
                fd = self.slice(child.start_byte, child.end_byte)
            elif not child.is_named and not op:
                op = child.type
            elif child.is_named and target is None:
                heredoc = self.heredocs.get(self.char(child.start_byte)) if op == "<" else None
                if heredoc is not None:
                    op, target = "<<", self._body(heredoc, depth)
                else:
                    target = self.word(child, depth)
        return [Redirect("<<<" if here and op == "<" else op, fd, target)] if target is not None else []

    def _body(self, heredoc: Heredoc, depth: int) -> Word:
        """The text that a heredoc feeds to its command."""
        text = self.source[heredoc.start : heredoc.end]
        at = self.at

        def place(index: int) -> int:
            inside = heredoc.start + index
            return inside if at is None else at(inside)

        if not heredoc.expands or ("$" not in text and "`" not in text):
            inner = Source(text, text.encode("utf-8", "surrogatepass"), place)
            size = len(inner.data)
            unquoted = quoting.double(text) if heredoc.expands else (text, None)
            return Word((inner.literal(0, size, unquoted),) if text else (), inner.span(0, size), text)
        return self.expanded(text, lambda index: place(index - len(PROBE)), depth)

    def word(self, node: Node, depth: int) -> Word:
        """Read one word node of any kind."""
        parts: list[Part] = []
        self._parts(node, parts, depth)
        source = self.slice(node.start_byte, node.end_byte)
        return Word(tuple(parts), self.span(node.start_byte, node.end_byte), source)

    def _parts(self, node: Node, parts: list[Part], depth: int) -> None:
        kind = node.type
        start, end = node.start_byte, node.end_byte
        if depth > MAX_DEPTH:
            self.truncated = True
        elif kind == "concatenation":
            for child in node.children:
                self._parts(child, parts, depth + 1)
        elif kind == "array":
            self._array(node, parts, depth)
        elif kind == "raw_string":
            parts.append(self.literal(start + 1, end - 1, (self.slice(start + 1, end - 1), None)))
        elif kind == "ansi_c_string":
            parts.append(self.literal(start + 2, end - 1, quoting.ansi(self.slice(start + 2, end - 1))))
        elif kind in ("string", "translated_string"):
            inner = node if kind == "string" else node.children[-1]
            parts += self.region(inner, inner.start_byte + 1, inner.end_byte - 1, depth).parts
        elif kind == "simple_expansion":
            start = self._dollar(node)
            parts.append(VariableUse(self.slice(start + 1, end), self.span(start, end), "", None))
        elif kind == "expansion":
            self._expansion(node, parts, depth)
        elif kind in _SUBSTITUTIONS:
            parts.append(Substitution(self.script(node, depth), self.span(start, end)))
        elif kind == "arithmetic_expansion":
            parts.append(Substitution(Script(()), self.span(start, end)))
        else:
            parts.append(self.literal(start, end, quoting.bare(self.slice(start, end))))

    def _array(self, node: Node, parts: list[Part], depth: int) -> None:
        """The elements of `(a b)`, kept apart by a space."""
        elements = [child for child in node.children if child.is_named]
        for number, child in enumerate(elements):
            if number:
                parts.append(Literal(" ", self.span(child.start_byte, child.start_byte)))
            self._parts(child, parts, depth + 1)

    def _dollar(self, node: Node) -> int:
        """Where an expansion really begins: inside double quotes the grammar counts the space before it in."""
        text = self.slice(node.start_byte, node.end_byte)
        return node.start_byte + len(text) - len(text.lstrip())

    def region(self, node: Node, start: int, end: int, depth: int) -> Word:
        """A stretch in which only expansions are nodes and the rest is text: double quotes, heredoc bodies."""
        parts: list[Part] = []
        at = start
        for child in node.children:
            if child.type in _EXPANSIONS:
                self._text(at, self._dollar(child), parts)
                self._parts(child, parts, depth + 1)
                at = child.end_byte
        self._text(at, max(at, end), parts)
        return Word(tuple(parts), self.span(start, end), self.slice(start, end))

    def _text(self, start: int, end: int, parts: list[Part]) -> None:
        if end > start:
            parts.append(self.literal(start, end, quoting.double(self.slice(start, end))))

    def _expansion(self, node: Node, parts: list[Part], depth: int) -> None:
        name, operator = "", ""
        default: Word | None = None
        for child in node.children:
            kind = child.type
            if kind == "#" and not name:
                parts.append(Substitution(Script(()), self.span(node.start_byte, node.end_byte)))  # a length
                return
            if kind in ("variable_name", "special_variable_name", "subscript") and not name:
                name = self.slice(child.start_byte, child.end_byte).partition("[")[0]
            elif not child.is_named and name and not operator and kind != "}":
                operator = kind
            elif child.is_named and name:
                default = self.word(child, depth + 1)
        kept = default if operator in _KEEPS_DEFAULT else None
        parts.append(VariableUse(name, self.span(self._dollar(node), node.end_byte), operator, kept))


def _char_offsets(text: str) -> list[int]:
    """Character offset of every byte of the UTF-8 form, one past the end included."""
    offsets: list[int] = []
    for index, char in enumerate(text):
        width = 1 if char < "\x80" else 2 if char < "\u0800" else 3 if char < "\U00010000" else 4
        offsets.extend([index] * width)
    offsets.append(len(text))
    return offsets


def quoted_assignment(word: Word) -> Assignment | None:
    """`export "NAME=value"`."""
    first = word.parts[0] if word.parts else None
    if not isinstance(first, Literal):
        return None
    match = _ASSIGNMENT.match(first.text)
    if match is None:
        return None
    size = match.end()
    rest = first.cut(size, len(first.text))
    parts = (rest, *word.parts[1:]) if rest.text else word.parts[1:]
    value = Word(parts, Span(rest.span.start, word.span.end), word.source)
    return Assignment(match[1], value, first.cut(0, size - 1).span, word.span)
