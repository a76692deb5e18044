"""What a Dockerfile consists of once read: instructions, comments, blank lines. Knows neither rules nor stages."""

from __future__ import annotations

import re
from collections.abc import Callable

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.core.span import LineIndex, Span
from auditor.lang.dockerfile.text import Text

__all__ = ["DockerfileError", "Document", "Flag", "Heredoc", "Instruction", "Pair", "Text", "Trivia"]

_QUOTED = Pattern(r'"(?:[^"\\]|\\.)*+"|(?<!\w)\'[^\']*+\'')


class DockerfileError(NamedTuple):
    """Why BuildKit rejects the file: 1-based line, message in BuildKit's words, which may quote the file."""

    line: int
    message: str

    @property
    def summary(self) -> str:
        """The message without anything taken from the file: what may be printed, whatever the file holds."""
        text = _QUOTED.sub("...", self.message)
        return re.split(r"(?:, not)?: | set to ", text, maxsplit=1)[0]


class Heredoc:
    """One heredoc of an instruction.

    `content` is BuildKit's (tabs and line ends kept), `body` the same with offsets and, where `chomp` (`<<-`), without
    the leading tabs. `span` covers the body lines without the terminator line. `closed` is False where the
    terminator is missing; BuildKit rejects such a file.
    """

    __slots__ = ("body", "chomp", "closed", "content", "expand", "name", "span")

    def __init__(self, name: str, expand: bool, chomp: bool) -> None:
        self.name = name
        self.expand = expand
        self.chomp = chomp
        self.content = ""
        self.body = Text.at("", 0)
        self.span = Span(0, 0)
        self.closed = False


class Flag(NamedTuple):
    """A builder flag: `--mount=type=cache` has name `mount` and value `type=cache`; `text` is without quotes, as in
    BuildKit."""

    text: str
    name: str
    value: str | None
    span: Span


class Pair(NamedTuple):
    """One name and value of ENV, ARG or LABEL; `raw` is the value as written (None for `ARG X`)."""

    name: str
    name_span: Span
    raw: Text | None
    span: Span


class Instruction:
    """One instruction.

    `keyword` is in upper case; `line` and `end_line` are 1-based and include heredocs; `span` runs from the keyword
    to the end of the last line's text. `args` are BuildKit's node values, `body` the logical text after keyword and
    flags. `original` is the logical line. `child` is what ONBUILD carries.
    """

    __slots__ = (
        "_pairs",
        "_split",
        "_words",
        "args",
        "body",
        "child",
        "end_line",
        "flags",
        "heredocs",
        "json",
        "keyword",
        "keyword_span",
        "line",
        "original",
        "span",
    )

    def __init__(self, keyword: str, keyword_span: Span, flags: tuple[Flag, ...], body: Text, original: str) -> None:
        self.keyword = keyword
        self.keyword_span = keyword_span
        self.flags = flags
        self.body = body
        self.original = original
        self.args: tuple[str, ...] = ()
        self.json = False
        self.heredocs: tuple[Heredoc, ...] = ()
        self.child: Instruction | None = None
        self.line = self.end_line = 0
        self.span = keyword_span
        self._words: tuple[Text, ...] | None = ()
        self._pairs: tuple[Pair, ...] | None = ()
        self._split: Callable[[Instruction], tuple[tuple[Text, ...], tuple[Pair, ...]]] | None = None

    def split_later(self, split: Callable[[Instruction], tuple[tuple[Text, ...], tuple[Pair, ...]]]) -> None:
        """Have `words` and `pairs` made by this function at first use."""
        self._split = split

    @property
    def words(self) -> tuple[Text, ...]:
        """Words as BuildKit splits them, one for each of `args`; () for ENV, ARG, LABEL, ONBUILD and shell forms."""
        self._fill()
        return self._words or ()

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Names and values of ENV, ARG and LABEL in either form; () for everything else."""
        self._fill()
        return self._pairs or ()

    def flag(self, name: str) -> str | None:
        """Value of the first flag of this name ("" for a bare flag); None where there is none."""
        for flag in self.flags:
            if flag.name == name:
                return flag.value or ""
        return None

    def _fill(self) -> None:
        if self._split is not None:
            self._words, self._pairs = self._split(self)
            self._split = None

    def __repr__(self) -> str:
        return f"Instruction({self.keyword} at line {self.line})"


class Trivia(NamedTuple):
    """A line outside instructions: `kind` is "blank", "comment" or "directive"; `span` leaves the line end out."""

    kind: str
    span: Span


class Document:
    """A Dockerfile as read.

    `text` is decoded with surrogateescape, BOM and carriage returns kept; `nodes` follow the file in order without
    overlap. `comments` are the spans of all comments (from `#`), also those inside continued instructions.
    `error` says why BuildKit rejects the file; instructions are there all the same, as far as they can be read.
    """

    __slots__ = ("bom", "comments", "directives", "error", "escape", "lines", "newline", "nodes", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = LineIndex(text)
        self.bom = text.startswith("\ufeff")
        crlf = text.count("\r\n")
        self.newline = "\r\n" if crlf * 2 > text.count("\n") else "\n"
        self.escape = "\\"
        self.directives: dict[str, str] = {}
        self.nodes: tuple[Instruction | Trivia, ...] = ()
        self.comments: tuple[Span, ...] = ()
        self.error: DockerfileError | None = None

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """The instructions in order."""
        return tuple(node for node in self.nodes if isinstance(node, Instruction))

    def emit(self) -> str:
        """The file's text put together again from the nodes and what lies between them; equals `text`."""
        parts: list[str] = []
        at = 0
        for node in self.nodes:
            span = node.span
            parts.append(self.text[at : span.start])
            parts.append(self.text[span.start : span.end])
            at = span.end
        parts.append(self.text[at:])
        return "".join(parts)
