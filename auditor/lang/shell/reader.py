"""Reads POSIX-like shell scripts through tree-sitter-bash into the nodes of `nodes.py`.

Bodies over `MAX_BYTES` and nesting over `MAX_DEPTH` are cut, and the script says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from auditor.core.record import TYPE_CHECKING
from auditor.lang.shell.grammar import MAX_BYTES, is_bearable, parse, pipeline_parts, spine
from auditor.lang.shell.heredocs import extract
from auditor.lang.shell.nodes import Assignment, Command, Redirect, Script, Word
from auditor.lang.shell.words import MAX_DEPTH, PROBE, WordReader, quoted_assignment

if TYPE_CHECKING:
    from tree_sitter import Node

_GROUPS = frozenset(
    "compound_statement subshell if_statement while_statement c_style_for_statement case_statement "
    "for_statement".split()
)
_REDIRECTS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})
_WORDS = frozenset("word string raw_string concatenation simple_expansion expansion command_substitution".split())
_NOT_STATEMENTS = frozenset({"variable_name", "test_operator", "comment"}) | _WORDS
_BRANCHING = frozenset(
    "if_statement elif_clause else_clause while_statement c_style_for_statement case_statement".split()
)


def read(text: str, at: Callable[[int], int] | None = None) -> Script:
    """Parse a shell script.

    `at` maps an offset of `text` to the source file (None: identity). Never raises on content: what the grammar
    cannot place is left out, and a script beyond the bounds comes back empty and `truncated`.
    """
    if not is_bearable(text):
        return Script((), truncated=True)
    bare, heredocs = extract(text)
    data = bare.encode("utf-8", "surrogatepass")
    if len(data) > MAX_BYTES:
        return Script((), truncated=True)
    reader = _Reader(bare, data, at)
    reader.source, reader.heredocs = text, heredocs
    reader.statement(parse(data), (), 0)
    return Script(tuple(reader.commands), reader.truncated)


class _Reader(WordReader):
    """One pass over one syntax tree; collects commands in execution order."""

    def __init__(self, text: str, data: bytes, at: Callable[[int], int] | None) -> None:
        super().__init__(text, data, at)
        self.commands: list[Command] = []
        self._subshells: tuple[int, ...] = ()
        self._branches = 0

    def _begin(self, node: Node, kind: str = "command") -> Command:
        """A command at a node, in the groups that are open."""
        command = Command(self.span(node.start_byte, node.end_byte), kind)
        command.branch, command.subshells = self._branches > 0, self._subshells
        return command

    def expanded(self, text: str, at: Callable[[int], int], depth: int) -> Word:
        probe = f"{PROBE}{text}\nAUDIT_HEREDOC\n"
        data = probe.encode("utf-8", "surrogatepass")
        inner = _Reader(probe, data, at)
        start, end = len(PROBE), len(data) - len("\nAUDIT_HEREDOC\n")
        todo = [parse(data)]
        while todo:
            node = todo.pop()
            if node.type == "heredoc_body":
                return inner.region(node, start, end, depth + 1)
            todo += node.children
        return Word((inner.literal(start, end, (text, None)),), inner.span(start, end), text)

    def script(self, node: Node, depth: int, *, captured: bool = True) -> Script:
        outside, self.commands = self.commands, []
        branches, subshells = self._branches, self._subshells
        self._branches, self._subshells = 0, ()
        for child in node.children:
            if child.is_named:
                self.statement(child, (), depth + 1)
        self._branches, self._subshells = branches, subshells
        inside, self.commands = self.commands, outside
        for command in inside:
            command.captured = captured
        return Script(tuple(inside), self.truncated)

    def statement(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        """Read a statement; returns the commands whose output is the statement's output."""
        if depth > MAX_DEPTH:
            self.truncated = True
            return []
        kind = node.type
        special = _STATEMENTS.get(kind)
        if special is not None:
            return special(self, node, outer, depth)
        before = self._subshells
        if kind == "subshell":
            self._subshells = (*before, node.start_byte)
        self._branches += kind in _BRANCHING
        if kind in ("case_statement", "case_item"):
            for child in node.children:
                if child.type in _WORDS:
                    self._subject(child, depth)
        found = self._each(spine(node) if kind == "list" else node.children, outer, depth)
        self._branches -= kind in _BRANCHING
        self._subshells = before
        return found

    def _each(self, parts: Iterable[Node], outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        """Read statements and what joins them."""
        found: list[Command] = []
        after = ""
        for part in parts:
            if part.is_named and part.type not in _NOT_STATEMENTS:
                self._branches += after == "||"
                found += self.statement(part, outer, depth + 1)
                self._branches -= after == "||"
            after = part.type
        return found

    def _subject(self, node: Node, depth: int) -> None:
        """The word that a `case` looks at: a substitution in it is run."""
        command = self._begin(node, "test")
        command.words = (self.word(node, depth),)
        self.commands.append(command)

    def _command(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        command = self._begin(node)
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        for child in node.children:
            kind = child.type
            if kind == "variable_assignment":
                assignments.append(self.assignment(child, depth))
            elif kind in _REDIRECTS:
                redirects += self.redirect(child, depth)
            elif kind == "command_name":
                words.append(self.word(child.children[0] if child.children else child, depth))
            elif child.is_named and kind != "comment":
                words.append(self.word(child, depth))
        command.words = tuple(words)
        command.assignments = tuple(assignments)
        command.redirects = (*redirects, *outer)
        self.commands.append(command)
        return [command]

    def _redirected(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        body = node.child_by_field_name("body")
        extra = tuple(r for child in node.children if child.type in _REDIRECTS for r in self.redirect(child, depth))
        if body is None:
            return [self._empty(node, (*extra, *outer))]
        if body.type in _GROUPS:
            return self.statement(body, (*extra, *outer), depth + 1)
        found = self.statement(body, outer, depth + 1)
        # The grammar hangs a redirection on the whole list or pipeline; the shell applies it to the last command.
        for last in found[-1:]:
            last.redirects = (*extra, *last.redirects)
        return found

    def _connect(self, left: Iterable[Command], right: Iterable[Command]) -> None:
        sources, readers = tuple(left), tuple(right)
        for command in sources:
            command.feeds = (*command.feeds, *readers)
        for command in readers:
            command.reads = (*command.reads, *sources)

    def _pipeline(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        left: list[Command] = []
        elements, joined = pipeline_parts(node)
        for position, child in enumerate(elements):
            first = len(self.commands)
            last = position == len(elements) - 1
            found = self.statement(child, outer if last else (), depth + 1)
            if left:
                head = self.commands[first:] if child.type in _GROUPS else found
                self._connect(left, head)
            left = found
        return [*left, *self._each(joined, outer, depth)]

    def _declaration(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        command = self._begin(node, "declare")
        words: list[Word] = []
        assignments: list[Assignment] = []
        for child in node.children:
            span = self.span(child.start_byte, child.end_byte)
            if child.type == "variable_assignment":
                assignments.append(self.assignment(child, depth))
            elif child.type == "variable_name":
                assignments.append(Assignment(self.slice(child.start_byte, child.end_byte), None, span, span))
            elif child.type != "comment":
                word = self.word(child, depth)
                quoted = quoted_assignment(word)
                if quoted is not None:
                    assignments.append(quoted)
                else:
                    words.append(word)
        command.words = tuple(words)
        command.assignments = tuple(assignments)
        command.redirects = outer
        self.commands.append(command)
        return [command]

    def _bare_assignments(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        command = self._empty(node, outer)
        children = [node] if node.type == "variable_assignment" else node.children
        command.assignments = tuple(self.assignment(c, depth) for c in children if c.type == "variable_assignment")
        return [command]

    def _empty(self, node: Node, redirects: tuple[Redirect, ...]) -> Command:
        command = self._begin(node)
        command.redirects = redirects
        self.commands.append(command)
        return command

    def _function(self, node: Node, _outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        """A definition: nothing runs until the function is called."""
        command = self._begin(node, "function")
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            command.words = (self.word(name, depth),)
            command.body = self.script(body, depth, captured=False)
            self.commands.append(command)
        return []

    def _for(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        head = self._begin(node, "for")
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
        self._branches += 1
        found = self.statement(body, outer, depth + 1) if body is not None else []
        self._branches -= 1
        return found

    def _test(self, node: Node, _outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        command = self._begin(node, "test")
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
        return [command]


_STATEMENTS: dict[str, Callable[[_Reader, Node, tuple[Redirect, ...], int], list[Command]]] = {
    "command": _Reader._command,
    "redirected_statement": _Reader._redirected,
    "pipeline": _Reader._pipeline,
    "declaration_command": _Reader._declaration,
    "unset_command": _Reader._declaration,
    "variable_assignment": _Reader._bare_assignments,
    "variable_assignments": _Reader._bare_assignments,
    "for_statement": _Reader._for,
    "function_definition": _Reader._function,
    "test_command": _Reader._test,
}
