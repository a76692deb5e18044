"""Reads HCL (bake files) as far as their edits need: blocks, attributes, and what their values look like, with places.

Values become the nodes of `lang.compose`: `{}` and `[]` as flow mappings and lists, a quoted string as a scalar of
style `"` without its quotes (escapes and `${}` kept as written), every other expression as a plain scalar.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.core.span import Span
from auditor.lang.compose.nodes import Mapping, Node, Scalar, Sequence, walk

MAX_CHARS = 256 * 1024
_MAX_DEPTH = 40
_SPACE = Pattern(r"(?:[ \t\r\n,\ufeff]|#[^\n]*|//[^\n]*|/\*(?s:.*?)\*/)*")
_INLINE = Pattern(r"(?:[ \t]|/\*(?s:.*?)\*/)*")
_NAME = Pattern(r"[^\W\d][\w-]*")
_MERGE = Pattern(r"merge[ \t]*\(")
_HEREDOC = Pattern(r"<<-?([A-Za-z_]\w*)\r?\n")
_EQUALS = Pattern(r"=(?![=>])|:")
_CLOSING = {"{": "}", "[": "]", "(": ")"}


class Unreadable(Exception):
    """The text is no HCL that can be read here."""


class Block(NamedTuple):
    """`target "app" { ... }`; the body's span is that of the braces and what is between them."""

    kind: str
    labels: tuple[str, ...]
    body: Mapping


def read(text: str) -> list[Block]:
    """The blocks of a file; blocks inside of them are left out. Raises Unreadable."""
    if len(text) > MAX_CHARS:
        raise Unreadable
    reader = _Reader(text)
    reader.body(Mapping(Span(0, len(text)), True, "", False), 0)
    return reader.blocks


def merged(node: Scalar) -> list[Mapping]:
    """The objects among the arguments of `merge(...)`, with their places in the file; none for another expression."""
    call = _MERGE.match(node.value)
    if call is None or not node.value.endswith(")"):
        return []
    reader = _Reader(node.value[:-1])  # without what closes the call: a value ends where the text does
    reader.at = call.end()
    found: list[Mapping] = []
    try:
        while reader.peek():
            value = reader.value()
            found += [value] if isinstance(value, Mapping) else []
    except Unreadable:
        return []
    for each in found:
        for one in walk(each):
            one.span = Span(one.span.start + node.span.start, one.span.end + node.span.start)
    return found


class _Reader:
    """Goes through the text once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.blocks: list[Block] = []

    def peek(self) -> str:
        """The character behind white space and comments."""
        return self._skip()

    def value(self) -> Node:
        """The next value."""
        return self._value(1)

    def _skip(self, pattern: Pattern = _SPACE) -> str:
        """Behind white space and comments; the character there."""
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def body(self, into: Mapping, depth: int) -> None:
        """Attributes and blocks up to the end of the text, or behind a closing brace."""
        if depth > _MAX_DEPTH:
            raise Unreadable
        while (char := self._skip()) not in ("", "}"):
            key = self._key(char)
            if self._equals():
                into.pairs.append((key, self._value(depth)))
            else:
                self._block(key.value, depth)
        if (char == "}") != (depth > 0):
            raise Unreadable
        self.at += len(char)

    def _key(self, char: str) -> Scalar:
        if char == '"':
            return self._string()
        match = _NAME.match(self.text, self.at)
        if match is None:
            raise Unreadable
        self.at = match.end()
        return Scalar(Span(match.start(), match.end()), match[0], "", "", False)

    def _equals(self) -> bool:
        self._skip(_INLINE)
        match = _EQUALS.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return match is not None

    def _block(self, kind: str, depth: int) -> None:
        labels: list[str] = []
        while (char := self._skip(_INLINE)) != "{":
            labels.append(self._key(char).value)
        body = Mapping(Span(self.at, self.at), True, "", False)
        self.at += 1
        self.body(body, depth + 1)
        body.span = Span(body.span.start, self.at)
        if depth == 0:
            self.blocks.append(Block(kind, tuple(labels), body))

    def _value(self, depth: int) -> Node:
        """A value, up to the end of its line or what closes it."""
        char = self._skip(_INLINE)
        start = self.at
        if depth < _MAX_DEPTH and char in ("{", "["):
            node = self._container(char, depth + 1)
            if node is not None and self._is_over():
                return node
            self.at = start
        elif char == '"':
            text = self._string()
            if self._is_over():
                return text
            self.at = start
        return self._expression()

    def _is_over(self) -> bool:
        before = self.at
        char = self._skip(_INLINE)
        at, self.at = self.at, before
        return char in ("", "\r", "\n", ",", "}", "]", "#") or self.text.startswith("//", at)

    def _container(self, opening: str, depth: int) -> Mapping | Sequence | None:
        """An object or a list; None for what is neither, such as a `for`."""
        node = (Mapping if opening == "{" else Sequence)(Span(self.at, self.at), True, "", False)
        self.at += 1
        while (char := self._skip()) != _CLOSING[opening]:
            if not char:
                raise Unreadable
            if isinstance(node, Sequence):
                node.items.append(self._value(depth))
                continue
            if char != '"' and _NAME.match(self.text, self.at) is None:
                return None
            key = self._key(char)
            if not self._equals():
                return None
            node.pairs.append((key, self._value(depth)))
        self.at += 1
        node.span = Span(node.span.start, self.at)
        return node

    def _string(self) -> Scalar:
        start = self.at
        self._over_string()
        return Scalar(Span(start, self.at), self.text[start + 1 : self.at - 1], '"', "", False)

    def _over_string(self) -> None:
        """Behind a quoted string, `${}` with strings of its own included."""
        text, at, depths = self.text, self.at + 1, [0]
        while depths:
            if at >= len(text) or (text[at] == "\n" and len(depths) == 1 and not depths[0]) or len(depths) > _MAX_DEPTH:
                raise Unreadable
            char = text[at]
            if depths[-1]:  # inside of `${}`
                if char == '"':
                    depths.append(0)
                depths[-1] += (char == "{") - (char == "}")
            elif char == '"':
                depths.pop()
            elif char == "\\":
                at += 1
            elif text.startswith(("${", "%{"), at):
                if text[at - 1] != char:
                    depths[-1] = 1
                at += 1
            at += 1
        self.at = at

    def _expression(self) -> Scalar:
        """Anything else, brackets balanced."""
        start, opened = self.at, 0
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == '"':
                self._over_string()
                continue
            heredoc = _HEREDOC.match(self.text, self.at) if char == "<" else None
            if heredoc is not None:
                self._over_heredoc(heredoc[1], heredoc.end())
                continue
            if char == "#" or self.text.startswith(("//", "/*"), self.at):
                if not opened:
                    break
                before = self.at
                self._skip()
                if self.at == before:  # a comment without end
                    raise Unreadable
                continue
            if not opened and char in "\n,}])":
                break
            opened += (char in "{[(") - (char in "}])")
            self.at += 1
        value = self.text[start : self.at].rstrip()
        if not value:
            raise Unreadable
        return Scalar(Span(start, start + len(value)), value, "", "", False)

    def _over_heredoc(self, word: str, at: int) -> None:
        while at < len(self.text):
            newline = self.text.find("\n", at)
            end = len(self.text) if newline < 0 else newline
            if self.text[at:end].strip() == word:
                self.at = end
                return
            at = end + 1
        raise Unreadable
