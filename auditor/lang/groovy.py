"""Reads what a Jenkinsfile tells of its shell steps: string literals with what stands around them. No grammar.

Slashy strings are not known: a Jenkinsfile with one that has a quote in it may be read wrongly from there on, up to
the end of the line at most, for a plain string ends with its line.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.core.span import Span
from auditor.lang.derived import Builder, Derived

MAX_CHARS = 512 * 1024
_TOKEN = Pattern(r"//[^\n]*|/\*(?s:.*?)\*/|'''|\"\"\"|['\"{}]")
_FOLDER = Pattern(r"\bdir[ \t]*\([ \t]*(?P<quote>['\"])(?P<path>[^'\"\n]*)(?P=quote)[ \t]*\)[ \t\r\n]*$")
_REFERENCE = Pattern(r"\$(?:\{|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")
_ESCAPES = {"n": "\n", "t": "\t", "'": "'", '"': '"', "\\": "\\", "$": "$"}
_LOOK_BACK = 300
_MAX_DEPTH = 100


class Text(NamedTuple):
    """One string literal: `span` with its quotes, `quote` as it begins, `folders` the `dir(...)` blocks around it."""

    span: Span
    quote: str
    folders: tuple[str, ...]

    @property
    def inner(self) -> Span:
        """Without the quotes."""
        return Span(self.span.start + len(self.quote), self.span.end - len(self.quote))


def texts(text: str) -> Iterator[Text]:
    """The string literals in order; none beyond `MAX_CHARS`. Never raises on content."""
    folders: list[str] = []
    open_until: dict[str, int] = {}
    at = 0
    while len(text) <= MAX_CHARS and (match := _TOKEN.search(text, at)) is not None:
        at = match.end()
        token = match[0]
        if token == "{":
            found = _FOLDER.search(text[max(match.start() - _LOOK_BACK, 0) : match.start()])
            folders.append(found["path"] if found else "")
            if len(folders) > _MAX_DEPTH:
                return
        elif token == "}":
            del folders[-1:]
        elif token[0] in "'\"":
            # Looked for once: quotes behind one that is never closed see the same text, and are not closed either.
            if at <= open_until.get(token, 0):
                continue
            end, is_closed = _end(text, at, token)
            if is_closed:
                yield Text(Span(match.start(), end), token, tuple(f for f in folders if f))
                at = end
            else:
                open_until[token] = end


def _end(text: str, at: int, quote: str) -> tuple[int, bool]:
    """Behind the closing quotes, and True; where there are none how far was looked: a plain string ends on its line."""
    while at < len(text):
        if text.startswith(quote, at):
            return at + len(quote), True
        if text[at] == "\n" and len(quote) == 1:
            break
        at += 2 if text[at] == "\\" else 1
    return at, False


def derived(text: str, node: Text, head: str = "") -> Derived | None:
    """What the shell reads, expressions hidden; `head` is put before it. None for an escape that is not known."""
    made = Builder()
    at, end = node.inner
    for char in head:
        made.add(char, at - 1)
    while at < end:
        char = text[at]
        reference = _REFERENCE.match(text, at) if char == "$" and node.quote[0] == '"' else None
        if char == "\\":
            following = text[at + 1 : at + 3]
            if following[:1] == "\n" or following == "\r\n":
                at += 1 + following.index("\n") + 1
                continue
            if following[:1] not in _ESCAPES:
                return None
            made.add(_ESCAPES[following[:1]], at + 1)
            at += 2
        elif reference is not None:
            closing = _closing(text, at, end) if reference[0] == "${" else min(reference.end(), end)
            made.hide(at, closing)
            at = closing
        else:
            if char != "\r" or text[at + 1] != "\n":
                made.add(char, at)
            at += 1
    return made.done(end)


def _closing(text: str, at: int, end: int) -> int:
    """Behind the `}` that closes a `${`."""
    depth = 0
    for index in range(at + 1, end):
        depth += (text[index] == "{") - (text[index] == "}")
        if not depth:
            return index + 1
    return end
