"""Lays out the prose of rule files for a terminal: paragraphs are wrapped, code (indented by four spaces) is kept."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.report.terminal import escape, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE_INDENT = "    "


def parts(text: str) -> Iterator[tuple[bool, list[str]]]:
    """Paragraphs and blocks of code in order, as (is code, lines).

    Code is indented by four spaces, which are taken off, or follows a line that ends with a colon directly.
    """
    part: list[str] = []
    code = False
    for line in text.strip("\n").split("\n"):
        is_code = line.startswith(CODE_INDENT) or (bool(part) and (code or part[-1].endswith(":")))
        if part and (not line.strip() or is_code != code):
            yield code, _dedented(part) if code else part
            part = []
        if line.strip():
            code = is_code
            part.append(line)
    if part:
        yield code, _dedented(part) if code else part


def paragraphs(text: str, width: int) -> list[str]:
    """The whole text in lines of at most `width` columns, code lines excepted; a blank line between the parts."""
    lines: list[str] = []
    for is_code, part in parts(text):
        if lines:
            lines.append("")
        lines += indented("\n".join(part)) if is_code else wrap(" ".join(part), width, "", "")
    return lines


def advice(remedy: str, width: int, *, whole: bool) -> list[str]:
    """A remedy's first sentence and its first block of code; all of it where `whole`."""
    lines: list[str] = []
    for is_code, part in parts(remedy):
        if is_code:
            lines += [escape(line).rstrip() for line in part]
            if not whole:
                break
        elif whole:
            lines += wrap(" ".join(part), width, "", "")
        elif not lines:
            lines += wrap(first_sentence(" ".join(part)), width, "", "")
    return lines


def indented(code: str) -> list[str]:
    """Lines of code as they are, indented."""
    return [f"{CODE_INDENT}{escape(line)}".rstrip() for line in code.strip("\n").split("\n")]


def _dedented(lines: list[str]) -> list[str]:
    if not lines[0].startswith(CODE_INDENT):
        return lines
    return [line.removeprefix(CODE_INDENT) for line in lines]


def first_sentence(text: str) -> str:
    """Up to the first full stop that a capital letter follows; the whole text where there is none."""
    at = text.find(". ")
    while at >= 0:
        if text[at + 2 : at + 3].isupper():
            return text[: at + 1]
        at = text.find(". ", at + 1)
    return text
