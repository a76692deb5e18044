"""Files that must not be edited by hand, nor by us: templates, and what a program makes."""

from __future__ import annotations

from auditor.core.pattern import Pattern

#: Placeholders of template languages; `{{` inside a RUN (docker --format, helm) stands in quotes or behind a backslash,
#: and values of ENV may be formats of Go.
_TEMPLATE = Pattern(
    r"(?m)^[ \t]*(?:\{%|\{\{|<%|%%\w+%%)|^[ \t]*[A-Z]+[ \t]+(?:\{\{|%%\w+%%|<%|@\w+@)"
    r"|^[ \t]*(?:FROM|ARG|COPY|ADD|WORKDIR|USER|EXPOSE)[ \t][^\n]*?(?:\{\{|<%)"
    r"|^[ \t]*(?:FROM|ARG|ENV|COPY|ADD|WORKDIR|USER|EXPOSE)[ \t][^\n]*?(?:%%\w+%%|@[A-Z][A-Z0-9_]*@)"
)
#: What comments say of a file that a program makes, in lower case; of a line or of a key they say the same otherwise.
_GENERATED = (
    Pattern(r".*\bthis\b.{0,40}\bfile (?:is|was|has been)\b.*\bgenerated\b"),
    Pattern(
        r"(?:(?:note|warning|attention|important)\W+)?(?:this is (?:an? )?)?"
        r"(?:(?:this |the )?(?:docker)?(?:code|files?|content) )?"
        r"(?:(?:is|was|are) )?(?:automatically |auto[- ]?)?generated"
        r"(?: (?:by|from|via|with|using|on|at|\w*file)\b|\W*$)"
    ),
    Pattern(
        r"(?:please )?(?:do not|don't|never) (?:edit|modify|change)"
        r"(?:[.!,;:-]| (?:this|it|manually|by hand|directly)\b)"
    ),
    Pattern(r".*\b(?:do not|don't) edit\W*$"),
)
_COMMENT = Pattern(r"[ \t]*#[\W_]*(?P<text>[^\n]{0,300})")
_HEAD_LINES = 12
_MOST_LINES = 20_000


def generated(text: str) -> str:
    """Why a file must not be edited by hand, nor by us: it is a template, or made by a program; "" for a plain file."""
    if text.count("\n") > _MOST_LINES:
        return f"it has more than {_MOST_LINES} lines: no person wrote it, and checking each change would take too long"
    if _TEMPLATE.search(text):
        return "the file is a template: what it becomes cannot be checked here"
    for line in text.split("\n", _HEAD_LINES)[:_HEAD_LINES]:
        comment = _COMMENT.match(line)
        if comment is not None and any(pattern.match(comment["text"].lower()) for pattern in _GENERATED):
            return "the file says that it is generated: change what it is made from"
    return ""
