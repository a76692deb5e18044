"""Comments in files of any kind that silence what is found on their line or on the next one."""

from __future__ import annotations

from auditor.core.finding import Suppression
from auditor.core.pattern import Pattern
from auditor.run.directives import MARKERS

_NEXT_LINE = MARKERS[0]
_SAME_LINE = MARKERS[1:]
#: How comments begin: shell, C, SQL, assembler, TeX, XML, Haskell, Pascal, Basic, batch files.
_OPENER = r"(?:#|//|--|;|%|/\*|\*|<!--|\{-|\(\*|'|::|\b[Rr][Ee][Mm]\b)"
_OURS = Pattern(rf"{_OPENER}[ \t]*audit:[ \t]*ignore(?![\w-])[ \t]*\[([^\]]{{0,500}})\][ \t]*(.*)")
_COMMENT = Pattern(rf"\s*{_OPENER}")
_CLOSERS = ("*/", "-->", "-}", "*)")


def suppression(rule: str, beside: tuple[str, str], above: str, *, require_reason: bool = False) -> Suppression | None:
    """Who silences a finding of `rule`, if anybody does.

    `beside` is the text of the finding's line before and after the value, `above` the line above. Our own comments
    count on both, those of other tools where these look for them.
    """
    for text in (*beside, above if _COMMENT.match(above) else ""):
        reason = _ours(rule, text)
        if reason is not None and (reason or not require_reason):
            return Suppression("inline", reason)
    word = next((word for text in beside if (word := _marker(text, _SAME_LINE))), "") or _marker(above, (_NEXT_LINE,))
    return Suppression("inline", word) if word else None


def _ours(rule: str, text: str) -> str | None:
    """The reason in a comment of ours that names the rule; None without one."""
    if "audit:" not in text:
        return None
    for match in _OURS.finditer(text):
        if rule in [name.strip() for name in match[1].split(",")]:
            reason = match[2]
            for closer in _CLOSERS:
                reason = reason.partition(closer)[0]
            return " ".join(reason.split())
    return None


def _marker(text: str, words: tuple[str, ...]) -> str:
    """The first of these words that stands in the text by itself."""
    lowered = text.lower()
    for word in words:
        at = lowered.find(word)
        end = at + len(word)
        if at >= 0 and not lowered[max(at - 1, 0) : at].isalnum() and not lowered[end : end + 1].isalnum():
            return word
    return ""
