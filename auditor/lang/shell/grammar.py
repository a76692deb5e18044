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
