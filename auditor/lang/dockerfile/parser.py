"""Reads a Dockerfile as BuildKit's parser does: directives, comments, continued lines, heredocs. Never raises."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.span import Span
from auditor.lang.dockerfile import heredoc
from auditor.lang.dockerfile.arguments import read_instruction
from auditor.lang.dockerfile.nodes import DockerfileError, Document, Heredoc, Instruction, Trivia
from auditor.lang.dockerfile.text import SPACE, TextBuilder
from auditor.lang.dockerfile.validation import Validator

#: Longest line that BuildKit's scanner takes, in bytes, line feed not counted.
MAX_LINE = 65_535

_WIDEST = 4
_DIRECTIVE = Pattern(r"([a-zA-Z][a-zA-Z0-9]*+)[\t\n\f\r ]*+=[\t\n\f\r ]*+([^\n]+?)[\t\n\f\r ]*\Z")
_DIRECTIVES = ("syntax", "escape", "check")


def parse(text: str) -> Document:
    """Read a decoded Dockerfile; undecodable bytes as surrogateescape leaves them. Linear in the text."""
    return _Reader(text).read()


def parse_bytes(data: bytes) -> Document:
    """Read a Dockerfile as it is on disk."""
    return parse(data.decode("utf-8", "surrogateescape"))


class _Reader:
    """Walks the physical lines once. `_next` is the line to read, `_offset` where it begins."""

    def __init__(self, text: str) -> None:
        self._document = Document(text)
        self._lines = text.split("\n")
        if not self._lines[-1]:
            self._lines.pop()
        self._next = 0
        self._offset = 0
        self._directives_open = True
        self._nodes: list[Instruction | Trivia] = []
        self._comments: list[Span] = []
        self._parse_error: DockerfileError | None = None
        self._long_line = 0
        self._validator = Validator()

    def read(self) -> Document:
        lines, nodes = self._lines, self._nodes
        count = len(lines)
        self._check_lengths()
        while self._next < count:
            start, line = self._take()
            if self._next == 1 and line.startswith("\ufeff"):
                start, line = start + 1, line[1:]
            bare = line.lstrip(SPACE)
            start += len(line) - len(bare)
            if self._directives_open:
                self._directives_open = self._directive(bare, start)
                if self._directives_open:
                    continue
            if not bare:
                nodes.append(Trivia("blank", Span(start - len(line), start)))
            elif bare[0] == "#":
                span = Span(start, start + len(bare))
                nodes.append(Trivia("comment", span))
                self._comments.append(span)
            else:
                nodes.append(self._instruction(bare, start))
        return self._finish()

    def _take(self) -> tuple[int, str]:
        """Offset and text of the next line, without its line end."""
        raw = self._lines[self._next]
        start = self._offset
        self._next += 1
        self._offset += len(raw) + 1
        return start, raw.rstrip("\r")

    def _finish(self) -> Document:
        document = self._document
        document.nodes = tuple(self._nodes)
        document.comments = tuple(self._comments)
        if not any(isinstance(node, Instruction) for node in self._nodes):
            self._fail(len(self._lines), "file with no instructions")
        if self._long_line and not (self._parse_error and self._parse_error.line <= self._long_line):
            message = f"dockerfile line greater than max allowed size of {MAX_LINE}"
            self._parse_error = DockerfileError(self._long_line, message)
        document.error = self._parse_error or self._validator.finish()
        return document

    def _fail(self, line: int, message: str) -> None:
        if self._parse_error is None:
            self._parse_error = DockerfileError(max(line, 1), message)

    def _check_lengths(self) -> None:
        """Note the first line that is too long; BuildKit reads nothing from there on."""
        if len(self._document.text) * _WIDEST <= MAX_LINE:
            return
        for number, line in enumerate(self._lines, 1):
            if len(line) * _WIDEST > MAX_LINE and len(line.encode("utf-8", "surrogateescape")) > MAX_LINE:
                self._long_line = number
                return

    def _directive(self, bare: str, start: int) -> bool:
        """Take a parser directive; False where the line is none, which ends them."""
        if not bare.startswith("#"):
            return False
        match = _DIRECTIVE.match(bare[1:].lstrip(SPACE))
        name = match.group(1).lower() if match else ""
        if match is None or name not in _DIRECTIVES:
            return False
        span = Span(start, start + len(bare))
        self._nodes.append(Trivia("directive", span))
        self._comments.append(span)
        document = self._document
        if name in document.directives:
            self._fail(self._next, f"only one {name} parser directive can be used")
            return True
        value = document.directives[name] = match.group(2)
        if name == "escape":
            if value in ("\\", "`"):
                document.escape = value
            else:
                self._fail(self._next, f"invalid escape token '{value}' does not match ` or \\")
        return True

    def _instruction(self, bare: str, start: int) -> Instruction:
        """The instruction whose first line was just taken, with its continuation lines and heredocs."""
        first = self._next
        builder = TextBuilder()
        escape = self._document.escape
        length, continued = _continued(bare, escape)
        builder.add(bare[:length], start)
        end = start + len(bare)
        while continued and self._next < len(self._lines):
            at, line = self._take()
            end = at + len(line)
            inner = line.lstrip(SPACE)
            if not inner:
                continue
            if inner[0] == "#":
                self._comments.append(Span(end - len(inner), end))
                continue
            length, continued = _continued(line, escape)
            builder.add(line[:length], at)
        instruction, fault = read_instruction(builder.build(start), escape)
        if fault:
            self._fail(first, fault)
        elif (heredoc_end := self._heredocs(instruction, first)) >= 0:
            end = heredoc_end
        instruction.line, instruction.end_line = first, self._next
        instruction.span = Span(instruction.keyword_span.start, end)
        if instruction.child is not None:
            child = instruction.child
            child.line, child.end_line, child.heredocs = first, self._next, instruction.heredocs
            child.span = Span(child.keyword_span.start, end)
        self._validator.check(instruction, bool(fault))
        return instruction

    def _heredocs(self, instruction: Instruction, first: int) -> int:
        """Read the bodies of the heredocs that the instruction announces; source offset of their end, -1 for none."""
        if "<<" not in instruction.original:
            return -1
        found, fault = heredoc.announced(instruction)
        if fault:
            self._fail(first, fault)
            return -1
        end = -1
        for item in found:
            end = self._heredoc_body(item)
            if not item.closed:
                self._fail(first, "unterminated heredoc")
        instruction.heredocs = tuple(found)
        return end

    def _heredoc_body(self, item: Heredoc) -> int:
        """Fill in one heredoc; source offset of the end of its terminator's text."""
        start = self._offset
        begin = self._next
        end = stop = min(start, len(self._document.text))
        while self._next < len(self._lines):
            at, line = self._take()
            end = at + len(line)
            if (line.lstrip("\t") if item.chomp else line) == item.name:
                item.closed = True
                stop = at
                break
        else:
            stop = len(self._document.text)
        text = self._document.text
        item.span = Span(min(start, stop), stop)
        item.content = text[item.span.start : stop]
        builder = TextBuilder()
        if item.chomp:
            at = start
            for line in self._lines[begin : self._next - item.closed]:
                kept = line.lstrip("\t")
                place = at + len(line) - len(kept)
                at += len(line) + 1
                builder.add(text[place : min(at, stop)], place)
        else:
            builder.add(item.content, item.span.start)
        item.body = builder.build(item.span.start)
        return end


def _continued(line: str, escape: str) -> tuple[int, bool]:
    """Length of a line without its continuation mark, and whether it has one. A doubled escape is none."""
    bare = line.rstrip(" \t")
    length = len(bare)
    if not bare.endswith(escape) or (length > 1 and bare[length - 2] == escape):
        return len(line), False
    return length - 1, True
