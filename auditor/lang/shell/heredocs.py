"""Takes the heredocs out of a script before it is parsed, so that the grammar need not cope with them.

`cmd <<EOF` becomes `cmd < EOF` and the body blank, character for character, so that every offset stays where it was.
tree-sitter-bash reads several heredocs, or anything but a simple command behind one, wrongly.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple

_OPERATOR = Pattern(r"<<-?[ \t]*(?:'(?P<single>[^'\n]+)'|\"(?P<double>[^\"\n]+)\"|(?P<bare>\\?[A-Za-z_][\w.-]*))")
_STOPS = Pattern(r"[\\'\"#<\n]|\$\(\(|\(\(")


class Heredoc(NamedTuple):
    """One heredoc: where its delimiter word begins, and its body (half-open, terminator left out).

    `expands` is False where the delimiter is quoted: the body is taken as it is.
    """

    word: int
    start: int
    end: int
    expands: bool


class _Open(NamedTuple):
    word: int
    name: str
    expands: bool
    chomps: bool


def extract(text: str) -> tuple[str, dict[int, Heredoc]]:
    """The script without heredocs, of the same length, and the heredocs by the offset of their delimiter words."""
    if "<<" not in text:
        return text, {}
    found: dict[int, Heredoc] = {}
    parts: list[str] = []
    copied = at = 0
    waiting: list[_Open] = []
    while (stop := _STOPS.search(text, at)) is not None:
        at = stop.start()
        char = text[at]
        if char == "\n" and waiting:
            parts.append(text[copied : at + 1])
            copied = at = _bodies(text, at + 1, waiting, found, parts)
            waiting = []
        elif char == "<" and (match := _operator(text, at)) is not None:
            opened, behind = match
            word = opened.word
            parts.append(text[copied:at] + "<" + " " * (word - at - 1))
            copied = word
            waiting.append(opened)
            at = behind
        else:
            at = _skip(text, at, stop[0])
    parts.append(text[copied:])
    return "".join(parts), found


def _operator(text: str, at: int) -> tuple[_Open, int] | None:
    """The heredoc operator at an offset: what it opens, and where its word ends."""
    if text.startswith("<<<", at) or text.startswith("<<", at - 1):
        return None
    match = _OPERATOR.match(text, at)
    if match is None:
        return None
    quoted = match["single"] or match["double"]
    name = quoted or match["bare"].removeprefix("\\")
    group = match.lastgroup or "bare"
    word = match.start(group) - (1 if quoted else 0)
    plain = quoted is None and not match["bare"].startswith("\\")
    return _Open(word, name, plain, text.startswith("<<-", at)), match.end()


def _bodies(text: str, at: int, waiting: list[_Open], found: dict[int, Heredoc], parts: list[str]) -> int:
    """Read the bodies of a line's heredocs; returns the offset behind the last terminator line."""
    for opened in waiting:
        start = at
        while at < len(text):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            line = text[at:end]
            if (line.lstrip("\t") if opened.chomps else line).rstrip("\r") == opened.name:
                break
            at = min(end + 1, len(text))
        found[opened.word] = Heredoc(opened.word, start, at, opened.expands)
        end = text.find("\n", at)
        end = len(text) if end < 0 else end + 1
        parts.append(
            " " * (end - start - 1) + "\n" if text[end - 1 : end] == "\n" and end > start else " " * (end - start)
        )
        at = end
    return at


def _skip(text: str, at: int, stop: str) -> int:
    """Past a quoted stretch, a comment, an arithmetic expression, or the one character that stopped the search."""
    if stop == "\\":
        return at + 2
    if stop == "'":
        end = text.find("'", at + 1)
        return len(text) if end < 0 else end + 1
    if stop == '"':
        return _after_double(text, at + 1)
    if stop == "#" and (at == 0 or text[at - 1] in " \t\n;&|("):
        end = text.find("\n", at)
        return len(text) if end < 0 else end
    if stop in ("$((", "(("):
        end = text.find("))", at)
        return at + len(stop) if end < 0 else end + 2
    if text.startswith("<<<", at):
        return at + 3
    return at + 1


def _after_double(text: str, at: int) -> int:
    """Offset behind the closing double quote. A substitution inside may hold a heredoc, so `$(` ends the skipping."""
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 2
        elif char == '"':
            return at + 1
        elif text.startswith("$(", at):
            return at + 2
        else:
            at += 1
    return len(text)
