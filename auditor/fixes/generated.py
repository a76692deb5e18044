"""Files that a program makes: they must not be edited by hand, nor by us."""

from __future__ import annotations

from auditor.core.pattern import Pattern

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


def says_generated(text: str) -> bool:
    """Whether a file says in its first lines that a program made it."""
    for line in text.split("\n", _HEAD_LINES)[:_HEAD_LINES]:
        comment = _COMMENT.match(line)
        if comment is not None and any(pattern.match(comment["text"].lower()) for pattern in _GENERATED):
            return True
    return False
