"""The bash grammar: the one home of tree-sitter."""

from __future__ import annotations

from functools import lru_cache

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from tree_sitter import Node, Parser

MAX_BYTES = 512 * 1024
MAX_NESTING = 5_000
MAX_OPERATORS = 5_000


def parse(data: bytes) -> Node:
    """The root of a script's tree; `data` is UTF-8."""
    return _parser().parse(data).root_node


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


def is_bearable(text: str) -> bool:
    """Whether the parser copes: its stack grows with nesting, its error recovery with the square of operators."""
    nesting = text.count("(") + text.count("{") + text.count("`") // 2
    operators = text.count("|") + text.count("<") + text.count(">")
    return len(text) <= MAX_BYTES and nesting <= MAX_NESTING and operators <= MAX_OPERATORS


def spine(node: Node) -> list[Node]:
    """The parts of `a && b || c ...`, which the grammar nests to the left, in order and without recursion."""
    parts: list[Node] = []
    while node.type == "list":
        children = node.children
        parts += reversed(children[1:])
        node = children[0]
    parts.append(node)
    parts.reverse()
    return parts


def pipeline_parts(node: Node) -> tuple[list[Node], list[Node]]:
    """The commands of a pipeline, and what is joined to it: operators and statements in turn.

    The grammar reads `a | b | c && d` as `a` piped into the list `b | c && d`; for the shell it is a pipeline of three,
    and then `d`.
    """
    elements: list[Node] = []
    rest: list[Node] = []
    while True:
        children = [child for child in node.children if child.is_named and child.type != "comment"]
        elements += children[:-1]
        first, *joined = spine(children[-1]) if children else [node]
        rest = [*joined, *rest]
        if not joined or first.type != "pipeline":
            return ([*elements, first] if children else elements), rest
        node = first
