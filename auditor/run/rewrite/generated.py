"""Files that must not be edited by hand, nor by us: templates, and what a program makes."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.fixes.generated import says_generated

#: Placeholders of template languages; `{{` inside a RUN (docker --format, helm) stands in quotes or behind a backslash,
#: and values of ENV may be formats of Go.
_TEMPLATE = Pattern(
    r"(?m)^[ \t]*(?:\{%|\{\{|<%|%%\w+%%)|^[ \t]*[A-Z]+[ \t]+(?:\{\{|%%\w+%%|<%|@\w+@)"
    r"|^[ \t]*(?:FROM|ARG|COPY|ADD|WORKDIR|USER|EXPOSE)[ \t][^\n]*?(?:\{\{|<%)"
    r"|^[ \t]*(?:FROM|ARG|ENV|COPY|ADD|WORKDIR|USER|EXPOSE)[ \t][^\n]*?(?:%%\w+%%|@[A-Z][A-Z0-9_]*@)"
)
_MOST_LINES = 20_000


def generated(text: str) -> str:
    """Why a file must not be edited by hand, nor by us: it is a template, or made by a program; "" for a plain file."""
    if text.count("\n") > _MOST_LINES:
        return f"it has more than {_MOST_LINES} lines: no person wrote it, and checking each change would take too long"
    if _TEMPLATE.search(text):
        return "the file is a template: what it becomes cannot be checked here"
    return "the file says that it is generated: change what it is made from" if says_generated(text) else ""
