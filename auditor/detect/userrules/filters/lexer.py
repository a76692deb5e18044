"""Cuts a filter expression into tokens."""

from __future__ import annotations

import re

from auditor.core.pattern import sound
from auditor.core.record import NamedTuple
from auditor.detect.userrules.goregex.nodes import Unsupported

MAX_LENGTH = 64 * 1024
_TOKEN = re.compile(
    sound(r"""(?P<space>\s+|//[^\n]*+|\#[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)
    |(?P<raw>[rR](?:\"\"\"(?s:.)*?\"\"\"|\"[^\"\n]*+\"|'[^'\n]*+')|`[^`]*+`)
    |(?P<text>\"\"\"(?:[^\"\\]|\\(?s:.)|\"(?!\"\"))*+\"\"\"|\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+')
    |(?P<number>(?:\d[\d_]*+(?:\.\d++)?|\.\d++)(?:[eE][+-]?\d++)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*+)
    |(?P<sign>\?\.|\?\?|&&|\|\||==|!=|<=|>=|\*\*|[-+*/%<>!?:.,;=(){}\[\]|^])"""),
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{3})|(.))", re.DOTALL)
_CONTROL = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Token(NamedTuple):
    """One token. `kind`: text, number, name, sign or end; `value`: for a text what it says, else what is written."""

    kind: str
    value: str


def tokens(source: str) -> list[Token]:
    """All tokens and one `end`. Raises Unsupported where the expression is longer than MAX_LENGTH or none."""
    if len(source) > MAX_LENGTH:
        raise Unsupported(f"the expression is longer than {MAX_LENGTH} characters")
    found, at = [], 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise Unsupported(f"unexpected {source[at]!r} at character {at + 1}")
        at = match.end()
        kind, value = match.lastgroup, match[0]
        if kind == "raw":
            value = value[1:] if value[0] in "rR" else value
            found.append(Token("text", value[3:-3] if value.startswith('"""') else value[1:-1]))
        elif kind == "text":
            found.append(Token("text", _ESCAPE.sub(_meaning, value[3:-3] if value.startswith('"""') else value[1:-1])))
        elif kind and kind != "space":
            found.append(Token(kind, value))
    return [*found, Token("end", "the end")]


def _meaning(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code or match[4]:
        number = int(code, 16) if code else int(match[4], 8)
        return chr(number) if number <= 0x10FFFF else "\ufffd"
    return _CONTROL.get(match[5], match[5])
