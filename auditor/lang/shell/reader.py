"""Reads POSIX-like shell scripts through tree-sitter-bash into the nodes of `nodes.py`.

The one home of tree-sitter. Bodies over `MAX_BYTES` and nesting over `MAX_DEPTH` are cut, and the script says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from auditor.core.span import Span
from auditor.lang.shell.nodes import (
    Assignment,
    Command,
    Literal,
    Part,
    Redirect,
    Script,
    Substitution,
    VariableUse,
    Word,
)

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_BYTES = 512 * 1024
MAX_DEPTH = 40
MAX_NESTING = 5_000

_GROUPS = frozenset(
    {"compound_statement", "subshell", "if_statement", "while_statement", "c_style_for_statement", "case_statement"}
)
_REDIRECTS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})
_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_DOUBLE_ESCAPES = {'"': '"', "\\": "\\", "$": "$", "`": "`", "\n": ""}


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_bash  # start-up: only when a file has a shell-form RUN worth reading
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def _nesting(text: str) -> int:
    """Upper bound of the syntactic nesting: what would make the parser's own stack grow."""
    return text.count("(") + text.count("{") + text.count("`") // 2


def read(text: str, at: Callable[[int], int] | None = None) -> Script:
    """Parse a shell script.

    `at` maps an offset of `text` to the source file (None: identity). Never raises on content: what the grammar
    cannot place is left out, and a script beyond the bounds comes back empty and `truncated`.
    """
    if len(text) > MAX_BYTES or _nesting(text) > MAX_NESTING:
        return Script((), truncated=True)
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_BYTES:
        return Script((), truncated=True)
    reader = _Reader(text, data, at)
    reader.statement(_parser().parse(data).root_node, (), 0)
    return Script(tuple(reader.commands), reader.truncated)


