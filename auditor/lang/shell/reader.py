"""Reads POSIX-like shell scripts through tree-sitter-bash into the nodes of `nodes.py`.

The one home of tree-sitter. Bodies over `MAX_BYTES` and nesting over `MAX_DEPTH` are cut, and the script says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from auditor.core.record import TYPE_CHECKING
from auditor.lang.shell.nodes import Assignment, Command, Redirect, Script, Word
from auditor.lang.shell.words import MAX_DEPTH, WordReader

if TYPE_CHECKING:
    from types import ModuleType

    from tree_sitter import Node, Parser

MAX_BYTES = 512 * 1024
MAX_NESTING = 5_000

_GROUPS = frozenset(
    "compound_statement subshell if_statement while_statement c_style_for_statement case_statement "
    "for_statement".split()
)
_REDIRECTS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})
_NOT_STATEMENTS = frozenset({"variable_name", "word", "string", "test_operator", "comment"})


@lru_cache(maxsize=1)
def _parser() -> Parser:
    """The bash parser, loaded only when a file has a RUN in shell form."""
    binding, grammar = _extension("tree_sitter"), _extension("tree_sitter_bash")
    parser: Parser = binding.Parser(binding.Language(grammar.language()))
    return parser


def _extension(package: str) -> ModuleType:
    """The extension module `_binding` of a package.

    Start-up: loaded past the package's `__init__`, which imports `typing`, importlib.resources and with them pathlib,
    tempfile and urllib for helpers that are not needed here: a third of the budget.
    """
    from importlib.machinery import ExtensionFileLoader, PathFinder
    from importlib.util import module_from_spec, spec_from_loader

    name = f"{package}._binding"
    where = PathFinder.find_spec(package)
    found = PathFinder.find_spec("_binding", where.submodule_search_locations) if where else None
    if found is None or found.origin is None:
        raise ImportError(f"{name} is missing")
    spec = spec_from_loader(name, ExtensionFileLoader(name, found.origin))
    if spec is None or spec.loader is None:
        raise ImportError(f"{name} cannot be loaded")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


class _Reader(WordReader):
    """One pass over one syntax tree; collects commands in execution order."""

    def __init__(self, text: str, data: bytes, at: Callable[[int], int] | None) -> None:
        super().__init__(text, data, at)
        self.commands: list[Command] = []

    def script(self, node: Node, depth: int) -> Script:
        outside, self.commands = self.commands, []
        for child in node.children:
            if child.is_named:
                self.statement(child, (), depth + 1)
        inside, self.commands = self.commands, outside
        for command in inside:
            command.captured = True
        return Script(tuple(inside), self.truncated)

    def statement(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        """Read a statement; returns the commands whose output is the statement's output."""
        if depth > MAX_DEPTH:
            self.truncated = True
            return []
        special = _STATEMENTS.get(node.type)
        if special is not None:
            return special(self, node, outer, depth)
        found: list[Command] = []
        for child in node.children:
            if child.is_named and child.type not in _NOT_STATEMENTS:
                found += self.statement(child, outer, depth + 1)
        return found

    def _command(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        command = Command(self.span(node.start_byte, node.end_byte))
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
        extra: list[Redirect] = []
        rest: list[Node] = []
        for child in node.children:
            if child.type in _REDIRECTS:
                extra += self.redirect(child, depth, rest)
        if body is None:
            found = [self._empty(node, (*extra, *outer))]
        elif body.type in _GROUPS:
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
                head = self.commands[first:] if child.type in _GROUPS else found
                self._connect(left, head)
            left = found
        return left

    def _declaration(self, node: Node, outer: tuple[Redirect, ...], depth: int) -> list[Command]:
        command = Command(self.span(node.start_byte, node.end_byte), "declare")
        words: list[Word] = []
        assignments: list[Assignment] = []
        for child in node.children:
            span = self.span(child.start_byte, child.end_byte)
            if child.type == "variable_assignment":
                assignments.append(self.assignment(child, depth))
            elif child.type == "variable_name":
                assignments.append(Assignment(self.slice(child.start_byte, child.end_byte), None, span, span))
            elif child.type != "comment":
                words.append(self.word(child, depth))
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

    def _test(self, node: Node, _outer: tuple[Redirect, ...], depth: int) -> list[Command]:
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
    "test_command": _Reader._test,
}
