"""The second opinion: dockerfile-parse must read the rewritten file as we do, where it read the original as we did."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.lang.dockerfile.nodes import Document

    Structure = list[tuple[str, int, int, str]]

_GOES_ON = Pattern(r"`(?=[ \t]*\r?(?:\n|\Z))")


def disagreement(before: Document, after: Document) -> str:
    """Why the rewritten file is not trusted, or "" where both readers agree (or did not agree on the original)."""
    original, result = _spelled(before), _spelled(after)
    theirs = _theirs(original)
    if theirs is None or theirs != _ours(before, original):
        return ""
    if _theirs(result) == _ours(after, result):
        return ""
    return "a second reader (dockerfile-parse) reads the result differently"


def _spelled(document: Document) -> str:
    """The text, character for character, with backslashes at the ends of lines that go on: that reader knows no other
    escape character."""
    return document.text if document.escape == "\\" else _GOES_ON.sub("\\\\", document.text)


def _ours(document: Document, text: str) -> Structure:
    return [
        (node.keyword, node.line, node.end_line, _squeezed(_logical(text, node.span.start, node.span.end)))
        for node in document.instructions
    ]


def _logical(text: str, start: int, end: int) -> str:
    """An instruction without its keyword and without the comments inside it, lines joined."""
    lines = text[start:end].split("\n")
    kept = [line for number, line in enumerate(lines) if number == 0 or not line.lstrip().startswith("#")]
    whole = " ".join(kept).replace("\\", "")
    return whole.partition(" ")[2]


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _theirs(text: str) -> Structure | None:
    from io import BytesIO

    from dockerfile_parse import DockerfileParser  # start-up: only files that were rewritten

    try:
        parser = DockerfileParser(fileobj=BytesIO(text.encode("utf-8", "surrogateescape")))
        structure = parser.structure
    except Exception:  # whatever it stumbles over, it does not agree with us then
        return None
    return [
        (
            str(item["instruction"]).upper(),
            item["startline"] + 1,
            item["endline"] + 1,
            _squeezed(_unbroken(item["value"])),
        )
        for item in structure
        if item["instruction"] != "COMMENT"
    ]


def _unbroken(value: str) -> str:
    return value.replace("\\\n", " ").replace("\\", "")