class _Reader:
    """One pass over one syntax tree; collects commands in execution order."""

    def __init__(self, text: str, data: bytes, at: Callable[[int], int] | None) -> None:
        self.text = text
        self.data = data
        self.commands: list[Command] = []
        self.truncated = False
        self._at = at
        self._chars = None if len(data) == len(text) else _char_offsets(text)

    # -- offsets -------------------------------------------------------------------------------------------------

    def char(self, byte: int) -> int:
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
        return self.text[self.char(start) : self.char(end)]

    # -- statements ----------------------------------------------------------------------------------------------

    def statement(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        """Read a statement; returns the commands whose output is the statement's output."""
        if depth > MAX_DEPTH:
            self.truncated = True
            return []
        kind = node.type
        if kind == "command":
            return [self._command(node, outer, depth)]
        if kind == "redirected_statement":
            return self._redirected(node, outer, depth)
        if kind == "pipeline":
            return self._pipeline(node, outer, depth)
        if kind in ("declaration_command", "unset_command"):
            return [self._declaration(node, outer, depth)]
        if kind == "variable_assignment":
            return [self._bare_assignments(node, [node], outer, depth)]
        if kind == "variable_assignments":
            return [self._bare_assignments(node, node.children, outer, depth)]
        if kind == "for_statement":
            return self._for(node, outer, depth)
        if kind == "test_command":
            return [self._test(node, depth)]
        if kind == "comment":
            return []
        found: list[Command] = []
        for child in node.children:
            if child.is_named and child.type not in ("variable_name", "word", "string", "test_operator"):
                found += self.statement(child, outer, depth + 1)
        return found

    def _command(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> Command:
        command = Command(self.span(node.start_byte, node.end_byte))
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        for child in node.children:
            kind = child.type
            if kind == "variable_assignment":
                assignments.append(self._assignment(child, depth))
            elif kind in _REDIRECTS:
                redirects += self._redirect(child, command, depth)
            elif kind == "command_name":
                words.append(self.word(child.children[0] if child.children else child, depth))
            elif child.is_named and kind != "comment":
                words.append(self.word(child, depth))
        command.words = tuple(words)
        command.assignments = tuple(assignments)
        command.redirects = (*redirects, *outer)
        self.commands.append(command)
        return command

    def _redirected(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        body = node.child_by_field_name("body")
        extra: list[Redirect] = []
        rest: list[Node] = []
        for child in node.children:
            if child.type in _REDIRECTS:
                extra += self._redirect(child, None, depth, rest)
        if body is None:
            found = [self._empty(node, (*extra, *outer))]
        elif body.type in _GROUPS or body.type == "for_statement":
            found = self.statement(body, (*extra, *outer), depth + 1)
        else:
            found = self.statement(body, outer, depth + 1)
            # The grammar hangs a redirection on the whole list or pipeline; the shell applies it to the last command.
            for last in found[-1:]:
                last.redirects = (*extra, *last.redirects)
        for follower in rest:
            found = self._join(found, follower, outer, depth)
        return found

    def _join(self, left: list[Command], right: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        """`cat <<EOF | next` and `cat <<EOF && next`: the grammar nests what follows inside the heredoc."""
        found = self.statement(right, outer, depth + 1)
        before = right.prev_sibling
        if right.type == "pipeline" or (before is not None and before.type in ("|", "|&")):
            self._connect(left, found[:1] if right.type == "pipeline" else found)
        return found

    def _connect(self, left: Iterable[Command], right: Iterable[Command]) -> None:
        sources, readers = tuple(left), tuple(right)
        for command in sources:
            command.feeds = (*command.feeds, *readers)
        for command in readers:
            command.reads = (*command.reads, *sources)

    def _pipeline(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        left: list[Command] = []
        elements = [c for c in node.children if c.is_named and c.type != "comment"]
        for position, child in enumerate(elements):
            first = len(self.commands)
            last = position == len(elements) - 1
            found = self.statement(child, outer if last else (), depth + 1)
            if left:
                head = self.commands[first:] if child.type in _GROUPS or child.type == "for_statement" else found
                self._connect(left, head)
            left = found
        return left

    def _declaration(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> Command:
        command = Command(self.span(node.start_byte, node.end_byte), "declare")
        words: list[Word] = []
        assignments: list[Assignment] = []
        for child in node.children:
            span = self.span(child.start_byte, child.end_byte)
            if child.type == "variable_assignment":
                assignments.append(self._assignment(child, depth))
            elif child.type == "variable_name":
                assignments.append(Assignment(self.slice(child.start_byte, child.end_byte), None, span, span))
            elif child.type != "comment":
                words.append(self.word(child, depth))
        command.words = tuple(words)
        command.assignments = tuple(assignments)
        command.redirects = outer
        self.commands.append(command)
        return command

    def _bare_assignments(
        self, node: Node, children: list[Node], outer: tuple[Redirect, ...], depth: int
    ) -> Command:
        command = self._empty(node, outer)
        command.assignments = tuple(self._assignment(c, depth) for c in children if c.type == "variable_assignment")
        return command

    def _empty(self, node: Node, redirects: tuple[Redirect, ...]) -> Command:
        command = Command(self.span(node.start_byte, node.end_byte))
        command.redirects = redirects
        self.commands.append(command)
        return command

    def _for(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        head = Command(self.span(node.start_byte, node.end_byte), "for")
        body: Node | None = None
        words: list[Word] = []
        for child in node.children:
            if child.type == "variable_name" and not head.assignments:
                span = self.span(child.start_byte, child.end_byte)
                head.assignments = (Assignment(self.slice(child.start_byte, child.end_byte), None, span, span),)
            elif child.type in ("do_group", "compound_statement"):
                body = child
            elif child.is_named and child.type != "comment":
                words.append(self.word(child, depth))
        head.words = tuple(words)
        self.commands.append(head)
        return self.statement(body, outer, depth + 1) if body is not None else []

    def _test(self, node: Node, depth: int) -> Command:
        command = Command(self.span(node.start_byte, node.end_byte), "test")
        todo = list(node.children)
        words: list[Word] = []
        while todo:
            child = todo.pop(0)
            if child.type.endswith("_expression"):
                todo = [*child.children, *todo]
            elif child.is_named and child.type != "test_operator":
                words.append(self.word(child, depth))
        command.words = tuple(words)
        self.commands.append(command)
        return command

    # -- words ---------------------------------------------------------------------------------------------------

    def _assignment(self, node: Node, depth: int) -> Assignment:
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        name_span = self.span(name.start_byte, name.end_byte) if name is not None else Span(0, 0)
        label = self.slice(name.start_byte, name.end_byte) if name is not None else ""
        span = self.span(node.start_byte, node.end_byte)
        if value is None:
            end = node.end_byte
            return Assignment(label, Word((), self.span(end, end), ""), name_span, span)
        return Assignment(label, self.word(value, depth), name_span, span)

    def _redirect(
        self, node: Node, command: Command | None, depth: int, rest: list[Node] | None = None
    ) -> list[Redirect]:
        """The redirections a node stands for; statements the grammar nests behind a heredoc go to `rest`."""
        op, fd = "", ""
        target: Word | None = None
        nested: list[Redirect] = []
        for child in node.children:
            kind = child.type
            if kind == "file_descriptor":
                fd = self.slice(child.start_byte, child.end_byte)
            elif kind == "file_redirect":
                nested += self._redirect(child, command, depth)
            elif kind == "heredoc_body":
                target = self._region(child, child.start_byte, child.end_byte, depth, "heredoc")
            elif kind in ("heredoc_start", "heredoc_end"):
                continue
            elif kind in ("pipeline", "command", "list", "redirected_statement") and node.type == "heredoc_redirect":
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
            parts.append(self._substitution(node, depth))
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
            if kind in ("simple_expansion", "expansion", "arithmetic_expansion") or kind in _SUBSTITUTIONS:
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
        keeps_default = operator in (":-", "-", ":=", "=", ":+", "+")
        use = VariableUse(name, self.span(node.start_byte, node.end_byte), operator, default if keeps_default else None)
        parts.append(use)

    def _substitution(self, node: Node, depth: int) -> Substitution:
        inner = _Reader.__new__(_Reader)
        inner.text, inner.data, inner._at, inner._chars = self.text, self.data, self._at, self._chars
        inner.commands, inner.truncated = [], False
        for child in node.children:
            if child.is_named:
                inner.statement(child, (), depth + 1)
        for command in inner.commands:
            command.captured = True
        self.truncated = self.truncated or inner.truncated
        return Substitution(Script(tuple(inner.commands), inner.truncated), self.span(node.start_byte, node.end_byte))


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
