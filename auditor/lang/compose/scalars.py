"""The text that a scalar stands for, each character with its place in the file."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.span import Span
from auditor.lang.compose.nodes import Scalar
from auditor.lang.derived import Builder, Derived

_ANCHOR = Pattern(r"&[^\s\[\]{},]+[ \t]+(?![&!])")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "n": "\n", "t": "\t"}


def derived(text: str, node: Scalar, *, anchored: bool = False) -> Derived | None:
    """The scalar's value with places; None where they are not certain (rare escapes, folded quotes, properties).

    With `anchored`, that of one with an anchor, too: what is changed there changes for every alias.
    """
    if node.marked:
        anchor = _ANCHOR.match(text, node.span.start) if anchored else None
        if anchor is None:
            return None
        node = Scalar(Span(anchor.end(), node.span.end), node.value, node.style, "", False)
    made = (_block if node.style in ("|", ">") else _flow)(text, node)
    if made is None or made.text.rstrip("\n") != node.value.rstrip("\n"):
        return None
    return made


def _flow(text: str, node: Scalar) -> Derived | None:
    """Plain and quoted ones on one line."""
    start, end = node.span
    if "\n" in text[start:end]:
        return None
    if node.style:
        start, end = start + 1, end - 1
    made = Builder()
    while start < end:
        char = text[start]
        if char == "\\" and node.style == '"':
            start += 1
            if text[start] not in _ESCAPES:
                return None
            char = _ESCAPES[text[start]]
        elif char == "'" and node.style == "'":
            start += 1
        made.add(char, start)
        start += 1
    return made.done(end)


def _block(text: str, node: Scalar) -> Derived | None:
    """Literal and folded ones: lines without their indentation."""
    head = text.find("\n", node.span.start)
    if head < 0:
        return None
    lines: list[tuple[int, int]] = []
    at = head + 1
    while at < node.span.end:
        newline = text.find("\n", at, node.span.end)
        stop = node.span.end if newline < 0 else newline
        lines.append((at, stop))
        at = stop + 1
    if any(digit.isdigit() for digit in text[node.span.start : head].partition("#")[0]):
        return None
    depth = min((_depth(text, *line) for line in lines[:1] or () if text[slice(*line)].strip()), default=0)
    if not depth:
        return None
    return _joined(text, lines, depth, folded=node.style == ">")


def _depth(text: str, start: int, end: int) -> int:
    line = text[start:end]
    return len(line) - len(line.lstrip(" "))


def _joined(text: str, lines: list[tuple[int, int]], depth: int, *, folded: bool) -> Derived:
    made = Builder()
    for number, (start, stop) in enumerate(lines):
        end = stop - 1 if stop > start and text[stop - 1] == "\r" else stop
        made.run(text, min(start + depth, end), end)
        if stop >= len(text) or text[stop] != "\n":
            continue
        following = lines[number + 1] if number + 1 < len(lines) else None
        joins = folded and following is not None and _is_flush(text, start, end, depth)
        joins = joins and following is not None and _is_flush(text, *following, depth)
        made.add(" " if joins else "\n", stop)
    return made.done(lines[-1][1] if lines else 0)


def _is_flush(text: str, start: int, end: int, depth: int) -> bool:
    """Whether folding joins this line with its neighbour: it is not empty and not further in."""
    return bool(text[start:end].strip()) and _depth(text, start, end) == depth


def own(node: Scalar, text: str) -> str:
    """Text to be put into a scalar, in its notation."""
    if node.style == '"':
        return text.replace("\\", "\\\\").replace('"', '\\"')
    return text.replace("'", "''") if node.style == "'" else text
