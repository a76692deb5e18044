"""Other spellings of an example's Dockerfile, in which its rule must find the same text. Knows no rule.

A variant changes how the file is written (line ends, byte order mark, escape character, keywords' case) or which form
an instruction has (ONBUILD, heredoc), never what leaks.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.lang.dockerfile.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.span import Span
    from auditor.lang.dockerfile.nodes import Document, Instruction

_HEREDOC = "EXAMPLE_SCRIPT"
_NOT_IN_ONBUILD = frozenset({"FROM", "ONBUILD", "MAINTAINER"})


class Variant(NamedTuple):
    """One other spelling: `name` for messages, `text` the whole file; `onbuild` and `heredoc` say what was wrapped."""

    name: str
    text: str
    onbuild: bool = False
    heredoc: bool = False


def variants(text: str) -> Iterator[Variant]:
    """Every variant that keeps the meaning of this file. Those of the form are left out for a file with an error."""
    yield Variant("crlf", text.replace("\n", "\r\n"))
    yield Variant("byte-order-mark", f"\ufeff{text}")
    yield Variant("no-final-newline", text.rstrip("\n"))
    document = parse(text)
    if document.error is not None:
        return
    yield Variant("lower-case", _lower_case(document))
    backtick = _backtick(document)
    if backtick is not None:
        yield Variant("backtick-escape", backtick)
    yield Variant("onbuild", _onbuild(document), onbuild=True)
    heredoc = _in_heredocs(document)
    if heredoc != text:
        yield Variant("heredoc", heredoc, heredoc=True)


def _replaced(text: str, edits: list[tuple[Span, str]]) -> str:
    parts = []
    at = 0
    for span, new in edits:
        parts += [text[at : span.start], new]
        at = span.end
    return "".join([*parts, text[at:]])


def _lower_case(document: Document) -> str:
    text = document.text
    edits = []
    for node in document.instructions:
        for part in (node, node.child):
            if part is not None:
                span = part.keyword_span
                edits.append((span, text[span.start : span.end].lower()))
    return _replaced(text, edits)


def _backtick(document: Document) -> str | None:
    """The file with a backtick as the escape character, or None where a character has another meaning then."""
    text = document.text
    if document.escape != "\\" or "escape" in document.directives or "`" in text:
        return None
    edits: list[tuple[Span, str]] = []
    for number in range(1, document.lines.count + 1):
        span = document.lines.bounds(number)
        line = text[span.start : span.end].rstrip(" \t")
        if "\\" not in line:
            continue
        if line.index("\\") != len(line) - 1 or _is_body(document, span.start):
            return None
        end = span.start + len(line)
        edits.append((span._replace(start=end - 1, end=end), "`"))
    return f"# escape=`\n{_replaced(text, edits)}"


def _is_body(document: Document, offset: int) -> bool:
    whole = [part for node in document.instructions for part in (node, node.child) if part is not None]
    return any(heredoc.span.covers(offset) for part in whole for heredoc in part.heredocs)


def _onbuild(document: Document) -> str:
    """Every instruction of the last stage that can be one becomes a trigger."""
    last = max((n for n, node in enumerate(document.instructions) if node.keyword == "FROM"), default=-1)
    edits = [
        (node.span._replace(end=node.span.start), "ONBUILD ")
        for node in document.instructions[last + 1 :]
        if node.keyword not in _NOT_IN_ONBUILD
    ]
    return _replaced(document.text, edits)


def _in_heredocs(document: Document) -> str:
    """Every RUN whose command reads the same as a script becomes one with a heredoc."""
    edits = []
    for node in document.instructions:
        if _movable(document, node):
            span = node.body.span(0, len(node.body.text))
            body = document.text[span.start : span.end]
            edits.append((span, f"<<'{_HEREDOC}'\n{body}\n{_HEREDOC}"))
    return _replaced(document.text, edits)


def _movable(document: Document, node: Instruction) -> bool:
    if node.keyword != "RUN" or node.json or node.heredocs or not node.body.text.strip():
        return False
    if any(node.span.covers(span.start) for span in document.comments):
        return False
    # The builder skips blank lines in a continued command; a shell takes one for the end of the command.
    return all(line.strip() for line in document.text[node.span.start : node.span.end].split("\n"))
