"""Fields of credential files: a name, a separator and a value on one line, or an XML element.

Regular expressions rather than parsers, so that half a file and a damaged one are read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.detect import values
from auditor.detect.structures import escapes
from auditor.detect.structures.candidate import Candidate, Source

#: Characters of the longest value of a field.
LONGEST = 8192
#: Characters before a value in which the beginning of its XML comment is looked for.
_COMMENT = 2000
_BLANK = " \t\r"


class Field(NamedTuple):
    """One kind of field of a credential file.

    It is searched in files whose kind or name is in `files`, and in any text that contains one of `some` and all of
    `every`. `pattern` has the group `exact` (or `cdata`), or `value` for one that may be quoted, and `name` unless it
    is given. `notation` is how values are written (see `escapes`), by default that of JSON in double quotes.
    """

    kind: str
    title: str
    mode: str
    pattern: Pattern
    files: tuple[str, ...] = ()
    some: tuple[str, ...] = ()
    every: tuple[str, ...] = ()
    name: str = ""
    verifier: str = ""
    notation: str = ""


def line(keys: str, *, separator: str = "[=:]", before: str = "") -> Pattern:
    """Pattern of `key = value` lines: INI, properties, TOML, YAML, pretty-printed JSON. `keys` is an alternation."""
    return Pattern(
        rf"(?m)^[ \t]{{0,100}}(?:- )?{before}[\"']?(?P<name>{keys})[\"']?[ \t]{{0,20}}{separator}[ \t]{{0,20}}"
        rf"(?P<value>[^\r\n]{{1,{LONGEST}}})"
    )


def element(keys: str) -> Pattern:
    """Pattern of XML elements with text that is not in braces, which is how Maven and Jenkins mark ciphertext."""
    return Pattern(
        rf"<(?P<name>{keys})>\s{{0,100}}+(?:<!\[CDATA\[\s{{0,100}}+(?P<cdata>(?!\{{)(?:[^\]<]|\](?!\]>)|<(?!!\[)){{1,{LONGEST}}}+)"
        r"\]\]>"
        rf"|(?P<exact>(?!\{{)[^<>\s](?:[^<>]{{0,{LONGEST}}}[^<>\s])?))\s{{0,100}}</"
    )


def string(most: int = LONGEST) -> str:
    """Source of the group `exact`: what is in single or double quotes, escapes included."""
    return rf"(?P<quote>[\"'])(?P<exact>(?:(?!(?P=quote))[^\\\r\n]|\\[^\r\n]){{1,{most}}}+)(?P=quote)"


def member(keys: str) -> Pattern:
    """Pattern of members of a JSON object whose value is a string, wherever the line breaks are."""
    return Pattern(
        rf"\"(?P<name>{keys})\"\s{{0,50}}+:\s{{0,50}}+\"(?P<exact>(?:[^\"\\\r\n]|\\[^\r\n]){{1,{LONGEST}}}+)\""
    )


def trim(text: str, start: int, end: int, *, comments: bool = True) -> tuple[int, int]:
    """The range of a value without quotes, the comma behind it, blanks around it and a trailing ` # comment`."""
    while start < end and text[start] in " \t":
        start += 1
    quote = text[start : start + 1]
    if quote and quote in "\"'":
        close = _closing(text, start + 1, end, quote)
        if close >= 0:
            return start + 1, _joined(text, start + 1, close, end)
        start += 1
    elif comments:
        mark = text.find(" #", start, end)
        end = mark if mark >= 0 else end
    while start < end and text[end - 1] in _BLANK:
        end -= 1
    return start, end


def _joined(text: str, start: int, close: int, end: int) -> int:
    """Where a value ends that a shell puts together from strings without a blank between them."""
    while start < close and close + 2 < end and text[close + 1] in "\"'":
        following = _closing(text, close + 2, end, text[close + 1])
        if following < 0:
            break
        close = following
    return close


def _closing(text: str, start: int, end: int, quote: str) -> int:
    """Index of the quote that ends a string, -1 if the line ends before it.

    Some notations write a quote in the value with a backslash, some twice; where that leaves no end, this one does not.
    """
    first = at = text.find(quote, start, end)
    while at > start:
        doubled = quote == "'" and text.startswith("''", at) and at + 1 < end
        if not doubled and not _escaped(text, start, at):
            return at
        at = text.find(quote, at + 1 + doubled, end)
    return first if at < 0 and quote == "'" else at


def _escaped(text: str, start: int, at: int) -> bool:
    """Whether an odd number of backslashes stands before; more than a handful is no string anybody wrote."""
    count = 0
    while count < 10 and at - count > start and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def search(field: Field, source: Source) -> Iterator[Candidate]:
    """The candidates of one field in the text."""
    for match in field.pattern.finditer(source.text):
        start, end = _place(source.text, match)
        if start < end and not _is_commented_sample(source.text, start, end):
            name = field.name or match["name"]
            notation = field.notation or (escapes.JSON if source.text[start - 1 : start] == '"' else "")
            said = escapes.plain(source.text[start:end], notation)
            yield Candidate(
                field.kind, field.title, start, end, name, field.mode, field.verifier, "", (), said
            )  # fmt: skip


def _place(text: str, match: re.Match[str]) -> tuple[int, int]:
    groups = match.re.groupindex
    if "cdata" in groups and match["cdata"] is not None:
        return trim(text, *match.span("cdata"), comments=False)
    return match.span("exact") if "exact" in groups else trim(text, *match.span("value"))


def _is_commented_sample(text: str, start: int, end: int) -> bool:
    """Whether a value inside of an XML comment is one that the authors of the file's template made up."""
    before = text[max(0, start - _COMMENT) : start]
    if before.rfind("<!--") <= before.rfind("-->"):
        return False
    return values.classify(text[start:end], "password").kind != "opaque"


def applies(field: Field, source: Source) -> bool:
    """Whether the file's name or the text's content calls for the field."""
    if source.base in field.files or (source.kind and source.kind in field.files):
        return True
    if not field.some or not any(literal in source.text for literal in field.some):
        return False
    return all(literal in source.text for literal in field.every)
