"""XML elements whose names make their text a secret, where it stands in a CDATA section.

What is in braces is ciphertext of Maven and Jenkins, or a template.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.detect import names
from auditor.detect.structures.candidate import Candidate, Source

_CDATA = Pattern(
    r"<(?P<name>[A-Za-z_][\w.:-]{1,80})(?:\s[^<>]{0,500})?>\s{0,100}<!\[CDATA\["
    r"(?!\s{0,100}\{)(?P<value>(?:[^\]<]|\](?!\]>)|<(?!!\[CDATA)){1,4000}+)\]\]>\s{0,100}</(?P=name)>"
)


def find(source: Source) -> Iterator[Candidate]:
    """The values; a template and a program, which CDATA holds more often, are none."""
    for match in _CDATA.finditer(source.text):
        name = match["name"].rpartition(":")[2]
        if names.read(name) is None:
            continue
        start, end = match.span("value")
        while start < end and source.text[start].isspace():
            start += 1
        while start < end and source.text[end - 1].isspace():
            end -= 1
        if start < end and "\n" not in source.text[start:end]:
            yield Candidate("xml-secret", "Secret in an XML element", start, end, name, "named")
