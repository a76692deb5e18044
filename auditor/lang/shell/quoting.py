"""Removes shell quoting and says where each character that is left stood: text in, (text, offsets) out.

`offsets` are indexes into the text as written, one for each character; None where nothing was removed.
"""

from __future__ import annotations

_DOUBLE = frozenset('"\\$`')
_ANSI = {"n": "\n", "t": "\t", "'": "'", '"': '"', "\\": "\\", "r": "\r", "a": "\a", "e": "\x1b", "0": "\0"}

Unquoted = tuple[str, "list[int] | None"]


def bare(text: str) -> Unquoted:
    """Unquoted text: a backslash quotes the next character; backslash and newline are nothing at all."""
    return _without(text, None)


def double(text: str) -> Unquoted:
    """Double-quoted text and heredoc bodies: a backslash quotes only `" \\ $ ` and newline."""
    return _without(text, _DOUBLE)


def ansi(text: str) -> Unquoted:
    """The inside of `$'...'`: the escapes that matter for values."""
    if "\\" not in text:
        return text, None
    out: list[str] = []
    offsets: list[int] = []
    index = 0
    while index < len(text):
        following = text[index + 1 : index + 2]
        escaped = text[index] == "\\" and following in _ANSI
        out.append(_ANSI[following] if escaped else text[index])
        offsets.append(index)
        index += 2 if escaped else 1
    return "".join(out), offsets


def _without(text: str, quotable: frozenset[str] | None) -> Unquoted:
    """The text without the backslashes that quote something (None: anything), and without continued line ends."""
    if "\\" not in text:
        return text, None
    out: list[str] = []
    offsets: list[int] = []
    index = 0
    while index < len(text):
        following = text[index + 1 : index + 2]
        if text[index] == "\\" and following == "\n":
            index += 2
            continue
        if text[index] == "\\" and following and (quotable is None or following in quotable):
            index += 1
        out.append(text[index])
        offsets.append(index)
        index += 1
    return "".join(out), offsets
