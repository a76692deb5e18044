"""Reads shell words out of a syntax tree: literals unquoted, variables, substitutions, each with its source span."""

from __future__ import annotations

from collections.abc import Callable

from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.lang.shell.nodes import Assignment, Literal, Part, Redirect, Script, Substitution, VariableUse, Word

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_DEPTH = 40

_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_EXPANSIONS = frozenset({"simple_expansion", "expansion", "arithmetic_expansion"}) | _SUBSTITUTIONS
_STATEMENTS = frozenset({"pipeline", "command", "list", "redirected_statement"})
_KEEPS_DEFAULT = frozenset({":-", "-", ":=", "=", ":+", "+"})
_DOUBLE_ESCAPES = {'"': '"', "\\": "\\", "$": "$", "`": "`", "\n": ""}


class Source:
    """A script's text with the way from the parser's byte offsets to the source file."""

    def __init__(self, text: str, data: bytes, at: Callable[[int], int] | None) -> None:
        self.text = text
        self.data = data
        self._at = at
        self._chars = None if len(data) == len(text) else _char_offsets(text)

    def char(self, byte: int) -> int:
        """Character offset of a byte offset."""
        return byte if self._chars is None else self._chars[byte]

    def span(self, start: int, end: int) -> Span:
        """Source span of a byte range."""
        start, end = self.char(start), self.char(end)
        if self._at is None:
            return Span(start, end)
        if end <= start:
            where = self._at(start)
            return Span(where, where)
        return Span(self._at(start), self._at(end - 1) + 1)

    def slice(self, start: int, end: int) -> str:
        """Text of a byte range."""
        return self.text[self.char(start) : self.char(end)]


class WordReader(Source):
    """Reads words, assignments and redirections; `truncated` is set where nesting goes beyond `MAX_DEPTH`."""

    def __init__(self, text: str, data: bytes, at: Callable[[int], int] | None) -> None:
        super().__init__(text, data, at)
        self.truncated = False

    def script(self, node: Node, depth: int) -> Script:
        """The commands inside a substitution; statements are read by the subclass."""
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

    def redirect(self, node: Node, depth: int, rest: list[Node] | None = None) -> list[Redirect]:
        """The redirections a node stands for; statements the grammar nests behind a heredoc go to `rest`."""
        op, fd = "", ""
        target: Word | None = None
        nested: list[Redirect] = []
        for child in node.children:
            kind = child.type
            if kind == "file_descriptor":
                fd = self.slice(child.start_byte, child.end_byte)
            elif kind == "file_redirect":
                nested += self.redirect(child, depth)
            elif kind == "heredoc_body":
                target = self._region(child, child.start_byte, child.end_byte, depth, "heredoc")
            elif kind in ("heredoc_start", "heredoc_end"):
                continue
            elif kind in _STATEMENTS and node.type == "heredoc_redirect":
                if rest is not None:
                    rest.append(child)
            elif not child.is_named and not op:
                op = kind.removesuffix("-") if kind == "<<-" else kind
            elif child.is_named and target is None:
                target = self.word(child, depth)
        if target is None:
            return nested
        return [Redirect(op, fd, target), *nested]

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
        elif kind in ("concatenation", "array"):
            for child in node.children:
                if child.type not in ("(", ")"):
                    self._parts(child, parts, depth + 1)
        elif kind == "raw_string":
            parts.append(Literal(self.slice(start + 1, end - 1), self.span(start + 1, end - 1)))
        elif kind == "ansi_c_string":
            text = _unescape_ansi(self.slice(start + 2, end - 1))
            parts.append(Literal(text, self.span(start + 2, end - 1)))
        elif kind in ("string", "translated_string"):
            inner = node if kind == "string" else node.children[-1]
            parts += self._region(inner, inner.start_byte + 1, inner.end_byte - 1, depth, "string").parts
        elif kind == "simple_expansion":
            parts.append(VariableUse(self.slice(start + 1, end), self.span(start, end), "", None))
        elif kind == "expansion":
            self._expansion(node, parts, depth)
        elif kind in _SUBSTITUTIONS:
            parts.append(Substitution(self.script(node, depth), self.span(start, end)))
        elif kind == "arithmetic_expansion":
            parts.append(Substitution(Script(()), self.span(start, end)))
        else:
            parts.append(Literal(_unescape_bare(self.slice(start, end)), self.span(start, end)))

    def _region(self, node: Node, start: int, end: int, depth: int, quoting: str) -> Word:
        """A stretch in which only expansions are nodes and the rest is text: double quotes, heredoc bodies."""
        parts: list[Part] = []
        at = start
        for child in node.children:
            kind = child.type
            if kind in _EXPANSIONS:
                self._text(at, child.start_byte, parts)
                self._parts(child, parts, depth + 1)
                at = child.end_byte
        self._text(at, max(at, end), parts, verbatim=quoting == "heredoc" and not node.children)
        return Word(tuple(parts), self.span(start, end), self.slice(start, end))

    def _text(self, start: int, end: int, parts: list[Part], *, verbatim: bool = False) -> None:
        if end > start:
            text = self.slice(start, end)
            parts.append(Literal(text if verbatim else _unescape_double(text), self.span(start, end)))

    def _expansion(self, node: Node, parts: list[Part], depth: int) -> None:
        name, operator = "", ""
        default: Word | None = None
        for child in node.children:
            kind = child.type
            if kind in ("variable_name", "special_variable_name", "subscript") and not name:
                name = self.slice(child.start_byte, child.end_byte).partition("[")[0]
            elif not child.is_named and name and not operator and kind != "}":
                operator = kind
            elif child.is_named and name:
                default = self.word(child, depth + 1)
        kept = default if operator in _KEEPS_DEFAULT else None
        parts.append(VariableUse(name, self.span(node.start_byte, node.end_byte), operator, kept))


def _char_offsets(text: str) -> list[int]:
    """Character offset of every byte of the UTF-8 form, one past the end included."""
    offsets: list[int] = []
    for index, char in enumerate(text):
        width = 1 if char < "\x80" else 2 if char < "\u0800" else 3 if char < "\U00010000" else 4
        offsets.extend([index] * width)
    offsets.append(len(text))
    return offsets


def _unescape_bare(text: str) -> str:
    """Unquoted text: a backslash quotes the next character."""
    if "\\" not in text:
        return text
    out: list[str] = []
    chars = iter(text)
    for char in chars:
        out.append(next(chars, "") if char == "\\" else char)
    return "".join(out)


def _unescape_double(text: str) -> str:
    """Double-quoted text and heredoc bodies: a backslash quotes only `" \\ $ ` and newline."""
    if "\\" not in text:
        return text
    out: list[str] = []
    index = 0
    while index < len(text):
        following = text[index + 1 : index + 2]
        if text[index] == "\\" and following in _DOUBLE_ESCAPES:
            out.append(_DOUBLE_ESCAPES[following])
            index += 2
        else:
            out.append(text[index])
            index += 1
    return "".join(out)


def _unescape_ansi(text: str) -> str:
    """The escapes of `$'...'` that matter for values: newline, tab, quotes, backslash."""
    for escape, char in (("\\n", "\n"), ("\\t", "\t"), ("\\'", "'"), ('\\"', '"'), ("\\\\", "\\")):
        text = text.replace(escape, char)
    return text
