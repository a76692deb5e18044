"""Comments in files of any kind that silence what is found on their line or on the next one."""

from __future__ import annotations

from auditor.core.finding import Suppression
from auditor.core.pattern import Pattern
from auditor.run.directives import CLOSERS, MARKERS, gives_reason

_NEXT_LINE = MARKERS[0]
_SAME_LINE = MARKERS[1:]
#: How comments begin: shell, C, SQL, assembler, TeX, XML, Haskell, Pascal, Basic, batch files.
_OPENER = r"(?:#|//|--|;|%|/\*|\*|<!--|\{-|\(\*|'|::|\b[Rr][Ee][Mm]\b)"
_OURS = Pattern(rf"{_OPENER}[ \t]*audit:[ \t]*ignore(?![\w-])[ \t]*\[([^\]]{{0,500}})\][ \t]*(.*)")
_COMMENT = Pattern(rf"\s*{_OPENER}")
_BARE = Pattern(rf"{_OPENER}[ \t]*audit:[ \t]*ignore(?![\w-])(?![ \t]*\[)")


def suppression(rule: str, beside: tuple[str, str], above: str, *, require_reason: bool = False) -> Suppression | None:
    """Who silences a finding of `rule`, if anybody does.

    `beside` is the text of the finding's line before and after the value, `above` the line above. Our own comments
    count on both, those of other tools where these look for them.
    """
    for text in (*beside, above if _COMMENT.match(above) else ""):
        reason = _ours(rule, text)
        if reason is not None and (reason or not require_reason):
            return Suppression("inline", reason)
    for text, words in ((beside[0], _SAME_LINE), (beside[1], _SAME_LINE), (above, (_NEXT_LINE,))):
        word = _marker(text, words)
        if word and (gives_reason(text, word) or not require_reason):
            return Suppression("inline", word)
    return None


def no_effect(rule: str, beside: tuple[str, str], above: str, *, require_reason: bool = False) -> str:
    """Why a comment at a finding that nothing silences has no effect, though it seems to be meant to; or ""."""
    for text in (*beside, above if _COMMENT.match(above) else ""):
        if "audit:" in text and _BARE.search(text):
            return f"The comment has no effect, it names no rule: write audit: ignore[{rule}] and the reason."
        if require_reason and (_ours(rule, text) is not None or _marker(text, MARKERS)):
            return "The comment has no effect: a reason is required after it."
    return ""


def _ours(rule: str, text: str) -> str | None:
    """The reason in a comment of ours that names the rule; None without one."""
    if "audit:" not in text:
        return None
    for match in _OURS.finditer(text):
        if rule in [name.strip() for name in match[1].split(",")]:
            reason = match[2]
            for closer in CLOSERS:
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
