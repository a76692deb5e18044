"""Reads what a Makefile tells of its recipes: shell lines with their places, variables, what is exported.

No expansion: `$(NAME)` and the like become characters `FOREIGN`, `$$` becomes `$`.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.core.span import Span
from auditor.lang.derived import Builder, Derived

MAX_CHARS = 512 * 1024

_ASSIGNMENT = Pattern(
    r"[ ]*(?P<marks>(?:(?:export|override|private)[ \t]+)*)(?P<name>[A-Za-z_][\w.-]*)[ \t]*(?P<op>[:?+!]{0,3}=)[ \t]*"
)
_EXPORT = Pattern(r"[ ]*export(?P<names>(?:[ \t]+[A-Za-z_]\w*)*)[ \t]*(?:#.*)?$")
_INCLUDE = Pattern(r"[ ]*[-s]?include\b")
_PREFIX = Pattern(r"[ ]*\.RECIPEPREFIX\b")
_DEFINE = Pattern(r"[ ]*(?:(?:export|override)[ \t]+)*define\b")
_ENDEF = Pattern(r"[ ]*endef\b")


class Variable(NamedTuple):
    """`NAME := value` outside a recipe; `value` is its span without comment, `line` that of the whole line or lines."""

    name: str
    operator: str
    value: Span
    line: Span
    exported: bool


class Makefile(NamedTuple):
    """`exports_all`: a bare `export`; `includes`: other files are read, which may set variables, too."""

    recipes: tuple[Derived, ...]
    variables: tuple[Variable, ...]
    exported: frozenset[str]
    exports_all: bool
    includes: bool


def read(text: str) -> Makefile | None:
    """The recipes (one for each logical line) and variables of a Makefile; None beyond `MAX_CHARS` or with a prefix
    of its own for recipes. Never raises on content."""
    if len(text) > MAX_CHARS:
        return None
    recipes: list[Derived] = []
    variables: list[Variable] = []
    exported: set[str] = set()
    exports_all = includes = False
    defines = 0
    for start, end in _logical(text):
        line = text[start:end].rstrip("\r\n")
        if line.startswith("\t"):
            recipes.append(_recipe(text, start, start + len(line)))
            continue
        if _DEFINE.match(line):
            defines += 1
            continue
        if defines:  # commands for recipes, mostly
            if _ENDEF.match(line):
                defines -= 1
            else:
                recipes.append(_recipe(text, start - 1, start + len(line)))
            continue
        if _PREFIX.match(line):
            return None
        includes = includes or _INCLUDE.match(line) is not None
        names = _EXPORT.match(line)
        if names:
            exported.update(names["names"].split())
            exports_all = exports_all or not names["names"].strip()
            continue
        found = _ASSIGNMENT.match(line)
        if found:
            value = Span(start + found.end(), start + found.end() + len(_uncommented(line[found.end() :])))
            variables.append(Variable(found["name"], found["op"], value, Span(start, end), "export" in found["marks"]))
    return Makefile(tuple(recipes), tuple(variables), frozenset(exported), exports_all, includes)


def _uncommented(value: str) -> str:
    """The value up to a comment, without white space at its end."""
    at = value.find("#")
    while at > 0 and value[at - 1] == "\\":
        at = value.find("#", at + 1)
    return (value if at < 0 else value[:at]).rstrip()


def _logical(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of lines that a backslash at the end joins, line ends included."""
    start = at = 0
    while at < len(text):
        newline = text.find("\n", at)
        at = len(text) if newline < 0 else newline + 1
        body = text[start:at].rstrip("\r\n")
        if newline >= 0 and (len(body) - len(body.rstrip("\\"))) % 2 and at < len(text):
            continue
        yield start, at
        start = at


def _recipe(text: str, start: int, end: int) -> Derived:
    """The shell's text of a recipe line that begins with its tab."""
    at = start + 1
    while at < end and text[at] in "@-+ \t":
        at += 1
    return shell_text(text, at, end)


def shell_text(text: str, at: int, end: int) -> Derived:
    """What the shell gets of a recipe's commands, or of a variable's value that becomes a part of some."""
    made = Builder()
    while at < end:
        char = text[at]
        if char == "$" and at + 1 < end:
            at = _dollar(text, at, end, made)
        elif char == "\r" and text[at + 1 : at + 2] == "\n":
            at += 1
        elif char == "\n":
            made.add(char, at)
            at += 2 if text[at + 1 : at + 2] == "\t" else 1
        else:
            made.add(char, at)
            at += 1
    return made.done(end)


def _dollar(text: str, at: int, end: int, made: Builder) -> int:
    """`$$` or an expansion; returns the place behind it."""
    if text[at + 1] == "$":
        made.add("$", at)
        return at + 2
    closing = expansion_end(text, at, end)
    made.hide(at, closing)
    return closing


def expansion_end(text: str, at: int, end: int) -> int:
    """Behind the expansion whose `$` stands at a place: `$@`, `$(NAME)`, `${NAME}`, nested ones included."""
    if text[at + 1] not in "({":
        return at + 2
    depth = 0
    for index in range(at + 1, end):
        if text[index] in "({":
            depth += 1
        elif text[index] in ")}":
            depth -= 1
        if depth == 0:
            return index + 1
    return end
