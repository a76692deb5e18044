"""What a shell script consists of, reduced to what data flow needs: commands in order, words, redirections.

All spans are spans of the *source file*: the reader maps every offset while it builds the nodes, so that nested
scripts (`sh -c '...'`, heredocs, command substitutions) need no arithmetic later. No policy lives here.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.record import NamedTuple
from auditor.core.span import Span


class Literal(NamedTuple):
    """Text that the shell passes on as it is, quotes and escapes removed.

    `places` are the source offsets of its characters where they do not stand side by side (escapes, continued lines,
    scripts inside scripts); None where character k is simply at `span.start + k`.
    """

    text: str
    span: Span
    places: tuple[int, ...] | None = None

    def place(self, index: int) -> int:
        """Source offset of a character; of the end, for its length."""
        if self.places is None:
            return self.span.start + min(index, len(self.text))
        if index >= len(self.places):
            return self.places[-1] + 1 if self.places else self.span.end
        return self.places[index]

    def cut(self, start: int, end: int) -> Literal:
        """Part of the text as a literal of its own."""
        places = self.places[start:end] if self.places is not None else None
        last = self.place(end - 1) + 1 if end > start else self.place(start)
        return Literal(self.text[start:end], Span(self.place(start), last), places)


class VariableUse(NamedTuple):
    """`$NAME` or `${NAME...}`; `default` is the word behind `:-`, `-`, `:=`, `=`, `:+` or `+` (see `operator`)."""

    name: str
    span: Span
    operator: str
    default: Word | None


class Substitution(NamedTuple):
    """`$(...)`, backquotes or `<(...)`: a script whose output takes this place."""

    script: Script
    span: Span


Part = Literal | VariableUse | Substitution


class Word:
    """One shell word: parts in order. `source` is the text as written."""

    __slots__ = ("_rendered", "parts", "source", "span")

    def __init__(self, parts: tuple[Part, ...], span: Span, source: str) -> None:
        self.parts = parts
        self.span = span
        self.source = source
        self._rendered: str | None = None

    @property
    def literal(self) -> str | None:
        """The value, if it does not depend on anything; else None."""
        if all(isinstance(p, Literal) for p in self.parts):
            return "".join(p.text for p in self.parts if isinstance(p, Literal))
        return None

    @property
    def rendered(self) -> str:
        """The value with `${NAME}` for variables and `$(...)` for substitutions, quotes removed."""
        if self._rendered is not None:  # asked for by every table that knows commands
            return self._rendered
        out = []
        for part in self.parts:
            if isinstance(part, Literal):
                out.append(part.text)
            elif isinstance(part, VariableUse):
                out.append("${" + part.name + "}")
            else:
                out.append("$(...)")
        self._rendered = "".join(out)
        return self._rendered

    def variables(self) -> Iterator[VariableUse]:
        """Every variable the word's value depends on, those of defaults included, substitutions not."""
        todo = list(self.parts)
        while todo:
            part = todo.pop(0)
            if isinstance(part, VariableUse):
                yield part
                if part.default is not None:
                    todo = [*part.default.parts, *todo]

    def substitutions(self) -> Iterator[Substitution]:
        """The command substitutions that make up part of the value."""
        for part in self.parts:
            if isinstance(part, Substitution):
                yield part
            elif isinstance(part, VariableUse) and part.default is not None:
                yield from part.default.substitutions()

    def __repr__(self) -> str:
        return f"Word({self.rendered!r})"


class Assignment(NamedTuple):
    """`NAME=value`, `NAME+=value` or a bare `export NAME` (value None)."""

    name: str
    value: Word | None
    name_span: Span
    span: Span


class Redirect(NamedTuple):
    """`op` is one of `> >> >| &> &>> < <<< << >& <&`; a heredoc's body is the target word of `<<`."""

    op: str
    fd: str
    target: Word

    @property
    def writes(self) -> bool:
        """Whether it sends output to a file."""
        return self.op in _WRITING


_WRITING = frozenset({">", ">>", ">|", "&>", "&>>"})


class Command:
    """One simple command in execution order.

    `kind` is `command`, `declare` (export, declare, local, readonly, typeset, unset), `for` (loop head: first
    assignment is the variable, words are what it runs over), `test`, or `function` (a definition: its name is the
    only word, `body` what it runs when it is called). `reads` are the commands piped into it, `feeds` those
    that its own output is piped into, `captured` says that a substitution takes it. Redirections of enclosing
    groups are included, the command's own first. `branch` says that it may not run (if, case, loops, `||`), `subshells`
    names the enclosing `( )`, outermost first: what they change does not outlive them.
    """

    __slots__ = (
        "assignments",
        "body",
        "branch",
        "captured",
        "feeds",
        "kind",
        "reads",
        "redirects",
        "span",
        "subshells",
        "words",
    )

    def __init__(self, span: Span, kind: str = "command") -> None:
        self.span = span
        self.kind = kind
        self.words: tuple[Word, ...] = ()
        self.assignments: tuple[Assignment, ...] = ()
        self.redirects: tuple[Redirect, ...] = ()
        self.reads: tuple[Command, ...] = ()
        self.feeds: tuple[Command, ...] = ()
        self.captured = False
        self.body: Script | None = None
        self.branch = False
        self.subshells: tuple[int, ...] = ()

    @property
    def piped(self) -> bool:
        """Whether its output goes into a pipe."""
        return bool(self.feeds)

    @property
    def name(self) -> str:
        """Base name of the program if it is a literal, else ''."""
        if not self.words:
            return ""
        literal = self.words[0].literal or ""
        return literal.replace("\\", "/").rpartition("/")[2]

    def __repr__(self) -> str:
        return f"Command({' '.join(w.rendered for w in self.words)!r})"


class Script:
    """Commands in execution order, nested groups flattened; `truncated` says that a bound cut the reading short."""

    __slots__ = ("commands", "truncated")

    def __init__(self, commands: tuple[Command, ...], truncated: bool = False) -> None:
        self.commands = commands
        self.truncated = truncated
